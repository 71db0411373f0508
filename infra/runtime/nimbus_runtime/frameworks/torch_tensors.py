"""Tensors from JSON and back."""

import math

from ..contract import json_type, shown
from . import InputError

MOST_EXAMPLE = 1000
"""Numbers of an example in the card: a larger one, a picture, tells a reader nothing."""

DTYPES = ("float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")


class Argument:
    """One argument of a program. `shape` is a list with None for sizes that are free, or None where it is not known."""

    def __init__(self, name, dtype, is_tensor, shape, kind, required):
        self.name = name
        self.dtype = dtype
        self.is_tensor = is_tensor
        self.shape = shape
        self.kind = kind
        self.required = required
        self.example = None  # a shape that it is known to have taken, where it may take others too

    def schema(self):
        if not self.is_tensor:
            return {"description": self.kind}
        name = dtype_name(self.dtype)
        shown = "" if self.shape is None else ", shape [%s]" % ", ".join("…" if n is None else str(n) for n in self.shape)
        schema = {"type": "boolean"} if name == "bool" else {"type": "integer" if "int" in name else "number"}
        for size in reversed(self.shape or [None]):
            schema = {"type": "array", "items": schema}
            if size is not None:
                schema.update(minItems=size, maxItems=size)
        if self.shape is None and self.example is not None:
            shown = ", traced with the shape %s" % self.example
            if math.prod(self.example) <= MOST_EXAMPLE:
                schema["examples"] = [_filled(self.example, name == "bool" or 1)]
        return dict(schema, description="Tensor of %s%s, as nested lists." % (name, shown))


def _filled(shape, value):
    for size in reversed(shape):
        value = [value] * size
    return value


def tensor_of(argument, field, value):
    """The argument's value out of JSON. Raises InputError naming the field."""
    if not argument.is_tensor:
        return value
    import torch

    dtype = argument.dtype
    if isinstance(value, dict):
        named = value.get("dtype", dtype_name(dtype))
        if named not in DTYPES:
            raise InputError(field + ".dtype", "dtype must be one of %s." % ", ".join(DTYPES))
        dtype = getattr(torch, named)
        value = value.get("data")
        field += ".data"
    _check(value, field, dtype)
    try:
        tensor = torch.tensor(value, dtype=dtype)
    except (ValueError, TypeError, RuntimeError, OverflowError):
        raise InputError(field, "The lists of a tensor must be of equal length, down to the last.")
    wanted = argument.shape
    if wanted is not None:
        found = list(tensor.shape)
        if len(found) != len(wanted) or any(size is not None and size != own for size, own in zip(wanted, found)):
            shown = ", ".join("any" if size is None else str(size) for size in wanted)
            raise InputError(field, "The tensor has the shape %s; this program takes [%s]." % (found, shown))
    return tensor


def _check(value, field, dtype):
    """Raises InputError for what is no number, with its place."""
    if isinstance(value, list):
        for at, item in enumerate(value):
            _check(item, "%s[%d]" % (field, at), dtype)
        return
    name = dtype_name(dtype)
    if name == "bool":
        if isinstance(value, bool):
            return
        raise InputError(field, "A value must be true or false, not %s." % json_type(value))
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InputError(field, "A tensor holds numbers, not %s." % shown(value))
    if "int" in name and isinstance(value, float) and not value.is_integer():
        raise InputError(field, "This tensor holds whole numbers (%s)." % name)


def flat_outputs(output):
    """The tensors of an output of any structure, by name: `output`, `output_0`, or the keys of a dict."""
    found = {}
    _flatten(output, "", found)
    if not found:
        raise TypeError("the program returned no tensor")
    return found


def _flatten(value, name, found):
    import torch

    if isinstance(value, torch.Tensor):
        found[name or "output"] = value
    elif isinstance(value, dict):
        for key, item in value.items():
            _flatten(item, "%s.%s" % (name, key) if name else str(key), found)
    elif isinstance(value, (list, tuple)):
        for at, item in enumerate(value):
            _flatten(item, "%s_%d" % (name or "output", at), found)
    elif isinstance(value, (bool, int, float)):
        found[name or "output"] = torch.tensor(value)


def plain(tensor):
    """A tensor as `{"dtype", "shape", "data"}`."""
    import torch

    name = dtype_name(tensor.dtype)
    if tensor.is_sparse:
        tensor = tensor.to_dense()
    if tensor.dtype in (torch.bfloat16, torch.float16):
        tensor = tensor.float()
    return {"dtype": name, "shape": list(tensor.shape), "data": tensor.tolist()}


def dtype_name(dtype):
    return str(dtype).rpartition(".")[2]
