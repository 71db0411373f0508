"""Writes hostile pickles into the folder given and prints what the reader must say of each.

Loading one would make the file `canary` in the same folder; reading must never do so. What is printed is, by name, a
global that must be listed, the code of an error, or null where there is nothing to find.
"""

import bz2
import json
import lzma
import os
import pickle
import struct
import sys
import zlib
from pathlib import Path

import lz4.frame

FOLDER = Path(sys.argv[1])
CANARY = str(FOLDER / "canary")
MODULE, FUNCTION = os.system.__module__, os.system.__name__
EVIL = MODULE + "." + FUNCTION


class Command:
    def __reduce__(self):
        return os.system, ("echo > '%s'" % CANARY,)


class Evaluated:
    def __reduce__(self):
        return eval, ("open(%r, 'w')" % CANARY,)


def short(text):
    """SHORT_BINUNICODE"""
    data = text.encode()
    return b"\x8c" + bytes([len(data)]) + data


def long(text):
    """BINUNICODE"""
    return b"X" + struct.pack("<I", len(text)) + text.encode()


def imported(module, name):
    """STACK_GLOBAL"""
    return short(module) + short(name) + b"\x93"


def line(module, name):
    """The operands of GLOBAL and INST"""
    return (module + "\n" + name + "\n").encode()


def frame(size):
    return b"\x95" + struct.pack("<Q", size)


TEXT = "echo > '%s'" % CANARY
CALL = short(TEXT) + b"\x85R"
V2, V4 = b"\x80\x02", b"\x80\x04"
SYSTEM = imported(MODULE, FUNCTION)
WRAPPER = imported("joblib.numpy_pickle", "NumpyArrayWrapper")


def dtype(code, fields, flags=0):
    """A numpy dtype with its state."""
    size = b"J" + struct.pack("<i", int(code[1:]) if code[0] == "V" else -1)
    state = b"(K\x03" + short("|") + b"N" + b"N" + fields + size + size + b"K" + bytes([flags]) + b"t"
    return imported("numpy", "dtype") + short(code) + b"\x89\x88\x87R" + state + b"b"


def field(inner, offset=b"K\0"):
    return short("x") + inner + offset + b"\x86"


def wrapper_state(shape=b"K\x04"):
    """A wrapper of joblib's as it writes it, but for the frame, up to its BUILD."""
    entries = {
        "subclass": imported("numpy", "ndarray"),
        "shape": shape + b"\x85",
        "order": short("C"),
        "dtype": imported("numpy", "dtype") + short("f8") + b"\x89\x88\x87R",
        "allow_mmap": b"\x89",
        "numpy_array_alignment_bytes": b"K\x10",
    }
    return WRAPPER + b")\x81}(" + b"".join(short(name) + value for name, value in entries.items()) + b"ub"


def bomb(compressor):
    """One string of 200 MB of zeros."""
    parts = [compressor.compress(V4 + b"\x8e" + struct.pack("<Q", 200_000_000))]
    block = bytes(10_000_000)
    parts += [compressor.compress(block) for _ in range(20)]
    return b"".join(parts) + compressor.compress(b".") + compressor.flush()


class Stored:
    """A compressor that leaves everything as it is."""

    def compress(self, data):
        return data

    def flush(self):
        return b""


CALLS = {
    "in-a-list": pickle.dumps([1, {"a": (Command(),)}]),
    "global": V2 + b"c" + line(MODULE, FUNCTION) + long(TEXT) + b"\x85R.",
    "inst": b"(" + long(TEXT) + b"i" + line(MODULE, FUNCTION) + b".",
    "obj": b"(c" + line(MODULE, FUNCTION) + long(TEXT) + b"o.",
    "memo": V4 + short(MODULE) + b"q\x05" + short(FUNCTION) + b"\x940" + b"0h\x05h\x01\x93" + CALL + b".",
    "memo-far": V4 + short(FUNCTION) + b"r\0\0\0\x700" + short(MODULE) + b"j\0\0\0\x70\x93" + CALL + b".",
    "dup": V4 + short(MODULE) + b"20" + short(FUNCTION) + b"\x93" + CALL + b".",
    "popped": V4 + SYSTEM + CALL + b"0N.",
    "newobj": V4 + SYSTEM + short(TEXT) + b"\x85\x81.",
    "as-state": V4 + imported("collections", "OrderedDict") + b")R" + SYSTEM + CALL + b"b.",
    "framed": V4 + frame(len(SYSTEM + CALL) + 1) + SYSTEM + CALL + b".",
}
"""Ways to call os.system."""

OTHERS = {
    "eval": (pickle.dumps(Evaluated()), "builtins.eval"),
    "python2-name": (V2 + b"c__builtin__\neval\n" + b"U\x011\x85R.", "builtins.eval"),
    "dotted": (V4 + imported("sklearn.base", "warnings.sys.modules") + b".", "sklearn.base.warnings.sys.modules"),
    "nested": (V4 + imported("pickle", "loads") + b"C\x05" + V4 + b"K\x01." + b"\x85R.", "pickle.loads"),
    "computed-name": (V4 + b"V" + MODULE.encode() + b"\nV\\u0073ystem\n\x93" + CALL + b".", "computed-name"),
    "name-from-a-call": (
        V4 + imported("builtins", "str") + short(MODULE) + b"\x85R" + short(FUNCTION) + b"\x93" + CALL + b".",
        "computed-name",
    ),
    "extension": (V2 + b"\x82\x01.", "extension"),
    "persistent": (V2 + b"U\x01aQ.", "persistent-id"),
    "persistent-line": (V2 + b"Pabc\n.", "persistent-id"),
    "out-of-band": (b"\x80\x05\x97.", "out-of-band"),
    "after-stop": (pickle.dumps(1) + pickle.dumps(Command()), "trailing-data"),
    "after-stop-packed": (zlib.compress(pickle.dumps(1)) + zlib.compress(pickle.dumps(Command())), "trailing-data"),
    "new-protocol": (b"\x80\x09N.", "new-protocol"),
    "patching": (V4 + imported("joblib.logger", "Logger") + b"}" + short("a") + b"Nsb.", "strange-build"),
}

