"""scikit-learn estimators from a .joblib, .pkl or .skops file.

Nothing of scikit-learn is imported but what the file itself names: that is most of the cold start.
"""

import sys

from ..deferral import defer, stand_in_during
from ..parameters import NONE
from .answers import SCHEMAS, label_text
from .sklearn_answers import ANSWERS, is_sklearns, kind_of, plain
from .sklearn_inputs import reader_of

imports_during_load_s = 0.0

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
        self.kind = kind_of(estimator)
        steps = getattr(estimator, "steps", None)
        # Transforming once serves both predict and predict_proba.
        self.before = estimator[:-1] if _is_plain_pipeline(estimator, steps) else None
        self.last = steps[-1][1] if self.before is not None else estimator
        self.answer = ANSWERS[self.kind]
        if self.kind == "classification":
            self.classes = [plain(value) for value in self.last.classes_]


def imports(path):
    # What scikit-learn imports for training, plots and frames; a prediction that does use it loads it then.
    for name, taken in UNUSED_IN_PREDICTION.items():
        defer(name, taken)
    stand_in_during("sklearn.utils.fixes", "pandas")
    if _is_skops(path):
        import skops.io  # noqa: F401
    else:
        import joblib  # noqa: F401


def load(path):
    """The estimator in the file at `path`, of any compression that joblib knows.

    A pickle without joblib's array blocks goes through the C unpickler, several times as fast as joblib's own.
    """
    estimator = _timing_imports(_load_skops if _is_skops(path) else _unpickle, path)
    _refuse_unfitted(estimator)
    model = _Model(estimator)
    _trust_parameters()
    return model


def _refuse_unfitted(estimator):
    """Raises scikit-learn's NotFittedError where its own estimator was saved before it was fitted.

    Transformers are left out: some of them need no fitting, which older versions do not tell.
    """
    last = estimator.steps[-1][1] if getattr(estimator, "steps", None) else estimator
    validation = sys.modules.get("sklearn.utils.validation")
    if validation is not None and is_sklearns(last) and hasattr(type(last), "fit") and hasattr(type(last), "predict"):
        validation.check_is_fitted(last)


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


def parameters(model):
    return NONE


def predict(model, inputs, parameters):
    data = model.reader.read(inputs)
    if model.before is not None:
        data = model.before.transform(data)
    return model.answer(model, data)


def card(model):
    found = {
        "task": "text-classification" if model.kind == "classification" and model.reader.is_text else model.kind,
        "input": model.reader.schema(),
        "output": SCHEMAS[model.kind],
    }
    sklearn = sys.modules.get("sklearn")
    if sklearn is not None:
        found["frameworkVersion"] = sklearn.__version__
    if model.kind == "classification":
        found["labels"] = [label_text(label) for label in model.classes]
    return found


def _is_skops(path):
    return path.lower().endswith(".skops")


def _load_skops(path):
    """Whoever started this worker has let the user agree to what the file names beyond skops's own list."""
    import skops.io

    return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))


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


def _is_plain_pipeline(estimator, steps):
    return bool(steps) and len(steps) > 1 and is_sklearns(estimator) and not isinstance(steps[-1][1], (str, type(None)))
