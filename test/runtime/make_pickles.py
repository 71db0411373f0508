"""Writes the pickles of pickles.test.ts into the folder given: honest ones, damaged ones and foreign files."""

import bz2
import gzip
import lzma
import pickle
import sys
import zlib
from pathlib import Path

import joblib
import numpy
import pandas
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

FOLDER = Path(sys.argv[1])
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def estimators():
    text = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(["a good one", "a bad one"], ["x", "y"])
    rows = numpy.arange(40.0).reshape(20, 2)
    forest = RandomForestClassifier(3, random_state=0).fit(rows, ["n", "y"] * 10)  # structured arrays in its trees
    words = pandas.DataFrame({"city": ["Oslo", "Lima"] * 10})
    encoder = OneHotEncoder().fit(words)  # object arrays, which joblib writes as pickles of their own
    return {"text": text, "forest": forest, "encoder": encoder}


def all_ways():
    """Each estimator by joblib and by pickle, with each compression and each protocol."""
    for name, estimator in estimators().items():
        for compression in (0, "zlib", "gzip", "bz2", "lzma", "xz", "lz4"):
            compress = (compression, 3) if compression else 0
            joblib.dump(estimator, FOLDER / ("%s-%s.joblib" % (name, compression or "none")), compress=compress)
        for protocol in PROTOCOLS:
            joblib.dump(estimator, FOLDER / ("%s-joblib%d.joblib" % (name, protocol)), protocol=protocol)
            (FOLDER / ("%s-pickle%d.pkl" % (name, protocol))).write_bytes(pickle.dumps(estimator, protocol))
        for packing, module in (("gzip", gzip), ("bz2", bz2), ("xz", lzma)):
            (FOLDER / ("%s-pickle-%s.dat" % (name, packing))).write_bytes(module.compress(pickle.dumps(estimator)))


def arrays():
    """Each kind of array: what follows its block is found only if exactly the block is passed over."""
    found = {
        "c": numpy.arange(6.0).reshape(2, 3),
        "fortran": numpy.asfortranarray(numpy.arange(600, dtype="<i2").reshape(20, 30)),
        "objects": numpy.array(["a", None, [1]], dtype=object),
        "objects-fortran": numpy.asfortranarray(numpy.array([["a", {}], [None, 1]], dtype=object)),
        "structured": numpy.zeros(5, dtype=[("x", "<f8"), ("name", "<U7"), ("deep", [("y", "i1")])]),
        "structured-objects": numpy.zeros(2, dtype=[("x", object), ("y", "i4")]),
        "texts": numpy.array(["ab", "cdefg"]),
        "bytes": numpy.array([b"ab", b"cdefg"]),
        "times": numpy.array(["2024-01-01"], dtype="datetime64[s]"),
        "big-endian": numpy.arange(3, dtype=">i8"),
        "complex": numpy.zeros(3, dtype=complex),
        "booleans": numpy.array([True, False]),
        "empty": numpy.zeros((0, 4)),
        "scalar": numpy.array(7.0),
        "matrix": numpy.matrix([[1.0]]),
    }
    estimator = estimators()["text"]
    for name, array in found.items():
        for protocol in (2, 5):
            around = [array, array, {"deep": (array,)}, estimator]
            joblib.dump(around, FOLDER / ("array-%s-%d.joblib" % (name, protocol)), protocol=protocol)


def damaged():
    whole = (FOLDER / "text-none.joblib").read_bytes()
    for cut in (1, 2, 10, len(whole) // 2, len(whole) - 1):
        (FOLDER / ("cut-%d.joblib" % cut)).write_bytes(whole[:cut])
    packed = (FOLDER / "text-gzip.joblib").read_bytes()
    (FOLDER / "cut-packed.joblib").write_bytes(packed[: len(packed) // 2])
    (FOLDER / "broken-packed.joblib").write_bytes(packed[:100] + bytes(20) + packed[120:])
    (FOLDER / "more.joblib").write_bytes(whole + b"more")


def foreign():
    files = {
        "empty": b"",
        "text": b"just some text\n",
        "png": b"\x89PNG\r\n\x1a\n" + bytes(100),
        "zip": b"PK\x03\x04" + bytes(100),
        "lz4": b"\x04\x22M\x18" + bytes(100),
        "old-joblib": b"ZF0x1                " + zlib.compress(b"x"),
        "random": bytes((n * 73 + 41) % 256 for n in range(5000)),
        "dict": pickle.dumps({"weights": [1, 2]}),
    }
    for name, data in files.items():
        (FOLDER / ("foreign-%s.pkl" % name)).write_bytes(data)


FOLDER.mkdir(parents=True, exist_ok=True)
all_ways()
arrays()
damaged()
foreign()
