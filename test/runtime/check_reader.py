"""Holds the static reader against the real unpicklers, and against files that differ a little from honest ones.

    check_reader.py names FOLDER       by file: the globals that joblib really looked up, as JSON
    check_reader.py mutate FOLDER SEED COUNT
                                       reads COUNT damaged copies; prints those where an unpickler looked up a name that
                                       a reader without complaint did not list

NumPy reads past the end of memory, or asks for all of it, for some damaged types of arrays: damaged copies are unpickled
in processes of their own.
"""

import _compat_pickle
import io
import json
import os
import pickle
import random
import resource
import sys
import tempfile
import warnings
from pathlib import Path
from types import SimpleNamespace

from joblib import numpy_pickle

sys.path.insert(0, str(Path(__file__).parents[2] / "infra" / "runtime"))
import pickle_reader  # noqa: E402


def mapped(unpickler, module, name):
    if unpickler.proto < 3:
        if (module, name) in _compat_pickle.NAME_MAPPING:
            module, name = _compat_pickle.NAME_MAPPING[(module, name)]
        else:
            module = _compat_pickle.IMPORT_MAPPING.get(module, module)
    return module + "." + name


class Recording(numpy_pickle.NumpyUnpickler):
    """joblib's own, which notes what it looks up."""

    def find_class(self, module, name):
        self.names.append(mapped(self, module, name))
        return super().find_class(module, name)


class Inert:
    """Stands for everything a damaged file may name."""

    def __new__(cls, *arguments, **named):
        return object.__new__(cls)

    def __init__(self, *arguments, **named):
        pass

    def __setstate__(self, state):
        pass

    def append(self, item):
        pass

    def extend(self, items):
        pass

    def __setitem__(self, key, value):
        pass


MEMORY = 4 << 30  # bytes of address space
HARMLESS = ("numpy.dtype", "numpy.ndarray", "joblib.numpy_pickle.NumpyArrayWrapper")


class Restricted(Recording):
    """As Recording, but runs nothing of what it finds."""

    def find_class(self, module, name):
        whole = mapped(self, module, name)
        self.names.append(whole)
        return numpy_pickle.NumpyUnpickler.find_class(self, module, name) if whole in HARMLESS else Inert


def record_inner(unpickler):
    """Until 1.5 joblib read arrays of objects, pickles of their own in the file, with an unpickler that notes nothing."""

    def load(file):
        inner = pickle._Unpickler(file)
        inner.find_class = unpickler.find_class
        return inner.load()

    numpy_pickle.pickle = SimpleNamespace(**{**vars(pickle), "load": load})


def looked_up(kind, data, names):
    file = io.BytesIO(data)
    with numpy_pickle._validate_fileobject_and_memmap(file, "", None) as (stream, _):
        unpickler = kind("", stream, ensure_native_byte_order=True)
        unpickler.names = names
        record_inner(unpickler)
        try:
            unpickler.load()
        except Exception:
            if kind is Recording:
                raise
    return names


class Told:
    """Names that are known outside of this process as soon as they are looked up, however it ends."""

    def __init__(self, descriptor):
        self.descriptor = descriptor

    def append(self, name):
        os.write(self.descriptor, json.dumps(name).encode() + b"\n")


def looked_up_apart(data):
    """What a damaged copy looks up until it ends, or ends its process."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            looked_up(Restricted, data, Told(writing))
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, encoding="ascii") as names:
        found = [json.loads(name) for name in names]
    os.waitpid(child, 0)
    return found


def mutate(chance, data, others):
    data = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 5))):
        at = chance.randrange(len(data))
        length = chance.choice((1, 2, 9, 40))
        way = chance.randrange(6)
        if way == 0:
            data[at] = chance.randrange(256)
        elif way == 1:
            data[at] = chance.choice(OPCODES)
        elif way == 2:
            del data[at : at + length]
        elif way == 3:
            data[at:at] = data[at : at + length]
        elif way == 4:
            other = chance.choice(others)
            start = chance.randrange(len(other))
            data[at : at + chance.choice((0, length))] = other[start : start + length]
        else:
            data[at:at] = bytes([chance.choice(OPCODES)])
    return bytes(data)


OPCODES = [value[0] for name, value in vars(pickle).items() if name.isupper() and isinstance(value, bytes) and value]


def main(way, folder, *rest):
    warnings.simplefilter("ignore")
    files = sorted(Path(folder).glob("*"))
    if way == "names":
        return {file.name: sorted(set(looked_up(Recording, file.read_bytes(), []))) for file in files}
    chance = random.Random(int(rest[0]))
    contents = [file.read_bytes() for file in files if file.stat().st_size < 20_000]
    differing = []
    complaints = 0
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary) / "file"
        for _ in range(int(rest[1])):
            data = mutate(chance, chance.choice(contents), contents)
            if not data:
                continue
            file.write_bytes(data)
            document = pickle_reader.read(str(file))
            if "error" in document:
                complaints += 1
            elif not set(looked_up_apart(data)) <= set(document["globals"]):
                differing.append(data.hex())
    return {"differing": differing, "complaints": complaints}


print(json.dumps(main(*sys.argv[1:])))
