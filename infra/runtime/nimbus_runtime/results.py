"""Turning what a model returns into JSON, exactly or not at all."""

import json
import sys

HINTS = {
    "set": "return sorted(values) or list(values)",
    "frozenset": "return sorted(values) or list(values)",
    "DataFrame": 'return frame.to_dict("records")',
    "Series": "return series.tolist()",
    "Tensor": "return tensor.tolist()",
    "datetime": "return moment.isoformat()",
    "date": "return day.isoformat()",
    "Decimal": "return float(value) or str(value)",
    "Path": "return str(path)",
    "complex": "return [value.real, value.imag]",
    "generator": "return list(values), or a list instead of what predict yields",
    "async_generator": "return a list instead of what predict yields",
    "coroutine": "await it in an async def predict",
    "nan": "return None where there is no number",
}
"""What to return instead, by the name of the type."""

MAX_DEPTH = 200
"""Nesting of a result; far below where Python's own JSON encoder gives up."""


class NotJson(Exception):
    """`path` (like `result.scores[3]`) leads to a value of the type `kind` that JSON has no exact form for."""

    def __init__(self, path, kind, hint=None):
        super().__init__(path)
        self.path = path
        self.kind = kind
        self.hint = hint

    @property
    def detail(self):
        return "%s is %s, which JSON cannot hold." % (self.path, self.kind)


def _convert(value):
    """The encoder's hook for what it does not know: the JSON form of numpy values and of bytes."""
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        if isinstance(value, numpy.ndarray):
            return value.tolist()
        if isinstance(value, numpy.generic):
            plain = value.item()
            if isinstance(plain, (bool, int, float, str, bytes)):
                return plain
    if isinstance(value, (bytes, bytearray, memoryview)):
        from binascii import b2a_base64

        return {"$base64": b2a_base64(value, newline=False).decode("ascii")}
    raise TypeError


_ENCODE = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_convert).encode
_ENCODE_ASCII = json.JSONEncoder(allow_nan=False, separators=(",", ":"), default=_convert).encode


def encode(document):
    """JSON text of a document. Raises ValueError, TypeError or RecursionError where it holds what JSON cannot."""
    text = _ENCODE(document)
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate: JSON can hold it only as an escape
        text = _ENCODE_ASCII(document)
    return text


def find_fault(value, path="result"):
    """A NotJson that says where in `value` the encoder failed; None where there is nothing wrong."""
    return _find(value, path, 0)


def plain(value, path="result"):
    """A copy of nothing but dict, list, str, int, float, bool and None, for values whose keys are numpy's.

    Raises NotJson.
    """
    fault = find_fault(value, path)
    if fault is not None:
        raise fault
    return _plain(value)


def _plain(value):
    if isinstance(value, dict):
        return {_key(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    return _plain(_convert(value))


def _key(key):
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(key, (numpy.integer, numpy.bool_)):
        return key.item()
    return key


def _find(value, path, depth):
    if value is None or isinstance(value, (str, bool, int)):
        return None
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            return NotJson(path, "NaN" if value != value else "infinite", HINTS["nan"])
        return None
    if depth > MAX_DEPTH:
        return NotJson(path[:200], "nested more than %d levels deep" % MAX_DEPTH)
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(_key(key), (str, int, float, type(None))):
                return NotJson(path + " has a key that", "of type " + _name(key))
            fault = _find(item, _step(path, key), depth + 1)
            if fault is not None:
                return fault
        return None
    if isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            fault = _find(item, "%s[%d]" % (path, index), depth + 1)
            if fault is not None:
                return fault
        return None
    try:
        converted = _convert(value)
    except TypeError:
        kind = type(value).__name__
        hint = HINTS.get(kind)
        if hint is None and hasattr(type(value), "__dataclass_fields__"):
            hint = "return dataclasses.asdict(value)"
        return NotJson(path, "of type " + _name(value), hint)
    return _find(converted, path, depth + 1)


def _step(path, key):
    return path + "." + key if isinstance(key, str) and key.isidentifier() else "%s[%s]" % (path, json.dumps(str(key)))


def _name(value):
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else kind.__module__ + "." + kind.__qualname__
