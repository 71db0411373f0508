"""Graphs of which nothing else is known: named tensors in, named tensors out."""

import sys

from ..parameters import NONE
from . import Failed, InputError

MOST_AT_ONCE = 256
"""Inputs that go through the graph together."""


class TensorModel:
    """Takes `{"name": nested lists}`, or the lists alone where there is one input; its own batch dimension included."""

    task = "tensors"
    labels = None
    parameters = NONE

    def __init__(self, session):
        self.session = session
        self.batch_name = _batch_name(session)
        self.is_batched = self.batch_name is not None

    def predict(self, inputs, parameters):
        results = [None] * len(inputs)
        groups = {}
        for index, value in enumerate(inputs):
            try:
                feed = self._read(value)
            except InputError as error:
                results[index] = Failed(error)
                continue
            # What differs in more than the first dimension cannot go together.
            shape = tuple(array.shape[1:] for array in feed.values()) if self.is_batched else index
            groups.setdefault(shape, []).append((index, feed))
        for group in groups.values():
            for low in range(0, len(group), MOST_AT_ONCE):
                self._answer(group[low : low + MOST_AT_ONCE], results)
        return results

    def input_schema(self):
        names = list(self.session.inputs)
        properties = {name: {"type": "array", "description": _text(self.session.inputs[name])} for name in names}
        if len(names) == 1:
            return properties[names[0]]
        return {"type": "object", "properties": properties, "required": names, "additionalProperties": False}

    def output_schema(self):
        return tensors_schema(list(self.session.outputs))

    def _read(self, value):
        wanted = self.session.inputs
        if not isinstance(value, dict):
            if len(wanted) != 1:
                raise InputError("input", "The input must be an object with %s." % ", ".join(wanted))
            value = {next(iter(wanted)): value}
        for name in value:
            if name not in wanted:
                raise InputError("input." + name, "This model has no input %s." % name)
        for name in wanted:
            if name not in value:
                raise InputError("input." + name, "The input %s is missing." % name)
        feed = {name: one.array(value[name], "input." + name) for name, one in wanted.items()}
        if self.is_batched and len({len(array) for array in feed.values()}) > 1:
            raise InputError("input", "The inputs differ in their first dimension, %s." % self.batch_name)
        return feed

    def _answer(self, group, results):
        if len(group) == 1:
            [(index, feed)] = group
            try:
                results[index] = {"tensors": self._named(self.session.run(feed))}
            except Exception as error:  # the other inputs have nothing to do with it
                results[index] = Failed(error)
            return
        numpy = sys.modules["numpy"]
        counts = [len(next(iter(feed.values()))) for _, feed in group]
        feed = {name: numpy.concatenate([one[name] for _, one in group]) for name in group[0][1]}
        outputs = self.session.run(feed)
        start = 0
        for (index, _), count in zip(group, counts):
            results[index] = {"tensors": self._named([output[start : start + count] for output in outputs])}
            start += count

    def _named(self, outputs):
        return {name: tensor(output) for name, output in zip(self.session.outputs, outputs)}


def tensor(output):
    """One output as JSON: `dtype`, `shape` and `data` in nested lists; sequences and maps as they are."""
    if not hasattr(output, "dtype"):
        is_list = isinstance(output, list)
        shape = [len(output)] if is_list else []
        return {"dtype": "sequence" if is_list else "map", "shape": shape, "data": _keyed_by_text(output)}
    dtype = "string" if output.dtype == object else str(output.dtype)
    return {"dtype": dtype, "shape": list(output.shape), "data": output.tolist()}


def tensors_schema(names):
    """The JSON Schema of an answer with these tensors."""
    one = {
        "type": "object",
        "properties": {"dtype": {"type": "string"}, "shape": {"type": "array"}, "data": {}},
        "required": ["dtype", "shape", "data"],
    }
    return {
        "type": "object",
        "properties": {"tensors": {"type": "object", "properties": {name: one for name in names}}},
        "required": ["tensors"],
    }


def _keyed_by_text(value):
    if isinstance(value, list):
        return [_keyed_by_text(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _keyed_by_text(item) for key, item in value.items()}
    return value.tolist() if hasattr(value, "tolist") else value


def _batch_name(session):
    """The name of the first dimension where the graph says that everything has one of this name, whatever its size."""
    values = list(session.inputs.values()) + list(session.outputs.values())
    names = {value.shape[0] if value.dtype is not None and value.shape else None for value in values}
    return next(iter(names)) if len(names) == 1 and isinstance(next(iter(names)), str) else None


def _text(value):
    return "%s %s" % ("strings" if value.dtype == "object" else value.dtype or value.kind, value.shape_text())
