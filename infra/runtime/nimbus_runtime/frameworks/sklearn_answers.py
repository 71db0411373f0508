"""What a fitted scikit-learn estimator answers, by the kind of estimator that it is."""

import sys

from .answers import classified, scored, several, values

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


def kind_of(estimator):
    """A key of ANSWERS. Raises TypeError for an estimator that cannot answer for new inputs."""
    kind = _estimator_type(estimator)
    if kind in ("classifier", "outlier_detector", "clusterer") and hasattr(estimator, "predict"):
        return {"classifier": "classification", "outlier_detector": "outlier-detection"}.get(kind, "clustering")
    if _is_mixture(estimator):
        return "clustering"
    if hasattr(estimator, "predict"):
        if type(estimator).__name__.endswith("Ranker"):  # XGBoost's and LightGBM's
            return "ranking"
        return "classification" if hasattr(estimator, "classes_") else "regression"
    if hasattr(estimator, "transform"):
        return "transformation"
    if hasattr(estimator, "score_samples"):
        return "density"
    raise TypeError(
        "%s can neither predict nor transform new inputs; deploy an estimator that can" % type(estimator).__name__
    )


def is_sklearns(estimator):
    return type(estimator).__module__.startswith("sklearn.")


def plain(value):
    return value.tolist() if hasattr(value, "tolist") else value


def _is_mixture(estimator):
    """Mixtures predict the component that an input most likely came from."""
    last = estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator
    return type(last).__name__ in ("GaussianMixture", "BayesianGaussianMixture") and is_sklearns(last)


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
    if isinstance(probabilities, list):
        return _several_outputs(model, last.predict(data), probabilities)
    if probabilities is not None and _is_argmax(last) and not _has_tie(probabilities):
        best = probabilities.argmax(axis=1)
        labels = [model.classes[index] for index in best]
    else:
        labels = last.predict(data)
        if getattr(labels, "ndim", 1) == 2:
            return _multilabel(model, labels, probabilities)
        labels = [plain(label) for label in labels]
    scores, kind = probabilities, "probability"
    if scores is None and hasattr(last, "decision_function"):
        scores, kind = _decision(last.decision_function(data)), "decision"
    if scores is None or scores.shape[1] != len(model.classes):  # one-vs-one decisions are per pair of classes
        return classified(labels, None, None, None)
    return classified(labels, model.classes, scores.tolist(), kind)


def _several_outputs(model, rows, probabilities):
    """One classification per output, each with classes of its own."""
    classes = getattr(model.last, "classes_", None)
    if not isinstance(classes, list) or len(classes) != len(probabilities):
        return [{"labels": plain(row)} for row in rows]
    outputs = [
        classified([plain(row[index]) for row in rows], plain(classes[index]), scores.tolist(), "probability")
        for index, scores in enumerate(probabilities)
    ]
    return [{"labels": plain(row), "outputs": list(each)} for row, each in zip(rows, zip(*outputs))]


def _decision(scores):
    if scores.ndim == 2:
        return scores
    import numpy  # already loaded: the scores are its array

    return numpy.column_stack((-scores, scores))  # two classes: the sign says which


def _multilabel(model, rows, probabilities):
    rows = rows.toarray() if hasattr(rows, "toarray") else rows
    if not _is_indicator(model, rows):
        return [{"labels": plain(row)} for row in rows]
    return several(model.classes, rows, None if probabilities is None else probabilities.tolist())


def _is_indicator(model, rows):
    """Whether columns are classes that apply or not, rather than outputs with a class each."""
    return len(model.classes) == rows.shape[1] and not isinstance(getattr(model.last, "classes_", None), list)


def _regress(model, data):
    found = model.last.predict(data)
    if getattr(found, "ndim", 1) == 2 and found.shape[1] > 1:
        return [values(row) for row in found.tolist()]
    return [{"value": plain(value)} for value in found.ravel()]


def _rank(model, data):
    return [{"score": plain(score)} for score in model.last.predict(data)]


def _cluster(model, data):
    last = model.last
    results = [{"cluster": plain(cluster)} for cluster in last.predict(data)]
    if hasattr(last, "predict_proba"):
        for result, row in zip(results, last.predict_proba(data).tolist()):
            result["scores"] = scored(range(len(row)), row)
            result["scoreKind"] = "probability"
    elif hasattr(last, "transform") and hasattr(last, "cluster_centers_"):
        for result, distances in zip(results, last.transform(data).tolist()):
            result["distances"] = distances
    return results


def _detect_outliers(model, data):
    outliers = [bool(sign < 0) for sign in model.last.predict(data)]
    if not hasattr(model.last, "decision_function"):
        return [{"outlier": outlier} for outlier in outliers]
    scores = model.last.decision_function(data).ravel().tolist()
    return [{"outlier": outlier, "score": score} for outlier, score in zip(outliers, scores)]


def _transform(model, data):
    vectors = model.last.transform(data)
    vectors = vectors.toarray() if hasattr(vectors, "toarray") else getattr(vectors, "values", vectors)
    return [{"vector": [_missing_as_none(value) for value in vector.tolist()]} for vector in vectors]


def _missing_as_none(value):
    """A missing value that a transformer passes on is null, as in the inputs."""
    return None if value != value else value


def _density(model, data):
    return [{"density": density} for density in model.last.score_samples(data).tolist()]


def _is_argmax(estimator):
    return type(estimator).__name__ in ARGMAX_CLASSIFIERS and is_sklearns(estimator)


def _has_tie(probabilities):
    if probabilities.shape[1] == 2:
        return bool((probabilities[:, 0] == probabilities[:, 1]).any())
    return bool(((probabilities == probabilities.max(axis=1, keepdims=True)).sum(axis=1) > 1).any())


ANSWERS = {
    "classification": _classify,
    "regression": _regress,
    "ranking": _rank,
    "clustering": _cluster,
    "outlier-detection": _detect_outliers,
    "transformation": _transform,
    "density": _density,
}
