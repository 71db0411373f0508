"""A custom model for tests: answers with its input, or does what `{"do": …}` says."""

import collections
import dataclasses
import os
import sys

# So many labels that its card is worth packing.
schema = {"task": "echo", "input": {}, "output": {"type": "object"}, "labels": ["label %d" % n for n in range(200)]}


@dataclasses.dataclass
class Point:
    x: int


def load(path):
    print("echo loads from", os.path.basename(path))
    return {"calls": 0}


def predict(model, input, parameters):
    model["calls"] += 1
    if isinstance(input, dict) and "do" in input:
        return ACTIONS[input["do"]](input)
    if isinstance(input, bytes):
        return {"bytes": input, "length": len(input), "contentType": input.content_type}
    return {"input": input, "parameters": parameters}


def fail(input):
    raise ValueError(input.get("message", "it failed"))


def leave(input):
    sys.exit("leaving")


def interrupt(input):
    raise KeyboardInterrupt


def overflow(input):
    return overflow(input)


def say(input):
    print(input["line"])
    sys.stderr.write(input["line"] + " to stderr\n")
    return "said"


def nest(input):
    value = []
    value.append(value)
    return value


def numpy_values(input):
    import numpy

    return {
        "int": numpy.int64(3),
        "float": numpy.float32(0.5),
        "bool": numpy.bool_(True),
        "text": numpy.str_("a"),
        "array": numpy.array([[1, 2], [3, 4]]),
        numpy.int64(7): "key",
    }


def numpy_nan(input):
    import numpy

    return {"scores": numpy.array([0.5, float("nan")])}


ACTIONS = {
    "raise": fail,
    "exit": leave,
    "die": lambda input: os._exit(3),
    "interrupt": interrupt,
    "overflow": overflow,
    "say": say,
    "nest": nest,
    "nan": lambda input: {"scores": [0.5, float("nan")]},
    "infinity": lambda input: float("-inf"),
    "set": lambda input: {"labels": {"a", "b"}},
    "bytes": lambda input: b"\x00\xff",
    "tuple": lambda input: (1, collections.OrderedDict(a=(2,))),
    "dataclass": lambda input: [Point(1)],
    "generator": lambda input: (n for n in range(3)),
    "big": lambda input: "x" * input["size"],
    "escaped": lambda input: "\n" * input["size"],
    "surrogate": lambda input: "\ud800",
    "numpy": numpy_values,
    "numpy-nan": numpy_nan,
    "pid": lambda input: os.getpid(),
    "calls": lambda input: input,
}
