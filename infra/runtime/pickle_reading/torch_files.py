"""Files of PyTorch: archives that hold pickles, and the older files that are several pickles in a row.

Which of an archive's files are read as pickles is decided as torch.load, torch.jit.load and torch.export.load do it. An
archive that readers of ZIP files may understand in different ways is refused: what was read here must be what PyTorch
loads.
"""

import re
import zipfile

from . import Unreadable
from .machine import Machine
from .streams import Source
from .torch_exports import MOST_BYTES, OWN_OPERATORS, Documents

ZIP_HEAD = b"PK\x03\x04"
LEGACY_HEAD = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""A pickle of PyTorch's magic number: how torch.save began files before 1.6."""

LEGACY_PICKLES = 5
"""Magic number, protocol, facts on the machine, the object itself, the keys of the tensors' data, which follows."""

MOST_ENTRIES = 200_000
MOST_CODE_BYTES = 64 << 20
MOST_NESTED = 2

PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

OPERATORS = re.compile(rb"\b(?:torch\.(?:from_file|save)(?=\()|ops\.[A-Za-z_]\w*\.[A-Za-z_]\w*)")
"""What TorchScript code may call beside mathematics: files, and operators of extensions."""

MARKERS = ("/", "version", "byteorder", "archive_format", "serialization_id", ".format_version", ".storage_alignment")
UNREAD = ("/extra/", "/.data/")
"""Files of torch.export's archives that say how they were written, or that it only hands on."""


def read_legacy(file, findings, seconds):
    """Reads an older file; answers with the outline of its object. Raises Unreadable."""
    findings.is_torch = True
    source = Source(file, "none", seconds)
    if file.peek(512)[257:262] == b"ustar":  # torch.load would read it as an archive of another kind
        raise _strange()
    values = [Machine(source, findings).load() for _ in range(LEGACY_PICKLES)]
    return values[3]


class Archive:
    """A ZIP archive of PyTorch. `read()` walks over all its pickles; `format` is what it holds, `value` its outline.

    `format` is `tensors` (torch.save), `script` (TorchScript), `export` (torch.export), `compiled` (machine code),
    or `package` (torch.package).
    """

    def __init__(self, file, findings, seconds, depth=0):
        self.findings = findings
        self.seconds = seconds
        self.depth = depth
        self.value = None
        findings.is_torch = True
        try:
            self.zip = zipfile.ZipFile(file)
        except zipfile.BadZipFile:
            raise Unreadable("not-an-archive", "The archive is cut off or damaged.")
        self.entries = self.zip.infolist()
        self._check()
        self.prefix = self.entries[0].filename.partition("/")[0] + "/"
        self.names = {info.filename: info for info in self.entries}
        self.format = self._format()
        if self.format == "other":
            raise Unreadable("not-a-pickle", "It is an archive, and not one of PyTorch.")
        findings.is_archive = True

    def read(self):
        """Reads each pickle in it. Raises Unreadable."""
        if self.format == "export":
            self._read_export()
        elif self.format in ("tensors", "script"):
            for info in self.entries:
                name = info.filename
                if name.endswith(".pkl"):
                    value = self._pickle(info)
                    if name == self.prefix + "data.pkl":
                        self.value = value
                elif self.format == "script" and "/code/" in name:
                    self._read_code(info)

    def _check(self):
        if not self.entries:
            raise Unreadable("empty", "The archive is empty.")
        if len(self.entries) > MOST_ENTRIES:
            raise Unreadable("too-large", "The archive holds more than %d files." % MOST_ENTRIES)
        seen = set()
        for info in self.entries:
            # PyTorch's reader of archives does not tell capitals from small letters.
            name = info.filename.lower()
            if name in seen or info.flag_bits & 1 or info.compress_type not in PACKED or "\0" in info.orig_filename:
                raise _strange()
            seen.add(name)
            info.CRC = None  # PyTorch can leave it out
        if self.zip.comment or min(info.header_offset for info in self.entries) != 0:
            raise _strange()

    def _format(self):
        names, prefix = self.names, self.prefix
        if "serialized_exported_program.json" in names:
            return "export"
        inside = [name[len(prefix) :] for name in names if name.startswith(prefix)]
        if any(name.startswith("data/aotinductor/") for name in inside):
            return "compiled"
        if ".data/extern_modules" in inside:
            return "package"
        if any(name.startswith("models/") and name.endswith(".json") for name in inside):
            return "export"
        # All of what PyTorch reads lies below the first entry's folder.
        if len(inside) != len(names):
            return "other"
        if "constants.pkl" in inside and any(name.startswith("code/") for name in inside):
            return "script"
        return "tensors" if "data.pkl" in inside else "other"

    def _read_export(self):
        documents = Documents(self.findings)
        others = []
        for info in self.entries:
            name = info.filename
            if name.endswith(".json"):
                with self._open(info) as stream:
                    documents.read(name, stream.read(MOST_BYTES + 1))
            elif not name.endswith(MARKERS) and not any(part in name for part in UNREAD):
                others.append(info)
        for info in others:
            if not documents.is_raw(info.filename.rpartition("/")[2]):
                self._loaded(info)

    def _loaded(self, info):
        """A file that torch.export.load unpickles, or may."""
        if info.file_size == 0:
            return
        with self._open(info) as stream:
            head = stream.read(len(ZIP_HEAD))
        if head == ZIP_HEAD:
            self._nested(info)
        else:
            self._pickle(info)

    def _nested(self, info):
        if self.depth >= MOST_NESTED:
            raise _strange()
        with self._open(info) as stream:
            inner = Archive(stream, self.findings, self.seconds, self.depth + 1)
            if inner.format not in ("tensors", "script"):
                raise _strange()
            inner.read()

    def _read_code(self, info):
        if info.file_size > MOST_CODE_BYTES:
            raise Unreadable("too-large", "Its code is too long to be checked.")
        with self._open(info) as stream:
            code = stream.read(MOST_CODE_BYTES)
        for found in OPERATORS.findall(code):
            name = found.decode("ascii")
            if name.startswith("torch."):
                self.findings.globals.setdefault(name, False)
            elif name.split(".")[1] not in OWN_OPERATORS:
                self.findings.operators.add(name[len("ops.") :])

    def _pickle(self, info):
        with self._open(info) as stream:
            source = Source.of_member(stream, info.compress_size, info.file_size, self.seconds)
            value = Machine(source, self.findings).load()
            if not source.ended():
                raise Unreadable("trailing-data", "Something follows the end of the pickle.")
            return value

    def _open(self, info):
        try:
            return self.zip.open(info)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
            raise Unreadable("damaged", "%s in the archive cannot be read." % info.filename)


def _strange():
    return Unreadable("strange-archive", "It is an archive that PyTorch would not write.")
