"""Tells what loading a pickle would import, without running any of it.

Run as `python -I -S pickle_reader.py FILE`. Prints one JSON document:

    {"kind": "pickle" | "joblib" | "torch", "compression": "none" | "zlib" | …,
     "globals": ["sklearn.pipeline.Pipeline", …],
     "archive": what a file of PyTorch holds (pickle_reading/torch_files.py; "legacy" for an older file) or null,
     "operators": ["torchvision.nms", …], of TorchScript code and not PyTorch's own,
     "dotted": [names whose part after the module has a dot], "versions": {"_sklearn_version": "1.9.1"},
     "root": name of the outermost object's class or null, "holds": {key of an outermost dict or position in an
     outermost tuple: name of the class of the object there}, "text": whether it holds a vectorizer of texts,
     "sha256": …, "bytes": size of the file, "error": {"code", "message"} where it cannot be read to its end}

Globals found before an error are still listed. The exit code is 0 whenever the document was printed.
"""

import hashlib
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from pickle_reading import Unreadable  # noqa: E402
from pickle_reading.machine import Findings, Machine  # noqa: E402
from pickle_reading.streams import Source, compression_of  # noqa: E402
from pickle_reading.torch_files import LEGACY_HEAD, ZIP_HEAD, Archive, read_legacy  # noqa: E402
from pickle_reading.values import Items, Thing  # noqa: E402

SECONDS = 60
"""How long reading may take: a forest of 1 GB takes a third of it."""

KEPT_CODES = ("empty", "not-an-archive", "strange-archive")
"""Errors that say more of a file that is no pickle than that it is none."""

TEXT_VECTORIZERS = ("CountVectorizer", "HashingVectorizer", "TfidfVectorizer")


def read(path):
    """The document for the file at `path`, as a dict. Raises OSError where it cannot be opened."""
    findings = Findings()
    document = {"kind": "pickle", "compression": "none", "root": None, "holds": {}, "archive": None}
    with open(path, "rb") as file:
        before = os.fstat(file.fileno())
        document["bytes"] = before.st_size
        document["sha256"] = _sha256(file)
        file.seek(0)
        try:
            document["root"] = _walk(file, document, findings)
            after = os.fstat(file.fileno())
            if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
                raise Unreadable("changed", "The file changed while it was read.")
        except Unreadable as error:
            if document["compression"] == "none" and error.code not in KEPT_CODES and not findings.is_begun:
                error = Unreadable("not-a-pickle", "The file is not a pickle.")
            document["error"] = {"code": error.code, "message": str(error)}
        except _unpacking_errors() as error:
            document["error"] = {"code": "damaged", "message": "Unpacking it failed: %s." % error}
    if findings.arrays:
        document["kind"] = "joblib"
    if findings.is_torch:
        document["kind"] = "torch"
    names = list(findings.globals)
    document["operators"] = sorted(findings.operators)
    document["globals"] = names
    document["dotted"] = [name for name, dotted in findings.globals.items() if dotted]
    document["versions"] = findings.versions
    document["text"] = any(name.rpartition(".")[2] in TEXT_VECTORIZERS for name in names)
    return document


def _walk(file, document, findings):
    head = file.peek(len(LEGACY_HEAD))
    if not head:
        raise Unreadable("empty", "The file is empty.")
    if head.startswith(ZIP_HEAD):
        archive = Archive(file, findings, SECONDS)
        document["archive"] = archive.format
        archive.read()
        value = archive.value
    elif head.startswith(LEGACY_HEAD):
        document["archive"] = "legacy"
        value = read_legacy(file, findings, SECONDS)
    else:
        value = _walk_pickle(file, head, document, findings)
    if isinstance(value, Items):
        document["holds"] = _things(value.entries.items())
        return "builtins.dict"
    if isinstance(value, tuple):
        document["holds"] = _things(enumerate(value))
        return "builtins.tuple"
    return value.kind if isinstance(value, Thing) else None


def _walk_pickle(file, head, document, findings):
    document["compression"] = compression_of(head)
    source = Source(file, document["compression"], SECONDS)
    value = Machine(source, findings).load()
    if not source.ended():
        raise Unreadable("trailing-data", "Something follows the end of the pickle.")
    return value


def _things(entries):
    return {str(key): value.kind for key, value in entries if isinstance(value, Thing)}


def _unpacking_errors():
    """What the decompressors of this Python raise for a cut or damaged file."""
    errors = [EOFError, OSError, ValueError]
    for module, name in (("zlib", "error"), ("lzma", "LZMAError")):
        try:
            errors.append(getattr(__import__(module), name))
        except ImportError:
            pass
    return tuple(errors)


def _sha256(file):
    digest = hashlib.sha256()
    for block in iter(lambda: file.read(1 << 20), b""):
        digest.update(block)
    return digest.hexdigest()


def main(arguments):
    if len(arguments) != 1:
        sys.stderr.write("usage: python -I -S pickle_reader.py FILE\n")
        return 2
    try:
        document = read(arguments[0])
    except OSError as error:
        document = {"error": {"code": "cannot-open", "message": "The file cannot be opened: %s." % error.strerror}}
    json.dump(document, sys.stdout)
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
