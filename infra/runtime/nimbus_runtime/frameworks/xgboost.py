"""XGBoost models that save_model wrote. Wrappers for scikit-learn in a pickle are scikit-learn's."""

import sys

from ..deferral import absent_during
from ..parameters import NONE
from .answers import classified, several, table_card, values
from .processors import threads
from .tables import CategoryTable, CodeTable, NumberTable, answer_rows

ABSENT = ("sklearn", "sklearn.base", "sklearn.model_selection", "sklearn.utils")
"""What XGBoost imports wherever it is installed, two seconds of it, for wrappers that a booster does not need."""


class _Model:
    def __init__(self, booster):
        import json

        learner = json.loads(booster.save_config())["learner"]
        parameters = learner["learner_model_param"]
        self.booster = booster
        self.objective = learner["objective"]["name"]
        self.classes = int(parameters.get("num_class") or 0)
        self.names = booster.feature_names
        self.types = booster.feature_types
        self.table = _table(booster)
        self.task = _task(self.objective)
        # More than one: several labels at once, each with a probability of its own.
        self.targets = int(parameters.get("num_target") or 1)
        count = self.classes
        if self.objective.startswith("binary:"):
            count = self.targets if self.targets > 1 else 2
        self.labels = list(range(count)) if self.task == "classification" else None
        # The wrapper for scikit-learn stops at the best round, a booster does not.
        best = booster.attr("best_iteration") if booster.attr("scikit_learn") else None
        self.rounds = (0, 0) if best is None else (0, int(best) + 1)


def _table(booster):
    """What reads the rows. Categories are those of the file, which XGBoost keeps from 3.1 on; else their numbers."""
    count, names = booster.num_features(), booster.feature_names
    columns = [index for index, kind in enumerate(booster.feature_types or ()) if kind == "c"]
    if not columns:
        return NumberTable(count, names)
    import json

    model = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]
    stored = (model.get("gbtree") or model).get("model", {}).get("cats", {}).get("enc") or []
    categories = {index: _categories(stored[index]) for index in columns if index < len(stored)}
    if any(categories.get(index) is None for index in columns):
        return CodeTable(count, names, columns)
    return CategoryTable(count, names, categories)


def _categories(stored):
    """A column's categories in the order of their numbers; None where the file does not have them.

    Nor has it those that are not ASCII: XGBoost 3.2 counts their characters and cuts off as many bytes.
    """
    values = stored.get("values")
    if not values:
        return None
    if "offsets" not in stored:
        return list(values)
    if not all(0 <= value < 128 for value in values):
        return None
    places = stored["offsets"]
    return [bytes(values[start:end]).decode("ascii") for start, end in zip(places, places[1:])]


def _task(objective):
    if objective.startswith(("binary:", "multi:")):
        return "classification"
    return "ranking" if objective.startswith("rank:") else "regression"


def imports(path):
    absent_during("xgboost.compat", ABSENT)
    import xgboost  # noqa: F401


def load(path):
    import xgboost

    booster = xgboost.Booster(model_file=path)
    booster.set_param({"nthread": threads()})
    return _Model(booster)


def parameters(model):
    return NONE


def predict(model, inputs, parameters):
    return answer_rows(inputs, lambda value: model.table.read([value])[0], lambda rows: _answers(model, rows))


def card(model):
    return dict(table_card(model), frameworkVersion=sys.modules["xgboost"].__version__)


def _answers(model, rows):
    numpy = sys.modules["numpy"]
    data = sys.modules["xgboost"].DMatrix(
        numpy.array(rows, dtype="float32"),
        feature_names=model.names,
        feature_types=model.types,
        enable_categorical="c" in (model.types or ()),
    )
    output = model.booster.predict(data, iteration_range=model.rounds)
    if model.task == "classification":
        return _classes(model, data, output)
    if model.task == "ranking":
        return [{"score": score} for score in output.ravel().tolist()]
    output = output.reshape(len(rows), -1).tolist()
    return [{"value": row[0]} if len(row) == 1 else values(row) for row in output]


def _classes(model, data, output):
    numpy = sys.modules["numpy"]
    if model.targets > 1:
        output = output.reshape(-1, model.targets)
        if model.objective == "binary:hinge":
            return several(model.labels, output > 0, None)
        if model.objective == "binary:logitraw":
            output = 1 / (1 + numpy.exp(-output))
        return several(model.labels, output > 0.5, output.tolist())
    if model.objective == "binary:hinge":  # it answers classes only
        return classified([int(value) for value in output.tolist()], None, None, None)
    if model.objective == "binary:logitraw":
        labels = (output > 0).astype(int).tolist()
        return classified(labels, model.labels, numpy.column_stack((-output, output)).tolist(), "decision")
    if model.objective == "binary:logistic":
        labels = (output > 0.5).astype(int).tolist()
        return classified(labels, model.labels, numpy.column_stack((1 - output, output)).tolist(), "probability")
    if model.objective == "multi:softmax":  # it answers classes; their scores are in the margins
        margins = model.booster.predict(data, output_margin=True, iteration_range=model.rounds)
        powers = numpy.exp(margins - margins.max(axis=1, keepdims=True))
        output = powers / powers.sum(axis=1, keepdims=True)
    labels = output.argmax(axis=1).tolist()
    return classified(labels, model.labels, output.tolist(), "probability")
