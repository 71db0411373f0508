"""Text classification, also of pairs of texts, and zero-shot classification."""

from ..frameworks import InputError
from ..frameworks.answers import MOST_SCORES, RANKED, ranked
from ..parameters import Parameters, boolean, integer, text, texts
from .arrays import sigmoid, softmax
from .encoding import TRUNCATION, each, fields_of, text_of

MOST_LABELS = 100
HYPOTHESIS = "This example is {}."


class TextClassification:
    """A label for a text, or for a pair `{"text", "text_pair"}`; a number for a model of regression."""

    task = "text-classification"

    def __init__(self, encoder):
        self.encoder = encoder
        self.labels = labels_of(encoder.config)
        self.problem = getattr(encoder.config, "problem_type", None)
        self.independent = self.problem == "multi_label_classification" or len(self.labels) == 1
        top = integer(MOST_SCORES, None, 1, len(self.labels))
        self.parameters = Parameters({"top_k": top, "truncation": boolean(TRUNCATION)}, example={"top_k": 1})

    def predict(self, inputs, parameters):
        top, truncate = parameters["top_k"], parameters["truncation"]
        return each(inputs, lambda value: self._encode(value, truncate), lambda encodings: self._answer(encodings, top))

    def card(self):
        if self.problem == "regression":
            return {"task": "regression", "input": {"type": "string"}, "output": {"type": "object"}}
        return {"task": self.task, "input": {"type": "string"}, "output": RANKED, "labels": self.labels}

    def _encode(self, value, truncate):
        if isinstance(value, dict):
            text, pair = fields_of(value, ("text", "text_pair"))
            [encoding] = self.encoder.encode([text], [pair], truncate)
        else:
            [encoding] = self.encoder.encode([text_of(value)], None, truncate)
        self.encoder.check_length(encoding)
        return encoding

    def _answer(self, encodings, top):
        rows = [row.tolist() for row in self.encoder.run(encodings, self._scores)]
        if self.problem == "regression":
            return [self._numbers(row) for row in rows]
        return [ranked(self.labels, row, top) for row in rows]

    def _scores(self, _, outputs):
        logits = outputs["logits"]
        if self.problem == "regression":
            return list(logits)
        return list(sigmoid(logits) if self.independent else softmax(logits))

    def _numbers(self, row):
        return {"value": row[0]} if len(row) == 1 else {"values": dict(zip(self.labels, row))}


class ZeroShotClassification:
    """Which of the request's own labels fit a text, by a model that tells whether one text follows from another."""

    task = "zero-shot-classification"
    parameters = Parameters(
        {
            "labels": texts("What the text may be about.", MOST_LABELS, ["traffic", "cooking", "politics", "weather"]),
            "multi_label": boolean("Scores each label by itself: several may fit."),
            "hypothesis_template": text("What is asked of the text, with {} in the place of the label.", HYPOTHESIS),
            "truncation": boolean(TRUNCATION, True),  # as the pipeline of transformers does
        },
        required=("labels",),
        example={"labels": ["traffic", "cooking"], "multi_label": True},
    )

    def __init__(self, encoder):
        self.encoder = encoder
        labels = {name.lower(): at for name, at in encoder.config.label2id.items()}
        self.entailment = next(at for name, at in labels.items() if name.startswith("entail"))
        # The pipeline of transformers takes the other end of the labels for the contradiction.
        self.contradiction = -1 if self.entailment == 0 else 0

    def predict(self, inputs, parameters):
        labels, independent = parameters["labels"], parameters["multi_label"]
        template = parameters["hypothesis_template"]
        if template.count("{}") != 1 or template.replace("{}", "").count("{") or template.replace("{}", "").count("}"):
            raise InputError("parameters.hypothesis_template", "hypothesis_template must hold {} once, for the label.")
        hypotheses = [template.replace("{}", label) for label in labels]
        truncate = parameters["truncation"]
        return each(
            inputs,
            lambda value: self._encode(text_of(value), hypotheses, truncate),
            lambda groups: self._answer(groups, labels, independent or len(labels) == 1),
        )

    def card(self):
        return {"task": self.task, "input": {"type": "string"}, "output": RANKED}

    def _encode(self, text, hypotheses, truncate):
        cut = {"truncation": "only_first"} if truncate else {}
        encodings = self.encoder.encode([text] * len(hypotheses), hypotheses, truncate, **cut)
        for encoding in encodings:
            self.encoder.check_length(encoding)
        return encodings

    def _answer(self, groups, labels, independent):
        import numpy

        flat = [encoding for group in groups for encoding in group]
        rows = self.encoder.run(flat, lambda _, outputs: list(outputs["logits"]))
        results = []
        for start in range(0, len(rows), len(labels)):
            logits = numpy.stack(rows[start : start + len(labels)])
            if independent:
                scores = softmax(logits[:, [self.contradiction, self.entailment]])[:, 1]
            else:
                scores = softmax(logits[:, self.entailment])
            results.append(ranked(labels, scores.tolist(), len(labels)))
        return results


def labels_of(config):
    """Names of a model's classes, in the order of its outputs."""
    return [str(config.id2label[at]) for at in range(config.num_labels)]
