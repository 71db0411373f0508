"""Holds the reader of LZ4 frames against lz4 itself: `check_lz4.py SEED COUNT`.

Frames of every kind must unpack to what they were made of. Of damaged copies, those that both unpack must unpack to the
same. Prints, as JSON, the frames that differ and how many copies both unpacked and the reader refused.
"""

import io
import json
import random
import sys
from pathlib import Path

import lz4.frame

sys.path.insert(0, str(Path(__file__).parents[2] / "infra" / "runtime"))
from pickle_reading import Unreadable  # noqa: E402
from pickle_reading.lz4_frame import Unlz4  # noqa: E402


def content(chance):
    """Random bytes, runs and repetitions near and far, so that every kind of sequence comes up."""
    parts = [b""]
    size = chance.choice((0, 1, 12, 13, 300, 5000, 70_000, 300_000))
    total = 0
    while total < size:
        way = chance.randrange(4)
        length = chance.choice((1, 3, 14, 15, 16, 18, 19, 20, 270, 5000, 66_000))
        if way == 0:
            part = bytes(chance.randrange(256) for _ in range(min(length, 300)))
        elif way == 1:
            part = bytes([chance.randrange(256)]) * length
        elif way == 2:
            part = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 9))) * (length // 4 + 1)
        else:
            part = chance.choice(parts[-50:])
        parts.append(part)
        total += len(part)
    return b"".join(parts)[:size]


def frame(chance, data):
    options = {
        "block_size": chance.choice((0, 4, 5, 6, 7)),
        "block_linked": chance.random() < 0.5,
        "compression_level": chance.choice((-5, 0, 3, 9, 12)),
        "content_checksum": chance.random() < 0.2,
        "block_checksum": chance.random() < 0.2,
    }
    if chance.random() < 0.3:
        out = io.BytesIO()
        with lz4.frame.LZ4FrameFile(out, "wb", **options) as file:  # in pieces, as joblib writes it
            for at in range(0, len(data), 4096):
                file.write(data[at : at + 4096])
        return out.getvalue()
    return lz4.frame.compress(data, store_size=chance.random() < 0.5, **options)


def damaged(chance, packed):
    packed = bytearray(packed)
    at = chance.randrange(min(len(packed), chance.choice((16, 100, len(packed)))))
    way = chance.choice((0, 0, 0, 0, 1, 2, 3))
    if way == 0:
        packed[at] = chance.randrange(256)
    elif way == 1:
        del packed[at : at + chance.choice((1, 4, 30))]
    elif way == 2:
        packed[at:at] = packed[at : at + chance.choice((1, 4, 30))]
    else:
        packed += b"\0" * chance.randrange(1, 9)
    return bytes(packed)


def read(packed, chance):
    """What the reader makes of it, in pieces of any size; None where it refuses."""
    try:
        source = Unlz4(io.BytesIO(packed))
        parts = []
        while True:
            part = source.read(chance.choice((1, 100, 65_536, 1 << 20)))
            if not part:
                return b"".join(parts)
            parts.append(part)
    except (Unreadable, EOFError, ValueError):
        return None


def main(seed, count):
    chance = random.Random(seed)
    result = {"differing": [], "both": 0, "refused": 0}
    for _ in range(count):
        data = content(chance)
        packed = frame(chance, data)
        if read(packed, chance) != data:
            result["differing"].append(packed.hex()[:2000])
        broken = damaged(chance, packed)
        ours = read(broken, chance)
        if ours is None:
            result["refused"] += 1
            continue
        try:
            theirs = lz4.frame.decompress(broken)
        except RuntimeError:
            continue
        result["both"] += 1
        if theirs != ours:
            result["differing"].append(broken.hex()[:2000])
    return result


print(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]))))
