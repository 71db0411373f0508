"""Answers that several frameworks give: classes with their scores, and the schemas of results."""


def classified(labels, classes, scores, kind):
    """One ClassificationResult per label; `scores` are rows in the order of `classes`, None where there are none."""
    if scores is None:
        return [{"label": label} for label in labels]
    return [
        {"label": label, "scores": scored(classes, row), "scoreKind": kind} for label, row in zip(labels, scores)
    ]


MOST_SCORES = "How many scores to answer with, the highest first; all of them in the model's order where it is not given."
"""Describes the parameter `top_k` of classifiers."""


def ranked(labels, scores, top):
    """A ClassificationResult; with `top` only that many scores, the highest first."""
    best = max(range(len(scores)), key=scores.__getitem__)
    order = range(len(scores))
    if top is not None:
        order = sorted(order, key=scores.__getitem__, reverse=True)[:top]
    found = [{"label": labels[at], "score": scores[at]} for at in order]
    return {"label": labels[best], "scores": found, "scoreKind": "probability"}


def several(classes, chosen, scores):
    """One MultiLabelResult for each row: the classes that apply, of rows that say so, and each one's own probability."""
    results = [{"labels": [label for label, on in zip(classes, row) if on]} for row in chosen]
    for result, row in zip(results, scores or ()):
        result.update(scores=scored(classes, row), scoreKind="probability")
    return results


def scored(classes, row):
    """The scores of one result: each class as the JSON value that `label` has for it."""
    return [{"label": label, "score": score} for label, score in zip(classes, row)]


def label_text(label):
    """A class as it is written in the card's `labels`."""
    if isinstance(label, bool):
        return "true" if label else "false"
    return str(label)


def table_card(model):
    """Of a booster: what it is asked and answers."""
    found = {"task": model.task, "input": model.table.schema(), "output": SCHEMAS[model.task]}
    if model.labels is not None:
        found["labels"] = [label_text(label) for label in model.labels]
    return found


def values(row):
    """One RegressionResult of several numbers."""
    return {"values": {"y%d" % index: value for index, value in enumerate(row)}}


def required(names, **properties):
    """The JSON Schema of an object with these properties, of which `names` are always there."""
    return {"type": "object", "properties": properties, "required": names}


_NUMBER = {"type": "number"}
_NUMBERS = {"type": "array", "items": _NUMBER}
_LABEL = {"type": ["string", "number", "boolean"]}
_SCORES = {
    "type": "array",
    "items": {"type": "object", "properties": {"label": _LABEL, "score": _NUMBER}},
}
_CLASSIFICATION = required(
    [],
    label=_LABEL,
    labels={"type": "array", "items": _LABEL},
    outputs={"type": "array"},
    scores=_SCORES,
    scoreKind={"enum": ["probability", "decision"]},
)

SCHEMAS = {
    "classification": _CLASSIFICATION,
    "text-classification": _CLASSIFICATION,
    "regression": required([], value=_NUMBER, values={"type": "object", "additionalProperties": _NUMBER}),
    "ranking": required(["score"], score=_NUMBER),
    "clustering": required(
        ["cluster"], cluster={"type": "integer"}, distances=_NUMBERS, scores=_SCORES, scoreKind={"enum": ["probability"]}
    ),
    "outlier-detection": required(["outlier"], outlier={"type": "boolean"}, score=_NUMBER),
    "transformation": required(["vector"], vector={"type": "array"}),
    "density": required(["density"], density=_NUMBER),
    "embedding": required(["embedding"], embedding=_NUMBERS),
    "token-classification": required(
        ["entities"],
        entities={
            "type": "array",
            "items": required(
                ["text", "label", "start", "end"],
                text={"type": "string"},
                label={"type": "string"},
                start={"type": "integer"},
                end={"type": "integer"},
                score=_NUMBER,
            ),
        },
    ),
}
"""JSON Schema of one result, by task."""

_TEXT_SCORE = {"type": "object", "properties": {"label": {"type": "string"}, "score": {"type": "number"}}}
RANKED = {
    "type": "object",
    "properties": {
        "label": {"type": "string"},
        "scores": {"type": "array", "items": _TEXT_SCORE},
        "scoreKind": {"enum": ["probability"]},
    },
    "required": ["label", "scores"],
}
"""JSON Schema of what `ranked` makes."""
