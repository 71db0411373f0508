"""LZ4 frames, which joblib writes with `compress="lz4"` and Python cannot unpack by itself.

After the format's own descriptions (lz4_Frame_format.md and lz4_Block_format.md of lz4). Stricter than lz4 itself where a
file could mean two things: what is refused here is at worst not deployed, what is accepted reads as lz4 reads it. Its
checksums are not verified: lz4 does so before it loads anything.
"""

import struct

from . import Unreadable
from .unpacked import Unpacked

MAGIC = b"\x04\x22M\x18"
HISTORY_BYTES = 1 << 16
"""How far back a match may reach."""

BLOCK_BYTES = {4: 1 << 16, 5: 1 << 18, 6: 1 << 20, 7: 1 << 22}
"""What a block may unpack to, by its number in the header."""

LEAST_MATCH = 4
STORED = 1 << 31
"""In a block's size: it is not packed."""


class Unlz4(Unpacked):
    """One LZ4 frame as a file. Memory stays below three times the largest block (4 MB), whatever the frame says."""

    def __init__(self, file):
        super().__init__(file)
        self._history = b""
        self._ended = False
        self._bytes = 0
        if self._exactly(4) != MAGIC:
            raise ValueError("it is no LZ4 frame")
        flags, sizes = self._exactly(2)
        if flags >> 6 != 1 or flags & 2 or sizes & 0x8F or sizes >> 4 not in BLOCK_BYTES:
            raise ValueError("its header is of no version that is known")
        if flags & 1:
            raise ValueError("it needs a dictionary")
        self._is_linked = not flags & 0x20
        self._block_checksum = 4 if flags & 0x10 else 0
        self._content_bytes = struct.unpack("<Q", self._exactly(8))[0] if flags & 8 else None
        self._content_checksum = 4 if flags & 4 else 0
        self._block_bytes = BLOCK_BYTES[sizes >> 4]
        self._exactly(1)  # the header's checksum

    def _more(self):
        self._position = 0
        self._ready = b""
        while not self._ready:
            if self._ended:
                if self._file.read(1):
                    raise Unreadable("trailing-data", "Something follows the end of the compressed data.")
                return False
            (size,) = struct.unpack("<I", self._exactly(4))
            if size == 0:
                self._end()
                continue
            packed = self._exactly(self._sized(size & ~STORED))
            self._exactly(self._block_checksum)
            self._ready = packed if size & STORED else unpack_block(packed, self._history, self._block_bytes)
            if not self._ready:
                raise ValueError("a block of it is empty")  # a file of nothing else would be read for hours
            self._bytes += len(self._ready)
            if self._is_linked:
                self._history = (self._history + self._ready)[-HISTORY_BYTES:]
        return True

    def _end(self):
        self._exactly(self._content_checksum)
        if self._content_bytes is not None and self._content_bytes != self._bytes:
            raise ValueError("it unpacks to another size than its header says")
        self._ended = True

    def _sized(self, size):
        if size > self._block_bytes:
            raise ValueError("a block of it is larger than its header allows")
        return size

    def _exactly(self, count):
        data = self._file.read(count)
        if len(data) < count:
            raise EOFError("it ends in the middle")
        return data


def unpack_block(packed, history, most):
    """The bytes of one block; `history` are those before it that it may repeat. Raises ValueError."""
    out = bytearray(history)
    start = len(history)
    most += start
    at = 0
    end = len(packed)
    try:
        while True:
            token = packed[at]
            at += 1
            count = token >> 4
            if count == 15:
                count, at = _long(packed, at, count)
            if at + count > end or len(out) + count > most:
                raise ValueError("a block of it is damaged")
            out += packed[at : at + count]
            at += count
            if at == end:
                return bytes(out[start:])  # the last sequence has no match
            offset = packed[at] | packed[at + 1] << 8
            at += 2
            count = token & 15
            if count == 15:
                count, at = _long(packed, at, count)
            count += LEAST_MATCH
            begin = len(out) - offset
            if offset == 0 or begin < 0 or len(out) + count > most:
                raise ValueError("a block of it is damaged")
            if count <= offset:
                out += out[begin : begin + count]
            else:  # it repeats what it has just written
                piece = out[begin:]
                out += (piece * (count // offset + 1))[:count]
    except IndexError:
        raise ValueError("a block of it ends in the middle")


def _long(packed, at, count):
    """A count that goes on in further bytes."""
    while True:
        byte = packed[at]
        at += 1
        count += byte
        if byte != 255:
            return count, at
