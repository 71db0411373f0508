"""scikit-learn estimators from a .joblib or .pkl file.

Nothing of scikit-learn is imported but what the file itself names: that is most of the cold start.
"""

import sys

from ..deferral import defer, stand_in_during
from . import only_parameters
from .sklearn_inputs import reader_of

imports_during_load_s = 0.0

ARGMAX_CLASSIFIERS = {
    "LogisticRegression",
    "GaussianNB",
    "MultinomialNB",
    "BernoulliNB",
    "ComplementNB",
    "CategoricalNB",
    "DecisionTreeClassifier",
    "ExtraTreeClassifier",
    "RandomForestClassifier",
    "ExtraTreesClassifier",
}
"""scikit-learn's own classes whose `predict` is the class of the highest probability, ties apart: one call is enough."""

UNUSED_IN_PREDICTION = {
    "scipy.stats": ("gmean", "rankdata", "spearmanr"),
    "scipy.optimize": ("linear_sum_assignment", "linprog", "minimize", "minimize_scalar"),
    "scipy.optimize._linesearch": ("line_search_wolfe1", "line_search_wolfe2", "scalar_search_wolfe1"),
    "scipy.interpolate": ("BSpline",),
    "scipy.integrate": ("trapezoid",),
    "numpy.f2py": (),
}
"""Modules that scikit-learn imports and that predictions of most estimators never use, with what it takes from them by
name. Where one is used after all it loads then."""

COMPRESSED = (b"x", b"\x1f\x8b", b"BZ", b"\x5d\x00", b"\xfd7zXZ", b"\x04\x22M\x18", b"ZF")
"""First bytes by which joblib tells what a file is compressed with. None of them starts a pickle."""


class _Model:
    def __init__(self, estimator):
        self.estimator = estimator
        self.reader = reader_of(estimator)
        self.kind = _kind(estimator)
        steps = getattr(estimator, "steps", None)
        # Transforming once serves both predict and predict_proba.
        self.before = estimator[:-1] if _is_plain_pipeline(estimator, steps) else None
        self.last = steps[-1][1] if self.before is not None else estimator
        self.answer = _ANSWERS[self.kind]
        if self.kind == "classification":
            self.classes = [_plain(value) for value in self.last.classes_]
            self.names = [_label_text(label) for label in self.classes]


def imports(path):
    # What scikit-learn imports for training, plots and frames; a prediction that does use it loads it then.
    for name, taken in UNUSED_IN_PREDICTION.items():
        defer(name, taken)
    stand_in_during("sklearn.utils.fixes", "pandas")
    import joblib  # noqa: F401


def load(path):
    """The estimator in the file at `path`, of any compression that joblib knows.

    A pickle without joblib's array blocks goes through the C unpickler, several times as fast as joblib's own.
    """
    model = _Model(_timing_imports(_unpickle, path))
    _trust_parameters()
    return model


def _trust_parameters():
    """A fitted estimator's parameters were checked when it was fitted; scikit-learn (1.3 on) checks them on each call."""
    configure = getattr(sys.modules.get("sklearn"), "set_config", None)
    if configure is not None:
        try:
            configure(skip_parameter_validation=True)
        except TypeError:  # an older scikit-learn
            pass


def check(model, value):
    model.reader.check(value)


def predict(model, inputs, parameters):
    only_parameters(parameters, ())
    data = model.reader.read(inputs)
    if model.before is not None:
        data = model.before.transform(data)
    return model.answer(model, data)


def card(model):
    found = {
        "task": "text-classification" if model.kind == "classification" and model.reader.is_text else model.kind,
        "input": model.reader.schema(),
        "output": _OUTPUTS[model.kind],
    }
    sklearn = sys.modules.get("sklearn")
    if sklearn is not None:
        found["frameworkVersion"] = sklearn.__version__
    if model.kind == "classification":
        found["labels"] = model.names
    return found


def _unpickle(path):
    with open(path, "rb") as file:
        if not file.peek(8).startswith(COMPRESSED) and not _has(file, b"ArrayWrapper"):
            import pickle

            return pickle.load(file)
    import joblib

    return joblib.load(path)


def _has(file, needle):
    """Whether a file holds some bytes; leaves it at its start."""
    tail = b""
    while True:
        block = file.read(1 << 20)
        if needle in tail + block:
            found = True
            break
        if not block:
            found = False
            break
        tail = block[-len(needle) :]
    file.seek(0)
    return found


def _timing_imports(load, path):
    """Calls `load(path)` and keeps the seconds that its outermost imports took."""
    import builtins
    from time import perf_counter

    global imports_during_load_s
    original = builtins.__import__
    depth = 0
    spent = 0.0

    def timed(*arguments, **named):
        nonlocal depth, spent
        if depth:
            return original(*arguments, **named)
        depth += 1
        began = perf_counter()
        try:
            return original(*arguments, **named)
        finally:
            spent += perf_counter() - began
            depth -= 1

    builtins.__import__ = timed
    try:
        return load(path)
    finally:
        builtins.__import__ = original
        imports_during_load_s = spent


def _kind(estimator):
    kind = _estimator_type(estimator)
    if kind == "classifier" and hasattr(estimator, "predict"):
        return "classification"
    if kind == "outlier_detector" and hasattr(estimator, "predict"):
        return "outlier-detection"
    if kind == "clusterer" and hasattr(estimator, "predict"):
        return "clustering"
    if hasattr(estimator, "predict"):
        return "classification" if hasattr(estimator, "classes_") else "regression"
    if hasattr(estimator, "transform"):
        return "transformation"
    raise TypeError(
        "%s can neither predict nor transform new inputs; deploy an estimator that can" % type(estimator).__name__
    )


