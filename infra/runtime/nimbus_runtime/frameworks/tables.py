"""Rows of numbers as JSON gives them: a list in column order, or an object by column name. null is a missing value."""

from ..contract import json_type, shown
from . import Failed, InputError

NUMBER = {"type": "number"}


def count_of(row):
    return "1 value" if len(row) == 1 else "%d values" % len(row)


MOST_NAMED = 12


def unknown_column(name, names):
    """Says which columns there are; of a wide table its first ones."""
    some = ", ".join(names[:MOST_NAMED])
    if len(names) > MOST_NAMED:
        some += " and %d more" % (len(names) - MOST_NAMED)
    return InputError("input." + name, "This model has no column %s. Its columns: %s." % (name, some))


def answer_rows(inputs, read, answer):
    """One result per input: Failed where `read(input)` raises InputError, else what `answer(rows)` has for its row."""
    results, rows, positions = [None] * len(inputs), [], []
    for index, value in enumerate(inputs):
        try:
            rows.append(read(value))
            positions.append(index)
        except InputError as error:
            results[index] = Failed(error)
    for position, result in zip(positions, answer(rows) if rows else ()):
        results[position] = result
    return results


class NumberTable:
    """Reads inputs of `count` numbers; `names` (a list, or None) are those of the columns."""

    def __init__(self, count, names=None):
        self.count = count
        self.names = names

    def read(self, inputs):
        """Rows of floats, NaN where a value is missing. Raises InputError."""
        return [self._row(value) for value in inputs]

    def schema(self):
        if self.names is None:
            return {"type": "array", "items": NUMBER, "minItems": self.count, "maxItems": self.count}
        return {
            "type": "object",
            "properties": {name: NUMBER for name in self.names},
            "required": self.names,
            "additionalProperties": False,
        }

    def _row(self, value):
        if isinstance(value, dict):
            cells, fields = self._by_name(value), ["input." + name for name in self.names]
        elif not isinstance(value, list):
            raise InputError("input", "The input must be a list of %d values, not %s." % (self.count, json_type(value)))
        elif len(value) != self.count:
            raise InputError("input", "The input has %s; this model takes %d." % (count_of(value), self.count))
        else:
            cells, fields = value, None
        return [self._number(cell, index, fields) for index, cell in enumerate(cells)]

    def _by_name(self, value):
        if self.names is None:
            raise InputError("input", "This model has no column names: give a list of %d values." % self.count)
        known = set(self.names)
        for name in value:
            if name not in known:
                raise unknown_column(name, self.names)
        missing = [name for name in self.names if name not in value]
        if missing:
            what = "The column %s is missing." if len(missing) == 1 else "The columns %s are missing."
            raise InputError("input." + missing[0], what % ", ".join(missing))
        return [value[name] for name in self.names]

    def _number(self, cell, index, fields):
        if cell is None:
            return float("nan")
        if isinstance(cell, (int, float)):
            return float(cell)
        field = "input[%d]" % index if fields is None else fields[index]
        what = "Value %d" % index if self.names is None else "The column " + self.names[index]
        raise InputError(field, "%s takes a number, not %s." % (what, shown(cell)))


class CategoryTable(NumberTable):
    """Some columns hold categories: they become their numbers, and what was not there in training is missing."""

    def __init__(self, count, names, categories):
        super().__init__(count, names)
        self.categories = categories
        self._codes = {index: {value: code for code, value in enumerate(own)} for index, own in categories.items()}

    def schema(self):
        schema = super().schema()
        if self.names is not None:
            columns = {self.names[index]: {"examples": own[:20]} for index, own in self.categories.items()}
            schema["properties"] = dict(schema["properties"], **columns)
        else:
            schema["items"] = {}
        return schema

    def _number(self, cell, index, fields):
        codes = self._codes.get(index)
        if codes is None or cell is None:
            return super()._number(cell, index, fields)
        if isinstance(cell, (dict, list)):
            field = "input[%d]" % index if fields is None else fields[index]
            raise InputError(field, "This column takes one value, not %s." % json_type(cell))
        return float(codes.get(cell, float("nan")))


class CodeTable(NumberTable):
    """Some columns hold categories that only their numbers are known of."""

    def __init__(self, count, names, columns):
        super().__init__(count, names)
        self.columns = frozenset(columns)

    def schema(self):
        schema = super().schema()
        if self.names is not None:
            code = {"type": "integer", "minimum": 0, "description": "The number of a category, from 0."}
            own = {self.names[index]: code for index in sorted(self.columns)}
            schema["properties"] = dict(schema["properties"], **own)
        return schema

    def _number(self, cell, index, fields):
        if index in self.columns and isinstance(cell, str):
            field = "input[%d]" % index if fields is None else fields[index]
            raise InputError(
                field,
                "This column takes a category's number, from 0 in the order of the training data's categories (in pandas "
                "cat.codes): the model's file does not hold their names. XGBoost keeps those in ASCII from 3.1 on.",
            )
        return super()._number(cell, index, fields)
