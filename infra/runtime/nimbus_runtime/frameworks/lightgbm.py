"""LightGBM models that save_model wrote. Wrappers for scikit-learn in a pickle are scikit-learn's."""

import sys

from ..deferral import absent_during
from ..parameters import NONE
from .answers import classified, table_card, values
from .processors import threads
from .tables import CategoryTable, NumberTable, answer_rows

ABSENT = ("sklearn", "pandas", "matplotlib", "graphviz", "dask")
"""What LightGBM imports wherever it is installed, two seconds of it, for wrappers, plots and frames."""

CLASSIFIERS = ("binary", "multiclass", "multiclassova")
RANKERS = ("lambdarank", "rank_xendcg")


class _Model:
    def __init__(self, booster, header):
        objective = header.get("objective", "").split(" ")[0]
        count = int(header.get("num_class", 1))
        self.booster = booster
        self.objective = objective
        self.table = _table(booster, header.get("feature_infos", "").split(" "))
        self.task = _task(objective)
        self.labels = None
        if self.task == "classification":
            self.labels = list(range(2 if objective == "binary" else count))


def _task(objective):
    if objective in CLASSIFIERS:
        return "classification"
    return "ranking" if objective in RANKERS else "regression"


def imports(path):
    absent_during("lightgbm.compat", ABSENT)
    import lightgbm  # noqa: F401


def load(path):
    import lightgbm

    return _Model(lightgbm.Booster(model_file=path), _header(path))


def parameters(model):
    return NONE


def predict(model, inputs, parameters):
    return answer_rows(inputs, lambda value: model.table.read([value])[0], lambda rows: _answers(model, rows))


def card(model):
    return dict(table_card(model), frameworkVersion=sys.modules["lightgbm"].__version__)


def _header(path):
    """`name=value` lines before the trees, as a dict."""
    found = {}
    with open(path, "rb") as file:
        for line in file:
            if not line.strip():
                break
            name, _, value = line.decode("utf-8", "replace").strip().partition("=")
            found[name] = value
    return found


def _table(booster, infos):
    names = booster.feature_name()
    # LightGBM's own names for columns that had none.
    given = None if names == ["Column_%d" % index for index in range(len(names))] else names
    if not booster.pandas_categorical:
        return NumberTable(len(names), given)
    # A range `[0.1:2.5]` of numbers, else a list `0:1:2` of categories, `none` where a column never varied.
    columns = [index for index, info in enumerate(infos) if not info.startswith("[") and info != "none"]
    if len(columns) != len(booster.pandas_categorical):
        raise ValueError("the file does not say which of its columns are the categories of its DataFrame")
    return CategoryTable(len(names), given, dict(zip(columns, booster.pandas_categorical)))


def _answers(model, rows):
    numpy = sys.modules["numpy"]
    output = model.booster.predict(numpy.array(rows, dtype="float64"), num_threads=threads())
    if model.task == "ranking":
        return [{"score": score} for score in output.ravel().tolist()]
    if model.task == "regression":
        output = output.reshape(len(rows), -1).tolist()
        return [{"value": row[0]} if len(row) == 1 else values(row) for row in output]
    if model.objective == "binary":
        labels = (output > 0.5).astype(int).tolist()
        output = numpy.column_stack((1 - output, output))
    else:
        labels = output.argmax(axis=1).tolist()
    return classified(labels, model.labels, output.tolist(), "probability")
