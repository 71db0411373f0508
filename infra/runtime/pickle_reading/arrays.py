"""The array blocks that joblib writes between the opcodes of a pickle."""

import re

from . import Unreadable
from .values import Dtype, Items

WRAPPERS = {
    "joblib.numpy_pickle.NumpyArrayWrapper",
    "sklearn.externals.joblib.numpy_pickle.NumpyArrayWrapper",
}
WRAPPER_PARTS = ("ArrayWrapper", "numpy_pickle")
"""Other names with these in them reach a wrapper by another way, or are joblib's before 0.10."""

_CODE = re.compile(r"[biufcmMOSUV](\d{1,9})\Z")


def dtype_of(arguments):
    """The Dtype that `numpy.dtype(*arguments)` makes, None where that cannot be told."""
    if not isinstance(arguments, tuple) or not arguments or not isinstance(arguments[0], str):
        return None
    match = _CODE.match(arguments[0])
    if match is None:
        return None
    size = int(match.group(1))
    return Dtype(size * 4 if arguments[0][0] == "U" else size, arguments[0][0] == "O")


def set_dtype(dtype, state):
    """Applies a dtype's pickled state: (version, byte order, subarray, names, fields, size, alignment, flags, …)."""
    if dtype.is_set or not isinstance(state, tuple) or len(state) < 7:
        raise _strange("a dtype's state")
    subarray, fields, size = state[2], state[4], state[5]
    flags = state[7] if len(state) > 7 else 0
    if subarray is not None or type(size) is not int or type(flags) is not int or size not in (-1, dtype.size):
        raise _strange("a dtype's state")
    objects = bool(flags & 1)  # NPY_ITEM_REFCOUNT
    if fields is not None:
        if not isinstance(fields, Items) or not fields.whole:
            raise _strange("a dtype's fields")
        inner = [field[0] if isinstance(field, tuple) and field else None for field in fields.entries.values()]
        if not all(isinstance(field, Dtype) for field in inner):
            raise _strange("a dtype's fields")
        if objects != any(field.objects for field in inner):
            raise _strange("a dtype's flags")
        dtype.objects = objects
    elif objects and not dtype.objects:
        raise _strange("a dtype's flags")
    dtype.is_set = True


def skip_block(state, source, read_nested):
    """Passes over the block of a wrapper with the pickled `state`; `read_nested` reads a pickle in its place."""
    if not isinstance(state, Items) or not state.whole:
        raise _strange("an array's state")
    entries = state.entries
    dtype, shape = entries.get("dtype"), entries.get("shape")
    if not isinstance(dtype, Dtype):
        raise Unreadable("unknown-dtype", "It holds an array of a type that cannot be measured without numpy.")
    if not isinstance(shape, tuple) or not all(type(length) is int and length >= 0 for length in shape):
        raise _strange("an array's shape")
    if entries.get("order") not in ("C", "F"):
        raise _strange("an array's order")
    if dtype.objects:
        read_nested()
        return
    alignment = entries.get("numpy_array_alignment_bytes")
    if alignment is not None:
        source.skip(source.read(1)[0])
    count = 1
    for length in shape:
        count *= length
        if count >= 1 << 62:
            raise _strange("an array's shape")
    source.skip(count * dtype.size)


def _strange(what):
    return Unreadable("strange-array", "It holds an array that joblib would not write: %s." % what)
