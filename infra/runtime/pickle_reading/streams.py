"""The bytes of a pickle file, unpacked, a bounded piece at a time."""

import os
import time

from . import Unreadable
from .lz4_frame import Unlz4
from .unpacked import Unpacked

MAX_RATIO = 200
"""A compressed file that unpacks to more times its size is a bomb; scikit-learn's zero-filled arrays stay below 100."""

FREE_BYTES = 64 << 20
"""What any compressed file may unpack to, however small it is."""

CHUNK_BYTES = 1 << 16

PREFIXES = (
    ("zlib", b"x"),
    ("gzip", b"\x1f\x8b"),
    ("bz2", b"BZ"),
    ("lzma", b"\x5d\x00"),
    ("xz", b"\xfd7zXZ"),
    ("lz4", b"\x04\x22M\x18"),
    ("compat", b"ZF"),
)
"""How joblib tells compressions apart, in its order: another order could read another file than the one it loads."""


class Source:
    """Reads forward only. Counts what it gave out and stops at the deadline and at a bomb."""

    def __init__(self, file, compression, seconds):
        size = os.fstat(file.fileno()).st_size
        self.compressed = compression != "none"
        opened = _Unzlib(file) if compression == "zlib" else _opened(file, compression)
        self._begin(opened, max(FREE_BYTES, size * MAX_RATIO) if self.compressed else size, seconds)

    @classmethod
    def of_member(cls, stream, packed_bytes, bytes_, seconds):
        """A file in an archive, already open."""
        source = cls.__new__(cls)
        source.compressed = True  # it cannot seek quickly, and its sizes are only what the archive says
        source._begin(stream, min(bytes_, max(FREE_BYTES, packed_bytes * MAX_RATIO)), seconds)
        return source

    def _begin(self, stream, limit, seconds):
        self.limit = limit
        self.at = 0
        self.deadline = time.monotonic() + seconds
        self._file = stream

    def read(self, count):
        """Exactly `count` bytes. Raises Unreadable where there are fewer."""
        if self.at + count > self.limit:
            self._over()
        if count <= CHUNK_BYTES:
            data = self._file.read(count)
        else:
            data = self._read_long(count)
        if len(data) < count:
            raise Unreadable("truncated", "The file ends in the middle, after %d bytes." % (self.at + len(data)))
        self.at += count
        return data

    def line(self, most):
        """Up to and without the next newline; None where the line is longer than `most` bytes, which it then skips."""
        line = self._file.readline(most + 1)
        self.at += len(line)
        if line.endswith(b"\n"):
            return line[:-1]
        while True:
            if self.at > self.limit:
                self._over()
            self.check_time()
            more = self._file.readline(CHUNK_BYTES)
            self.at += len(more)
            if not more:
                raise Unreadable("truncated", "The file ends in the middle of a line.")
            if more.endswith(b"\n"):
                return None

    def skip(self, count):
        """Passes over `count` bytes."""
        if self.at + count > self.limit:
            self._over()
        if not self.compressed:
            self._file.seek(count, os.SEEK_CUR)
            self.at += count
            return
        end = self.at + count
        while self.at < end:
            self.check_time()
            self.read(min(CHUNK_BYTES, end - self.at))

    def ended(self):
        """Whether nothing follows."""
        return not self._file.read(1)

    def check_time(self):
        if time.monotonic() > self.deadline:
            raise Unreadable("too-long", "Reading the file takes too long.")

    def _read_long(self, count):
        parts = []
        while count > 0:
            self.check_time()
            part = self._file.read(min(CHUNK_BYTES, count))
            if not part:
                break
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def _over(self):
        if self.compressed:
            raise Unreadable("bomb", "The file unpacks to more than %d MB." % (self.limit >> 20))
        raise Unreadable("truncated", "The file ends before what it announces.")


def compression_of(head):
    """The name of a file's compression by its first bytes: one of PREFIXES or `none`."""
    return next((name for name, prefix in PREFIXES if head.startswith(prefix)), "none")


def _opened(file, compression):
    if compression == "none":
        return file
    if compression == "lz4":
        return Unlz4(file)
    if compression == "compat":
        raise Unreadable("old-joblib", "The file was saved by joblib before 0.10. Save it again with a newer joblib.")
    try:
        if compression == "gzip":
            import gzip

            return gzip.GzipFile(fileobj=file)
        if compression == "bz2":
            import bz2

            return bz2.BZ2File(file)
        import lzma

        return lzma.LZMAFile(file, format=lzma.FORMAT_ALONE if compression == "lzma" else lzma.FORMAT_XZ)
    except ImportError:
        raise Unreadable("no-" + compression, "This Python was built without %s." % compression)


class _Unzlib(Unpacked):
    """A zlib stream as a file. Memory stays bounded whatever the stream says."""

    def __init__(self, file):
        import zlib

        super().__init__(file)
        self._stream = zlib.decompressobj()

    def _more(self):
        self._position = 0
        self._ready = b""
        while not self._ready:
            if self._stream.eof:
                if self._stream.unused_data or self._file.read(1):
                    raise Unreadable("trailing-data", "Something follows the end of the compressed data.")
                return False
            packed = self._stream.unconsumed_tail or self._file.read(CHUNK_BYTES)
            if not packed:
                return False
            self._ready = self._stream.decompress(packed, CHUNK_BYTES)
        return True
