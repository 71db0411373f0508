"""Exports of estimators, by skl2onnx or OnnxMLTools: they answer as the estimator itself does."""

import sys

from ..contract import json_type, shown
from ..parameters import NONE
from . import InputError
from .answers import SCHEMAS, classified, scored, several, values
from .tables import NumberTable, answer_rows, unknown_column

PRODUCERS = ("skl2onnx", "OnnxMLTools")

MOST_AT_ONCE = 1000

REGRESSORS = ("Regressor", "Regression", "SVR")
TRANSFORMERS = ("PCA", "SVD", "ICA", "Scaler", "Encoder", "Imputer", "Vectorizer", "Transformer", "Projection")
TRANSFORMERS += ("Normalizer", "Binarizer", "Features", "Discretizer", "Union", "Threshold", "KBest", "Percentile")
"""How the names of scikit-learn's estimators end, which skl2onnx gives to a graph: `ONNX(PCA)`."""

PREPARING = ("Scaler", "Normalizer", "OneHotEncoder", "Imputer", "FeatureVectorizer", "Binarizer", "LabelEncoder")
PREPARING += ("TfIdfVectorizer",)
"""Operators that only transformers end in."""


def model_of(session, graph):
    """An EstimatorModel; None where inputs or outputs are not those of an exported estimator."""
    if session.producer not in PRODUCERS:
        return None
    reader = _reader_of(session)
    if reader is None:
        return None
    kind = _kind(session, graph)
    return None if kind is None else EstimatorModel(session, graph, reader, kind)


class EstimatorModel:
    """Rows or texts in; classes, numbers, clusters, outliers or vectors out."""

    def __init__(self, session, graph, reader, kind):
        self.session = session
        self.graph = graph
        self.reader = reader
        self.kind = kind
        self.task = "text-classification" if kind == "classification" and reader.is_text else kind
        self.most = 1 if any(isinstance(one.shape[0], int) for one in session.inputs.values()) else MOST_AT_ONCE
        self.labels = None
        self.parameters = NONE
        self.score_kind = None
        if kind == "classification":
            self._learn_classes()

    def predict(self, inputs, parameters):
        return answer_rows(inputs, self.reader.row, self._answer_rows)

    def _answer_rows(self, rows):
        results = []
        for low in range(0, len(rows), self.most):
            part = rows[low : low + self.most]
            results += self._answer(self.session.run(self.reader.feed(part)), len(part))
        return results

    def input_schema(self):
        return self.reader.schema()

    def output_schema(self):
        return SCHEMAS[self.kind]

    def _learn_classes(self):
        """One made-up input tells how many classes there are, and whether scores are probabilities."""
        try:
            outputs = self.session.run(self.reader.feed([self.reader.sample()]))
        except Exception:  # a model may refuse what it never saw: then the first request tells
            self.labels = self.graph.classes[-1] if self.graph.classes else None
            return
        self._learn(*self._split(outputs))

    def _learn(self, labels, scores):
        if isinstance(scores, list):  # a map each: with ZipMap
            self.labels = list(scores[0])
            rows = [list(row.values()) for row in scores]
        else:
            rows = scores.tolist()
            self.labels = self.graph.labels(len(rows[0]))
        if getattr(labels, "ndim", 1) == 2 and self.labels is None:
            self.labels = list(range(labels.shape[1]))  # several labels at once: as scikit-learn numbers them
        self.score_kind = "probability" if all(_is_distribution(row) for row in rows) else "decision"

    def _split(self, outputs):
        """The classes and their scores, whichever comes first."""
        return outputs if len(outputs) < 2 or not _is_scores(outputs[0]) else outputs[::-1]

    def _answer(self, outputs, count):
        if self.kind == "classification":
            labels, scores = self._split(outputs)
            if self.score_kind is None:
                self._learn(labels, scores)
            return self._classified(labels, scores)
        if self.kind in ("clustering", "outlier-detection"):
            first, second = (output.reshape(len(output), -1) for output in outputs)
            if self.kind == "clustering" and is_mixture(self.graph):
                return [
                    {"cluster": c[0], "scores": scored(range(len(row)), row), "scoreKind": "probability"}
                    for c, row in zip(first.tolist(), second.tolist())
                ]
            if self.kind == "clustering":
                return [{"cluster": c[0], "distances": d} for c, d in zip(first.tolist(), second.tolist())]
            return [{"outlier": o[0] < 0, "score": s[0]} for o, s in zip(first.tolist(), second.tolist())]
        # By the count: skl2onnx puts the numbers of a network with several outputs one below the other.
        rows = outputs[0].reshape(count, -1).tolist()
        if self.kind == "transformation":
            return [{"vector": row} for row in rows]
        return [{"value": row[0]} if len(row) == 1 else values(row) for row in rows]

    def _classified(self, labels, scores):
        rows = [list(row.values()) for row in scores] if isinstance(scores, list) else scores.tolist()
        if labels.ndim == 2 and labels.shape[1] > 1:
            return several(self.labels, labels.tolist(), rows)
        found = labels.ravel().tolist()
        return classified(found, self.labels, None if self.labels is None else rows, self.score_kind)


def _is_scores(output):
    return isinstance(output, list) or output.dtype.kind == "f"


def _is_distribution(row):
    return all(-1e-6 <= score <= 1 + 1e-6 for score in row) and abs(sum(row) - 1) < 1e-3


