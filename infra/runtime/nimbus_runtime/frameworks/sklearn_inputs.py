"""What inputs a fitted scikit-learn estimator takes, read off the estimator itself."""

import sys

from ..contract import json_type, shown
from . import InputError
from .tables import count_of, unknown_column

NUMERIC_STEPS = {
    "StandardScaler",
    "MinMaxScaler",
    "MaxAbsScaler",
    "RobustScaler",
    "PowerTransformer",
    "QuantileTransformer",
    "PolynomialFeatures",
    "SplineTransformer",
    "KBinsDiscretizer",
    "Normalizer",
    "Binarizer",
    "PCA",
    "KNNImputer",
    "IterativeImputer",
}
"""scikit-learn's transformers that take nothing but numbers."""


INNER = ("best_estimator_", "regressor_", "estimator_", "base_estimator_")
"""Where scikit-learn's wrappers of one estimator keep the fitted one."""

MIXED = ("Voting", "Stacking", "OneVs", "MultiOutput", "OutputCode", "ClassifierChain")
"""First parts of the names of wrappers of several estimators, which the user chose: `estimators_`."""


def reader_of(estimator):
    """The reader of inputs for a fitted estimator: an object with `check(input)`, `read(inputs)`, `schema()` and `is_text`.

    `check` and `read` raise InputError.
    """
    first = _first_step(estimator)
    if _is_text_vectorizer(first):
        return TextReader()
    if type(first).__name__ in ("DictVectorizer", "FeatureHasher"):
        return PlainReader({"type": "object"})
    names = getattr(estimator, "feature_names_in_", None)
    if names is None:
        names = getattr(first, "feature_names_in_", None)
    count = getattr(estimator, "n_features_in_", getattr(first, "n_features_in_", None))
    if names is not None:
        return TableReader(estimator, first, [str(name) for name in names])
    if count is not None:
        return RowReader(int(count), first)
    return PlainReader({})


class TextReader:
    """One string per input."""

    is_text = True

    def check(self, text):
        if not isinstance(text, str):
            raise InputError("input", "The input must be a string of text, not %s." % json_type(text))

    def read(self, inputs):
        for text in inputs:
            self.check(text)
        return inputs

    def schema(self):
        return {"type": "string"}


class PlainReader:
    """An estimator that does not say what it takes gets the inputs as they came."""

    is_text = False

    def __init__(self, schema):
        self._schema = schema

    def check(self, value):
        pass

    def read(self, inputs):
        return inputs

    def schema(self):
        return self._schema


class RowReader:
    """Numbers by position."""

    is_text = False

    def __init__(self, count, first):
        self.count = count
        names = [str(index) for index in range(count)]
        columns = _columns(first, names)
        self.columns = [columns[name] for name in names]
        self.only_numbers = _needs_only_numbers(first) or all(column == {"type": "number"} for column in self.columns)
        self.as_fitted = _has_object_categories(first)

    def check(self, row):
        if isinstance(row, dict):
            raise InputError("input", "This model has no column names: give a list of %d values." % self.count)
        _check_row(row, self.count)
        if self.only_numbers:
            for index, value in enumerate(row):
                if value is not None:
                    _check_number(value, "input[%d]" % index, "value %d" % index)

    def read(self, inputs):
        for row in inputs:
            self.check(row)
        numbers = not self.as_fitted and all(
            value is None or isinstance(value, (int, float)) for row in inputs for value in row
        )
        numpy = sys.modules["numpy"]
        # Functions such as numpy.log1p know no objects: what is all numbers is an array of numbers.
        if numbers:
            return numpy.array([[_not_a_number(value) for value in row] for row in inputs], dtype=float)
        return numpy.array(inputs, dtype=object)

    def schema(self):
        found = {"type": "array", "minItems": self.count, "maxItems": self.count}
        if any(column != self.columns[0] for column in self.columns):
            found["prefixItems"] = self.columns
        else:
            found["items"] = self.columns[0] if self.columns else {}
        return found


