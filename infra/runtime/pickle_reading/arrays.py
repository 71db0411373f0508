"""The array blocks that joblib writes between the opcodes of a pickle."""

import re

from . import Unreadable
from .values import Dtype, Global, Items

WRAPPERS = {
    "joblib.numpy_pickle.NumpyArrayWrapper",
    "sklearn.externals.joblib.numpy_pickle.NumpyArrayWrapper",
}
WRAPPER_PARTS = ("ArrayWrapper", "numpy_pickle")
"""Other names with these in them reach a wrapper by another way, or are joblib's before 0.10."""

_CODE = re.compile(r"[biufcmMOSUV](\d{1,9})\Z")


OBJECT_FLAGS = 3
"""NPY_ITEM_REFCOUNT and NPY_LIST_PICKLE: numpy believes a pickle's own word on whether items are pointers."""


def dtype_of(arguments):
    """The Dtype that `numpy.dtype(*arguments)` makes. Raises Unreadable where that cannot be told."""
    first = arguments[0] if isinstance(arguments, tuple) and arguments else None
    if isinstance(first, Global) and first.name == "numpy.record":
        return Dtype(None, False)
    match = _CODE.match(first) if isinstance(first, str) else None
    if match is None:
        raise _unknown()
    size = int(match.group(1))
    return Dtype(size * 4 if first[0] == "U" else size, first[0] == "O")


def set_dtype(dtype, state):
    """Applies a dtype's pickled state: (version, byte order, subarray, names, fields, size, alignment, flags, …).

    numpy takes this state as it is. One that contradicts itself would have it read bytes of the file as pointers, so
    anything but what numpy itself writes is refused.
    """
    if dtype.is_set or not isinstance(state, tuple) or len(state) < 8:
        raise _strange("a dtype's state")
    subarray, fields, size, flags = state[2], state[4], state[5], state[7]
    if type(size) is not int or type(flags) is not int or size not in (-1, dtype.size) and dtype.size is not None:
        raise _strange("a dtype's size")
    if dtype.size is None:
        dtype.size = size
    if subarray is not None:
        dtype.objects = _objects_of_subarray(subarray, dtype.size)
    elif fields is not None:
        dtype.objects = _objects_of_fields(fields, dtype.size)
    if flags & OBJECT_FLAGS != (OBJECT_FLAGS if dtype.objects else 0):
        raise _strange("a dtype's flags")
    dtype.is_set = True


def _objects_of_subarray(subarray, size):
    base, shape = subarray if isinstance(subarray, tuple) and len(subarray) == 2 else (None, None)
    if not isinstance(base, Dtype) or not isinstance(shape, tuple) or _product(shape) * base.size != size:
        raise _strange("a dtype's subarray")
    return base.objects


def _objects_of_fields(fields, size):
    if not isinstance(fields, Items) or not fields.whole:
        raise _strange("a dtype's fields")
    objects = False
    for field in fields.entries.values():
        inner, offset = field[:2] if isinstance(field, tuple) and len(field) >= 2 else (None, None)
        if not isinstance(inner, Dtype) or type(offset) is not int or not 0 <= offset <= size - inner.size:
            raise _strange("a dtype's fields")
        objects = objects or inner.objects
    return objects


def skip_block(state, source, read_nested):
    """Passes over the block of a wrapper with the pickled `state`; `read_nested` reads a pickle in its place."""
    if not isinstance(state, Items) or not state.whole:
        raise _strange("an array's state")
    entries = state.entries
    dtype, shape = entries.get("dtype"), entries.get("shape")
    if not isinstance(dtype, Dtype) or dtype.size is None:
        raise _unknown()
    if not isinstance(shape, tuple):
        raise _strange("an array's shape")
    count = _product(shape)
    if entries.get("order") not in ("C", "F"):
        raise _strange("an array's order")
    if dtype.objects:
        read_nested()
        return
    alignment = entries.get("numpy_array_alignment_bytes")
    if alignment is not None:
        source.skip(source.read(1)[0])
    source.skip(count * dtype.size)


def _product(shape):
    count = 1
    for length in shape:
        if type(length) is not int or not 0 <= length < 1 << 62:
            raise _strange("an array's shape")
        count *= length
        if count >= 1 << 62:
            raise _strange("an array's shape")
    return count


def _unknown():
    return Unreadable("unknown-dtype", "It holds an array of a type that cannot be measured without numpy.")


def _strange(what):
    return Unreadable("strange-array", "It holds an array that joblib would not write: %s." % what)