def _kind(session, graph):
    outputs = list(session.outputs.values())
    names = [output.name for output in outputs]
    if len(outputs) == 2 and names[1] == "scores" and outputs[0].dtype == "int64":
        if any(operator.startswith("TreeEnsemble") or operator.startswith("SVM") for operator in graph.operators):
            return "outlier-detection"
        return "outlier-detection" if outputs[1].columns() == 1 else "clustering"
    if len(outputs) == 2 and is_mixture(graph) and outputs[0].dtype == "int64":
        return "clustering"
    if len(outputs) == 2:
        scores = next((one for one in outputs if one.is_float or one.kind.startswith("seq(map(")), None)
        return None if scores is None else "classification"
    if len(outputs) != 1 or not outputs[0].is_float:
        return None
    return _kind_of_numbers(graph)


def is_mixture(graph):
    """Whether a graph is a Gaussian mixture, or ends in one: it has probabilities, and no classes that they are of."""
    if _estimator(graph).endswith("GaussianMixture"):
        return True
    return "ReduceLogSumExp" in graph.operators and "ArgMax" in graph.operators and not graph.classes


def _kind_of_numbers(graph):
    """What an estimator with numbers for an answer is; None where nothing says."""
    operators, name = graph.operators, _estimator(graph)
    if any(operator.endswith("Regressor") for operator in operators) or name.endswith(REGRESSORS):
        return "regression"
    if name.endswith(TRANSFORMERS):
        return "transformation"
    # A pipeline, or a search: its last operators tell its last step.
    before, last = ([""] + operators)[-2:]
    if last in PREPARING or (before, last) in (("Sub", "MatMul"), ("MatMul", "Div")) or operators == ["MatMul"]:
        return "transformation"
    # How networks and generalised linear models end.
    return "regression" if last == "Reshape" and before in ("Add", "Exp") else None


def _estimator(graph):
    """The class that skl2onnx converted; empty where the graph's name is another."""
    return graph.name[5:-1] if graph.name.startswith("ONNX(") else ""


def _reader_of(session):
    inputs = list(session.inputs.values())
    if any(one.dtype is None or not 1 <= len(one.shape) <= 2 for one in inputs):
        return None
    if len(inputs) > 1:
        return ColumnReader(inputs) if all(one.columns() == 1 or len(one.shape) == 1 for one in inputs) else None
    [only] = inputs
    if only.dtype == "object" and only.columns() in (None, 1):
        return TextReader(only)
    return None if only.dtype == "object" or only.columns() is None else RowReader(only)


class TextReader:
    """One string per input."""

    is_text = True

    def __init__(self, value):
        self.value = value

    def row(self, value):
        if not isinstance(value, str):

            raise InputError("input", "The input must be a string of text, not %s." % json_type(value))
        return value

    def feed(self, rows):
        texts = sys.modules["numpy"].array(rows, dtype=object)
        return {self.value.name: texts.reshape(-1, 1) if len(self.value.shape) == 2 else texts}

    def sample(self):
        return "a"

    def schema(self):
        return {"type": "string"}


class RowReader:
    """Numbers by position."""

    is_text = False

    def __init__(self, value):
        self.value = value
        self.table = NumberTable(value.columns())

    def row(self, value):
        [row] = self.table.read([value])
        if not self.value.is_float:
            _check_whole(row, lambda index: "input[%d]" % index)
        return row

    def feed(self, rows):
        return {self.value.name: sys.modules["numpy"].array(rows, dtype=self.value.dtype)}

    def sample(self):
        return [0] * self.value.columns()

    def schema(self):
        return self.table.schema()


class ColumnReader:
    """Each column is an input of its own, with its name."""

    is_text = False

    def __init__(self, inputs):
        self.inputs = inputs

    def row(self, value):
        if isinstance(value, list) and len(value) == len(self.inputs):
            value = {one.name: cell for one, cell in zip(self.inputs, value)}
        if not isinstance(value, dict):
            raise InputError("input", "The input must be an object with %s." % ", ".join(self._names()))
        for name in value:
            if name not in self._names():
                raise unknown_column(name, self._names())
        missing = [name for name in self._names() if name not in value]
        if missing:
            what = "The column %s is missing." if len(missing) == 1 else "The columns %s are missing."
            raise InputError("input." + missing[0], what % ", ".join(missing))
        return [self._cell(one, value[one.name]) for one in self.inputs]

    def feed(self, rows):
        numpy = sys.modules["numpy"]
        columns = {one.name: [row[index] for row in rows] for index, one in enumerate(self.inputs)}
        return {
            one.name: numpy.array(columns[one.name], dtype=one.dtype).reshape([-1, 1][: len(one.shape)])
            for one in self.inputs
        }

    def sample(self):
        return ["" if one.dtype == "object" else 0 for one in self.inputs]

    def schema(self):
        kinds = {True: {"type": "string"}, False: {"type": "number"}}
        return {
            "type": "object",
            "properties": {one.name: kinds[one.dtype == "object"] for one in self.inputs},
            "required": self._names(),
            "additionalProperties": False,
        }

    def _names(self):
        return [one.name for one in self.inputs]

    def _cell(self, one, cell):
        field = "input." + one.name
        if one.dtype == "object":
            if not isinstance(cell, str):

                raise InputError(field, "The column %s takes a string, not %s." % (one.name, json_type(cell)))
            return cell
        if cell is not None and not isinstance(cell, (int, float)):

            raise InputError(field, "The column %s takes a number, not %s." % (one.name, shown(cell)))
        number = float("nan") if cell is None else cell
        if not one.is_float:
            _check_whole([number], lambda index: field)
        return number


def _check_whole(row, field_of):
    for index, number in enumerate(row):
        if not float(number).is_integer():
            raise InputError(field_of(index), "The model takes whole numbers here, none of which may be missing.")