class TableReader:
    """Columns by name, or by position in the order of fitting."""

    is_text = False

    def __init__(self, estimator, first, names):
        self.names = names
        self.columns = _columns(first, names)
        self.needs_frame = _needs_frame(estimator)
        self.has_categories = _is_booster(first) and _has_categories(first)
        if self.needs_frame:
            import pandas  # noqa: F401  (now, so that the first request does not wait for it)
        else:
            import warnings

            # The names are checked here; arrays give the same numbers without the time that importing pandas takes.
            warnings.filterwarnings("ignore", message="X does not have valid feature names")

    def check(self, value):
        self._row(value)

    def read(self, inputs):
        rows = [self._row(value) for value in inputs]
        if self.needs_frame:
            import pandas

            columns = {name: [row[index] for row in rows] for index, name in enumerate(self.names)}
            frame = pandas.DataFrame(columns, columns=self.names)
            if self.has_categories:  # the booster brings them in its own order
                texts = [name for name in self.names if frame[name].dtype.kind not in "biuf"]
                frame = frame.astype({name: "category" for name in texts})
            return frame
        numpy = sys.modules["numpy"]
        only_numbers = all(self.columns[name].get("type") == "number" for name in self.names)
        return numpy.array(rows, dtype=float if only_numbers else object)

    def schema(self):
        return {
            "type": "object",
            "properties": {name: self.columns[name] for name in self.names},
            "required": self.names,
            "additionalProperties": False,
        }

    def _row(self, value):
        if isinstance(value, dict):
            for name in value:
                if name not in self.columns:
                    raise unknown_column(name, self.names)
            missing = [name for name in self.names if name not in value]
            if missing:
                what = "The column %s is" if len(missing) == 1 else "The columns %s are"
                raise InputError("input." + missing[0], (what + " missing.") % ", ".join(missing))
            cells = [value[name] for name in self.names]
        else:
            if not isinstance(value, list):
                raise InputError("input", self._forms() + ", not %s." % json_type(value))
            _check_row(value, len(self.names))
            cells = value
        for name, cell in zip(self.names, cells):
            self._check(name, cell)
        return [_not_a_number(cell) for cell in cells]

    def _forms(self):
        """The two ways to write an input, as the beginning of a sentence."""
        shown = ", ".join('"%s": …' % name for name in self.names[:12])
        if len(self.names) > 12:
            shown += ", …"
        return "This model takes an object with its %d columns, {%s}, or a list of %d values in that order" % (
            len(self.names),
            shown,
            len(self.names),
        )

    def _check(self, name, cell):
        column = self.columns[name]
        field = "input." + name
        if cell is None:
            return
        if column.get("type") == "number":
            _check_number(cell, field, "The column " + name)
        elif isinstance(cell, (dict, list)):
            raise InputError(field, "The column %s takes one value, not %s." % (name, json_type(cell)))
        elif "enum" in column and cell not in column["enum"]:
            known = ", ".join(str(value) for value in column["enum"][:10])
            raise InputError(field, "The column %s takes one of %s." % (name, known))


def _check_row(row, count):
    if not isinstance(row, list):
        raise InputError("input", "The input must be a list of %d values, not %s." % (count, json_type(row)))
    if len(row) != count:
        raise InputError("input", "The input has %s; this model takes %d." % (count_of(row), count))


def _check_number(value, field, what):
    if not isinstance(value, (int, float)):
        raise InputError(field, "%s takes a number, not %s." % (what[0].upper() + what[1:], shown(value)))


def _not_a_number(value):
    """JSON's null is a missing value, which numpy and pandas write as NaN."""
    return float("nan") if value is None else value


def _first_step(estimator):
    """The innermost estimator that sees the input first."""
    while True:
        inner = next((name for name in INNER if getattr(estimator, name, None) is not None), None)
        if inner is not None:
            estimator = getattr(estimator, inner)
        elif type(estimator).__name__.startswith(MIXED) and getattr(estimator, "estimators_", None):
            estimator = next((one for one in estimator.estimators_ if not isinstance(one, str)), None)
        elif hasattr(estimator, "steps"):
            steps = [step for _, step in estimator.steps if step is not None and step != "passthrough"]
            vectorizer = next((step for step in steps if _is_text_vectorizer(_first_step(step))), None)
            if not steps:
                return estimator
            # What precedes a vectorizer (a cleaner of texts, say) gets texts too.
            estimator = steps[0] if vectorizer is None else vectorizer
        elif hasattr(estimator, "transformer_list"):
            estimator = estimator.transformer_list[0][1]
        elif hasattr(estimator, "calibrated_classifiers_"):
            estimator = estimator.calibrated_classifiers_[0].estimator
        else:
            return estimator


def _is_text_vectorizer(estimator):
    return any(kind.__module__ == "sklearn.feature_extraction.text" for kind in type(estimator).__mro__) and (
        type(estimator).__name__ != "TfidfTransformer"
    )


def _is(estimator, *names):
    return type(estimator).__name__ in names and type(estimator).__module__.startswith("sklearn.")


def _is_booster(estimator):
    """XGBoost's and LightGBM's estimators, which take arrays of numbers."""
    return type(estimator).__module__ in ("xgboost.sklearn", "lightgbm.sklearn")


def _has_categories(booster):
    """Whether it was fitted with columns of categories, which only a DataFrame gives it again."""
    inner = getattr(booster, "_Booster", None)
    return bool(getattr(inner, "pandas_categorical", None)) or "c" in (getattr(inner, "feature_types", None) or ())