# joblib passes over a block where these files have opcodes: what it loads would not be what stands there.
HIDDEN = {
    "in-a-frame": (V4 + frame(len(wrapper_state()) + 50) + wrapper_state() + b"\0" + bytes(200), "malformed"),
    "copy": (V4 + imported("copy", "copy") + WRAPPER + b")\x81\x85R.", "strange-array"),
    "class": (V4 + imported("builtins", "list") + b"(" + WRAPPER + b"l\x85R.", "strange-array"),
    "class-in-a-tuple": (V4 + imported("builtins", "list") + WRAPPER + b"\x85\x85R.", "strange-array"),
    "arguments": (V4 + imported("builtins", "list") + WRAPPER + b"NN\x87\x85R.", "strange-array"),
    "call": (V4 + WRAPPER + b")R.", "strange-array"),
    "alias": (V4 + imported("joblib.memory", "numpy_pickle.NumpyArrayWrapper") + b")\x81.", "strange-array"),
    "method": (V4 + imported("joblib.numpy_pickle", "NumpyPickler._create_array_wrapper") + b".", "strange-array"),
    # numpy would take the file's bytes for the addresses of objects.
    "pointers": (V4 + dtype("O8", b"N", flags=0) + b".", "strange-array"),
    "pointers-in-fields": (V4 + dtype("V8", b"}" + field(dtype("O8", b"N", flags=63)) + b"s", flags=16) + b".", "strange-array"),
    "field-outside": (V4 + dtype("V8", b"}" + field(dtype("f8", b"N"), offset=b"K\x08") + b"s", flags=16) + b".", "strange-array"),
    "dtype-otherwise": (V4 + imported("numpy", "dtype") + short("O8") + b"\x85\x81.", "strange-array"),
    "dtype-unknown": (V4 + imported("numpy", "dtype") + short("O") + b"\x85R.", "unknown-dtype"),
    "long": (V4 + wrapper_state(shape=b"\x8a\x07" + b"\xff" * 6 + b"\x7f"), "truncated"),
}

COSTLY = {
    "frame-over-end": (V4 + frame(1000) + b"N.", "truncated"),
    "frame-after-stop": (V4 + frame(4) + b"N." + b"00", "malformed"),
    "frame-in-frame": (V4 + frame(20) + frame(2) + b"N." + bytes(9), "malformed"),
    "opcode-over-frame": (V4 + frame(3) + short("abc") + b".", "malformed"),
    "unset-memo": (V4 + b"h\x07.", "malformed"),
    "empty-stack": (V4 + b"\x85.", "malformed"),
    "no-mark": (V4 + b"Nt.", "malformed"),
    "left-over": (V4 + b"NN.", "malformed"),
    "long-bytes": (V4 + b"\x8e" + struct.pack("<Q", 1 << 60) + b".", "truncated"),
    "long-text": (V4 + b"\x8d" + struct.pack("<Q", (1 << 64) - 1) + b".", "truncated"),
    "long-frame": (V4 + frame(1 << 62) + b"N.", "truncated"),
    "long-line": (V2 + b"c" + b"a" * 3_000_000, "truncated"),
    "many-values": (V4 + b"(" * 9_000_000, "too-large"),
    "many-names": (V2 + b"".join(b"c" + line("m", "n%d" % n) + b"0" for n in range(10_001)) + b"N.", "too-large"),
    "deep": (V4 + b"]" * 400_000 + b"a" * 399_999 + b".", None),
    "deep-tuples": (V4 + b")" + b"\x85" * 400_000 + b".", None),
    "doubling-tuples": (V4 + b")" + b"2\x86" * 400_000 + b".", None),
    "bomb-zlib": (bomb(zlib.compressobj(9)), "bomb"),
    "bomb-gzip": (bomb(zlib.compressobj(9, wbits=31)), "bomb"),
    "bomb-xz": (bomb(lzma.LZMACompressor(preset=0)), "bomb"),
    "bomb-bz2": (bomb(bz2.BZ2Compressor(9)), "bomb"),
    "bomb-lz4": (lz4.frame.compress(bomb(Stored())), "bomb"),
    # Blocks that unpack to nothing would be read for ever.
    "empty-lz4": (lz4.frame.compress(b"")[:7] + struct.pack("<I", 1) + b"\0" + bytes(4), "damaged"),
    "after-frame-lz4": (lz4.frame.compress(pickle.dumps(1)) + lz4.frame.compress(pickle.dumps(Command())), "trailing-data"),
}

FOLDER.mkdir(parents=True, exist_ok=True)
everything = dict({name: (data, EVIL) for name, data in CALLS.items()}, **OTHERS)
everything.update(("hidden-" + name, one) for name, one in HIDDEN.items())
everything.update(COSTLY)
for name, (data, _) in everything.items():
    (FOLDER / (name + ".pkl")).write_bytes(data)
print(json.dumps({name: expected for name, (_, expected) in everything.items()}))
