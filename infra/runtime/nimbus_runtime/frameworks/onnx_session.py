"""Running an ONNX graph: which file, on how many threads, and arrays made of JSON as its inputs want them."""

import os
import sys

from ..contract import json_type
from . import InputError
from .processors import threads

DTYPES = {
    "float": "float32",
    "double": "float64",
    "float16": "float16",
    "int8": "int8",
    "int16": "int16",
    "int32": "int32",
    "int64": "int64",
    "uint8": "uint8",
    "uint16": "uint16",
    "uint32": "uint32",
    "uint64": "uint64",
    "bool": "bool",
    "string": "object",
}
"""numpy's names of ONNX Runtime's types."""


def find(path):
    """The .onnx file at `path`, and the folder that may hold a tokenizer: None for a file alone.

    The same choice as in detection: model.onnx before others, then what lies in a folder onnx/.
    """
    if os.path.isfile(path):
        return path, None
    for folder in (path, os.path.join(path, "onnx")):
        names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        models = [name for name in names if name.lower().endswith(".onnx")]
        if len(models) == 1 or "model.onnx" in models:
            return os.path.join(folder, models[0] if len(models) == 1 else "model.onnx"), path
    raise FileNotFoundError("there is no ONNX model in %s" % path)


class Session:
    """An onnxruntime.InferenceSession on the processor, and its inputs."""

    def __init__(self, file):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads()
        options.inter_op_num_threads = 1
        options.log_severity_level = 4  # what fails is raised; its text in the log could hold an input
        # Threads that wait by spinning would take the processor from the other workers.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        self.inputs = {value.name: Value(value) for value in self._session.get_inputs()}
        self.outputs = {value.name: Value(value) for value in self._session.get_outputs()}
        self.producer = self._session.get_modelmeta().producer_name
        state = onnxruntime.capi.onnxruntime_pybind11_state
        self._refusals = (state.InvalidArgument,)

    def run(self, feed):
        """The outputs as a list. Raises InputError where the graph refuses the inputs' shapes or types."""
        try:
            return self._session.run(None, feed)
        except self._refusals as error:
            raise InputError("input", "The model does not take this input: %s" % _first_line(error))


def _first_line(error):
    text = str(error).strip().splitlines()
    return text[0][:300] if text else type(error).__name__


class Value:
    """An input or output of the graph: its name, numpy's name of its type (None where it is no tensor), its shape."""

    def __init__(self, declared):
        self.name = declared.name
        kind = declared.type
        self.kind = kind
        self.dtype = DTYPES.get(kind[len("tensor(") : -1]) if kind.startswith("tensor(") else None
        self.shape = list(declared.shape or [])
        self.is_scalar_or_unknown = not self.shape

    @property
    def is_float(self):
        return self.dtype in ("float32", "float64", "float16")

    def columns(self):
        """The second dimension of a table, None where it may vary or there is none."""
        return self.shape[1] if len(self.shape) == 2 and isinstance(self.shape[1], int) else None

    def array(self, value, field):
        """numpy's array of JSON lists. Raises InputError that names `field`."""
        numpy = sys.modules["numpy"]
        if self.dtype is None:
            raise InputError(field, "%s is of the type %s, which JSON cannot give." % (self.name, self.kind))
        try:
            found = numpy.array(value, dtype=object if self.dtype == "object" else None)
        except ValueError:
            raise InputError(field, "%s has lists of different lengths." % self.name)
        self._check_type(found, field)
        self._check_shape(found, field)
        return found.astype(self.dtype, copy=False)

    def _check_type(self, found, field):
        wanted, kinds = self._wanted()
        if self.dtype == "object":
            strange = next((item for item in found.ravel().tolist() if not isinstance(item, str)), None)
            if strange is not None or None in found.ravel().tolist():
                raise InputError(field, "%s takes strings, not %s." % (self.name, json_type(strange)))
            return
        if found.size and found.dtype.kind not in kinds:
            what = {"U": "strings", "b": "booleans", "f": "fractions"}.get(found.dtype.kind, "other values")
            raise InputError(field, "%s takes %s, not %s." % (self.name, wanted, what))
        if found.size and self.dtype[:3] in ("int", "uin"):
            numpy = sys.modules["numpy"]
            limits = numpy.iinfo(self.dtype)
            if found.min() < limits.min or found.max() > limits.max:
                raise InputError(field, "%s takes numbers from %d to %d." % (self.name, limits.min, limits.max))

    def _wanted(self):
        if self.dtype == "bool":
            return "booleans", "b"
        return ("numbers", "iuf") if self.is_float else ("whole numbers", "iu")

    def _check_shape(self, found, field):
        if self.is_scalar_or_unknown:
            return
        fits = found.ndim == len(self.shape) and all(
            not isinstance(wanted, int) or wanted == size for wanted, size in zip(self.shape, found.shape)
        )
        if not fits:
            raise InputError(
                field, "%s has the shape %s; it takes %s." % (self.name, list(found.shape), self.shape_text())
            )

    def shape_text(self):
        """`[batch, 4]`; `?` where a dimension has no name."""
        return "[%s]" % ", ".join("?" if size is None else str(size) for size in self.shape)