def _needs_only_numbers(first):
    """Whether every column of a model that starts with `first` must be a number."""
    if _is_booster(first):
        return not _has_categories(first)
    if _is(first, "OneHotEncoder", "OrdinalEncoder", "TargetEncoder"):
        return all(_is_numeric(categories) for categories in getattr(first, "categories_", [None]))
    if _is(first, "SimpleImputer"):
        return first.strategy in ("mean", "median")
    if _is(first, "FunctionTransformer"):
        return _is_numbers_function(first)
    if _is(first, "ColumnTransformer"):
        return False
    if getattr(first, "_sklearn_output_config", None) or not type(first).__module__.startswith("sklearn."):
        return False
    # HistGradientBoosting may have been fitted with columns of categories.
    return not getattr(first, "is_categorical_", None) is not None


def _columns(first, names):
    """JSON Schema of each column, by name: `{}` where the estimator does not tell."""
    if not _is(first, "ColumnTransformer"):
        if _is(first, "OneHotEncoder", "OrdinalEncoder"):
            return dict(zip(names, _of_encoder(first)))
        return {name: {"type": "number"} if _needs_only_numbers(first) else {} for name in names}
    columns = {name: {} for name in names}
    for _, transformer, chosen in first.transformers_:
        if isinstance(chosen, str):
            chosen = [chosen]
            if _is_text_vectorizer(_first_step(transformer)):
                columns[chosen[0]] = {"type": "string"}
                continue
        kept = [_name_of(column, names) for column in _positions(chosen)]
        for name, schema in zip(kept, _of_transformer(transformer, len(kept))):
            if name in columns and schema:
                columns[name] = schema
    return columns


def _positions(chosen):
    if hasattr(chosen, "tolist"):
        chosen = chosen.tolist()
    if isinstance(chosen, list) and chosen and all(isinstance(item, bool) for item in chosen):
        return [index for index, on in enumerate(chosen) if on]
    return chosen if isinstance(chosen, list) else []


def _name_of(column, names):
    return names[column] if isinstance(column, int) and -len(names) <= column < len(names) else str(column)


def _of_transformer(transformer, count):
    """Schemas of the `count` columns that go into one transformer of a ColumnTransformer."""
    steps = [step for _, step in transformer.steps] if hasattr(transformer, "steps") else [transformer]
    for step in steps:
        if _is(step, "OneHotEncoder", "OrdinalEncoder"):
            return _of_encoder(step)
        if _takes_numbers(step):
            return [{"type": "number"}] * count
        if not _is(step, "SimpleImputer"):
            break
    return [{}] * count


def _takes_numbers(step):
    if _is(step, "FunctionTransformer"):
        return _is_numbers_function(step)
    return type(step).__name__ in NUMERIC_STEPS or (_is(step, "SimpleImputer") and step.strategy in ("mean", "median"))


def _is_numbers_function(transformer):
    """Whether a FunctionTransformer applies one of numpy's own functions, such as numpy.log1p."""
    return type(transformer.func).__name__ == "ufunc"


def _has_object_categories(first):
    """Whether an encoder was fitted on an array of objects: then 1 and 1.0 are not told apart there, as they were not."""
    steps = [first]
    if _is(first, "ColumnTransformer"):
        steps = [inner for _, transformer, _ in first.transformers_ for _, inner in getattr(transformer, "steps", [("", transformer)])]
    return any(
        not _is_numeric(categories) for step in steps for categories in getattr(step, "categories_", None) or []
    )


def _of_encoder(encoder):
    schemas = []
    for categories in encoder.categories_:
        values = [value for value in categories.tolist() if value is not None and value == value]
        if encoder.handle_unknown == "error":
            schemas.append({"enum": values})
        elif _is_numeric(categories):
            schemas.append({"type": "number"})
        else:
            schemas.append({"type": "string", "examples": values[:20]})
    return schemas


def _is_numeric(categories):
    return getattr(getattr(categories, "dtype", None), "kind", "O") in "biuf"


def _needs_frame(estimator):
    """Whether some step may look at column names or types, so that an array would not do."""
    pending = [estimator]
    while pending:
        step = pending.pop()
        if step is None or isinstance(step, str):
            continue
        if _is_booster(step):
            if _has_categories(step):
                return True
            continue
        if not type(step).__module__.startswith("sklearn."):
            return True
        if _is(step, "ColumnTransformer", "FunctionTransformer") or getattr(step, "_sklearn_output_config", None):
            return True
        if getattr(step, "is_categorical_", None) is not None:
            return True
        pending += [inner for _, inner in getattr(step, "steps", [])]
        pending += [inner for _, inner in getattr(step, "transformer_list", [])]
        pending += [getattr(step, name, None) for name in INNER]
        if type(step).__name__.startswith(MIXED):  # a forest's own trees take arrays anyway
            pending += getattr(step, "estimators_", [])
    return False