def _estimator_type(estimator):
    base = sys.modules.get("sklearn.base")
    for kind in ("classifier", "regressor", "clusterer", "outlier_detector"):
        test = getattr(base, "is_" + kind, None)
        try:
            if test is not None and test(estimator):
                return kind
        except (AttributeError, TypeError):  # estimators of other packages that lack scikit-learn's tags
            break
    return getattr(estimator, "_estimator_type", None)


def _classify(model, data):
    last = model.last
    probabilities = last.predict_proba(data) if hasattr(last, "predict_proba") else None
    if isinstance(probabilities, list):  # several outputs: one array each
        return [{"labels": _plain(row)} for row in last.predict(data)]
    if probabilities is not None and _is_argmax(last) and not _has_tie(probabilities):
        best = probabilities.argmax(axis=1)
        labels = [model.classes[index] for index in best]
    else:
        labels = last.predict(data)
        if getattr(labels, "ndim", 1) == 2:
            return _multilabel(model, labels, probabilities)
        labels = [_plain(label) for label in labels]
    scores, kind = probabilities, "probability"
    if scores is None and hasattr(last, "decision_function"):
        scores, kind = _decision(last.decision_function(data)), "decision"
    if scores is None or scores.shape[1] != len(model.names):  # one-vs-one decisions are per pair of classes
        return [{"label": label} for label in labels]
    names = model.names
    return [
        {"label": label, "scores": [{"label": n, "score": s} for n, s in zip(names, row)], "scoreKind": kind}
        for label, row in zip(labels, scores.tolist())
    ]


def _decision(scores):
    if scores.ndim == 2:
        return scores
    import numpy  # already loaded: the scores are its array

    return numpy.column_stack((-scores, scores))  # two classes: the sign says which


def _multilabel(model, rows, probabilities):
    rows = rows.toarray() if hasattr(rows, "toarray") else rows
    names = model.names
    results = []
    for index, row in enumerate(rows):
        result = {"labels": [name for name, on in zip(names, row) if on]}
        if probabilities is not None:
            scores = probabilities[index].tolist()
            result["scores"] = [{"label": n, "score": s} for n, s in zip(names, scores)]
            result["scoreKind"] = "probability"
        results.append(result)
    return results


def _regress(model, data):
    values = model.last.predict(data)
    if getattr(values, "ndim", 1) == 2 and values.shape[1] > 1:
        return [{"values": {"y%d" % i: v for i, v in enumerate(row)}} for row in values.tolist()]
    return [{"value": _plain(value)} for value in values.ravel()]


def _cluster(model, data):
    return [{"cluster": _plain(cluster)} for cluster in model.last.predict(data)]


def _detect_outliers(model, data):
    outliers = [bool(sign < 0) for sign in model.last.predict(data)]
    if not hasattr(model.last, "decision_function"):
        return [{"outlier": outlier} for outlier in outliers]
    scores = model.last.decision_function(data).tolist()
    return [{"outlier": outlier, "score": score} for outlier, score in zip(outliers, scores)]


def _transform(model, data):
    vectors = model.last.transform(data)
    vectors = vectors.toarray() if hasattr(vectors, "toarray") else getattr(vectors, "values", vectors)
    return [{"vector": vector.tolist()} for vector in vectors]


def _is_plain_pipeline(estimator, steps):
    return bool(steps) and len(steps) > 1 and _is_sklearns(estimator) and not isinstance(steps[-1][1], (str, type(None)))


def _is_argmax(estimator):
    return type(estimator).__name__ in ARGMAX_CLASSIFIERS and _is_sklearns(estimator)


def _is_sklearns(estimator):
    return type(estimator).__module__.startswith("sklearn.")


def _has_tie(probabilities):
    if probabilities.shape[1] == 2:
        return bool((probabilities[:, 0] == probabilities[:, 1]).any())
    return bool(((probabilities == probabilities.max(axis=1, keepdims=True)).sum(axis=1) > 1).any())


def _plain(value):
    return value.tolist() if hasattr(value, "tolist") else value


def _label_text(label):
    if isinstance(label, bool):
        return "true" if label else "false"
    return str(label)


_ANSWERS = {
    "classification": _classify,
    "regression": _regress,
    "clustering": _cluster,
    "outlier-detection": _detect_outliers,
    "transformation": _transform,
}

_NUMBER = {"type": "number"}
_SCORES = {
    "type": "array",
    "items": {"type": "object", "properties": {"label": {"type": "string"}, "score": _NUMBER}},
}


def _object(required, **properties):
    return {"type": "object", "properties": properties, "required": required}


_OUTPUTS = {
    "classification": _object(
        [], label={}, labels={"type": "array"}, scores=_SCORES, scoreKind={"enum": ["probability", "decision"]}
    ),
    "regression": _object([], value=_NUMBER, values={"type": "object", "additionalProperties": _NUMBER}),
    "clustering": _object(["cluster"], cluster={"type": "integer"}),
    "outlier-detection": _object(["outlier"], outlier={"type": "boolean"}, score=_NUMBER),
    "transformation": _object(["vector"], vector={"type": "array", "items": _NUMBER}),
}
