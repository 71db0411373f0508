"""What ONNX Runtime does not tell of a model: its operators, and the classes that its classifier names.

A small walk over the protobuf messages of the file; weights are skipped, and nothing but the file is needed.
"""

import mmap

CLASS_ATTRIBUTES = (b"classlabels_strings", b"classlabels_int64s", b"classlabels_ints")

_INT64, _STRING, _INT32 = 7, 8, 6
"""Of TensorProto.DataType."""


class Graph:
    """`name`; `operators` in their order; `classes` are lists of labels in the order in which the graph names them."""

    def __init__(self):
        self.name = ""
        self.operators = []
        self.classes = []

    def labels(self, count):
        """The classes of a classifier with `count` of them; None where the graph names none."""
        return next((labels for labels in reversed(self.classes) if len(labels) == count), None)


def read(path):
    """The Graph of the file at `path`. Raises ValueError where it is no ONNX model."""
    graph = Graph()
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for number, value in _fields(data, slice(0, len(data))):
            if number == 7:
                _read_graph(data, value, graph)
    return graph


def _read_graph(data, message, graph):
    named = []
    for number, value in _fields(data, message):
        if number == 1:
            _read_node(data, value, graph)
        elif number == 2:
            graph.name = data[value].decode("utf-8", "replace")
        elif number == 5:
            labels = _classes_of_tensor(data, value)
            if labels:
                named.append(labels)
    graph.classes[:0] = named  # a classifier's own attribute says it for certain


def _read_node(data, message, graph):
    for number, value in _fields(data, message):
        if number == 4:
            graph.operators.append(data[value].decode("utf-8"))
        elif number == 5:
            labels = _classes_of_attribute(data, value)
            if labels:
                graph.classes.append(labels)


def _classes_of_attribute(data, message):
    labels, is_classes = [], False
    for number, value in _fields(data, message):
        if number == 1:
            is_classes = data[value] in CLASS_ATTRIBUTES
            if not is_classes:
                return None
        elif number == 8:
            labels += _varints(data, value)
        elif number == 9:
            labels.append(data[value].decode("utf-8"))
    return [_signed(label) for label in labels] if is_classes else None


def _classes_of_tensor(data, message):
    """skl2onnx keeps the classes of some classifiers as a weight that bears their name."""
    name, kind, labels, raw = b"", 0, [], None
    for number, value in _fields(data, message):
        if number == 8:
            name = data[value]
        elif number == 2:
            kind = value
        elif number in (5, 7):
            labels.append(value)
        elif number == 6:
            labels.append(data[value].decode("utf-8"))
        elif number == 9:
            raw = value
    if not name.startswith(b"classes") or kind not in (_INT32, _INT64, _STRING):
        return None
    if raw is not None:
        size, content = (8 if kind == _INT64 else 4), data[raw]
        return [int.from_bytes(content[at : at + size], "little", signed=True) for at in range(0, len(content), size)]
    if kind == _STRING:
        return labels
    return [_signed(label) for value in labels for label in _varints(data, value)]


def _fields(data, message):
    """Number and value of each field of a message: an int of a varint, else the slice of its bytes."""
    at, end = message.start, message.stop
    while at < end:
        key, at = _varint(data, at, end)
        wire = key & 7
        if wire == 0:
            value, at = _varint(data, at, end)
        else:
            size = {1: 8, 5: 4}.get(wire)
            if wire == 2:
                size, at = _varint(data, at, end)
            if size is None or at + size > end:
                raise ValueError("the file is no ONNX model, or is cut short")
            value = slice(at, at + size)
            at += size
        yield key >> 3, value


def _varint(data, at, end):
    value = shift = 0
    while True:
        if at >= end or shift > 63:
            raise ValueError("the file is no ONNX model, or is cut short")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _varints(data, value):
    """The numbers of a repeated field: one by itself, or many packed."""
    if isinstance(value, int):
        return [value]
    at, found = value.start, []
    while at < value.stop:
        number, at = _varint(data, at, value.stop)
        found.append(number)
    return found


def _signed(label):
    return label - (1 << 64) if isinstance(label, int) and label >= 1 << 63 else label
