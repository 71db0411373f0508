"""Programs of PyTorch: TorchScript (.pt, .ts) and torch.export (.pt2), with `labels.txt` or `labels.json` beside them.

Tensors come as nested lists, or as `{"dtype", "data"}`, by the names of the program's own arguments; they go out as
`{"tensors": {name: {"dtype", "shape", "data"}}}`. With labels the answer is that of a classifier.
"""

import json
import os
import re
import zipfile

from .. import torch_setup
from ..contract import json_type
from ..parameters import NONE, Parameters, integer
from . import Failed, InputError
from .answers import MOST_SCORES, SCHEMAS, ranked, several
from .torch_batches import Batches, keeps_state
from .torch_tensors import Argument, plain, tensor_of
from .torch_traces import traced_shapes

ENDINGS = (".pt", ".pth", ".pt2", ".ts", ".jit", ".torchscript")
WHOLE_NUMBERS = ("input_ids", "attention_mask", "token_type_ids", "position_ids", "decoder_input_ids")
"""Names by which texts' tokens are handed over: always whole numbers."""


class _Program:
    def __init__(self, call, arguments, labels, independent):
        self.arguments = arguments
        self.labels = labels
        # Each output is a probability of its own: several labels may apply.
        self.independent = independent
        self.batches = Batches(call, self._scores if labels else dict)

    @property
    def names(self):
        return [argument.name for argument in self.arguments]

    def _scores(self, tensors):
        """The score of each label, out of the program's output for one input."""
        scores = next(iter(tensors.values()))
        if scores.dim() == 2 and scores.shape[0] == 1:
            scores = scores[0]
        if scores.dim() != 1:
            message = "One input is one row: send several as a batch (the output is %s)." % list(scores.shape)
            raise InputError("input", message)
        scores = scores.float()
        if self.independent and len(scores) == 1 and len(self.labels) == 2:  # how sure it is of the second of two
            return {"either": scores}
        if len(scores) != len(self.labels):
            raise ValueError("the program has %d outputs and there are %d labels" % (len(scores), len(self.labels)))
        return {"scores": scores if self.independent or _is_distribution(scores) else scores.softmax(-1)}


def imports(path):
    torch_setup.prepare()
    import torch  # noqa: F401


def load(path):
    file = _file(path)
    program, arguments = _exported(file) if _is_export(file) else _scripted(file)
    labels = _labels(path) if os.path.isdir(path) else None
    return _Program(program, arguments, labels, labels is not None and _ends_in_sigmoid(program))


def parameters(model):
    if not model.labels:
        return NONE
    return Parameters({"top_k": integer(MOST_SCORES, None, 1, len(model.labels))}, example={"top_k": 1})


def predict(model, inputs, parameters):
    top = parameters.get("top_k")
    results = [None] * len(inputs)
    read = {}
    for at, value in enumerate(inputs):
        try:
            read[at] = _values(model, value)
        except InputError as error:
            results[at] = Failed(error)
    for at, found in zip(read, model.batches.answers(list(read.values()))):
        results[at] = Failed(_readable(found.error)) if isinstance(found, Failed) else _answer(model, found, top)
    return results


_SHAPES = re.compile(r"\b(?:shapes?|sizes?|dim|dims|dimensions?|dimensional|channels?|[1-5]D)\b|index out of range", re.IGNORECASE)
_MEMORY = re.compile(r"alloc|memory", re.IGNORECASE)
_LAST = re.compile(r"^[\w.]+(?:Error|Exception): ", re.MULTILINE)


def _readable(error):
    """An InputError where PyTorch says that a tensor's shape does not fit, as far as its texts tell; else the error itself,

    what went wrong first: TorchScript puts its own stack before that.
    """
    if isinstance(error, InputError):
        return error
    message = str(error)
    ends = list(_LAST.finditer(message))
    why = message[ends[-1].end() if ends else 0 :].strip()
    if isinstance(error, (RuntimeError, IndexError)) and _SHAPES.search(why) and not _MEMORY.search(why):
        return InputError("input", "The program does not take a tensor of this shape: %s" % why)
    if not ends:
        return error
    failure = RuntimeError("%s\n%s" % (message[ends[-1].start() :].strip(), message))
    failure.__cause__ = error
    return failure


def card(model):
    properties = {argument.name: argument.schema() for argument in model.arguments}
    required = [argument.name for argument in model.arguments if argument.required]
    single = len(model.arguments) == 1
    found = {
        "task": "classification" if model.labels else "tensors",
        "input": model.arguments[0].schema()
        if single
        else {"type": "object", "properties": properties, "required": required},
        "output": SCHEMAS["classification"] if model.labels else _TENSORS,
        "frameworkVersion": torch_setup.version(),
    }
    if model.labels:
        found["labels"] = model.labels
    return found


def _file(path):
    if not os.path.isdir(path):
        return path
    found = sorted(name for name in os.listdir(path) if name.lower().endswith(ENDINGS))
    if len(found) != 1:
        raise ValueError("the folder holds %d files of PyTorch instead of one" % len(found))
    return os.path.join(path, found[0])


def _is_export(file):
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
    if "serialized_exported_program.json" in names:
        return True
    return any("/models/" in name and name.endswith(".json") for name in names)


def _scripted(file):
    import torch

    program = torch.jit.load(file, map_location="cpu").eval()
    whole = _embedded(program)
    arguments = []
    shapes = traced_shapes(file)
    for at, argument in enumerate(program.forward.schema.arguments[1:]):
        kind = str(argument.type)
        dtype = torch.int64 if argument.name in WHOLE_NUMBERS or argument.name in whole else torch.float32
        arguments.append(
            Argument(argument.name, dtype, "Tensor" in kind, None, kind, not argument.has_default_value())
        )
        arguments[-1].example = shapes[at] if at < len(shapes) else None
    return program, arguments


def _embedded(program):
    """Names of the arguments that go straight into a table of embeddings: they count rows."""
    try:
        graph = program.inlined_graph
        names = {value.debugName(): value.debugName().split(".")[0] for value in graph.inputs()}
        nodes = graph.findAllNodes("aten::embedding")
        return {names[node.inputsAt(1).debugName()] for node in nodes if node.inputsAt(1).debugName() in names}
    except (AttributeError, RuntimeError):  # an older PyTorch, or a program without a graph of its own
        return set()


def _ends_in_sigmoid(program):
    """Whether the last operation of a program, as its graph says, is a sigmoid."""
    try:
        if isinstance(program, _Exported):
            graph = program.module.graph
            outputs = next(node for node in reversed(graph.nodes) if node.op == "output").all_input_nodes
            return len(outputs) == 1 and "sigmoid" in str(outputs[0].target)
        outputs = list(program.inlined_graph.outputs())
        return len(outputs) == 1 and "sigmoid" in outputs[0].node().kind()
    except (AttributeError, RuntimeError, StopIteration):  # a program without a graph of its own
        return False


def _exported(file):
    import torch

    exported = torch.export.load(file)
    wanted = list(exported.graph_signature.user_inputs)
    places = {node.name: node.meta.get("val") for node in exported.graph.nodes if node.op == "placeholder"}
    arguments = []
    for name in wanted:
        value = places.get(name) if isinstance(name, str) else name
        is_tensor = isinstance(value, torch.Tensor)
        shape = [int(size) if isinstance(size, int) else None for size in value.shape] if is_tensor else None
        dtype = value.dtype if is_tensor else torch.float32
        arguments.append(Argument(str(name), dtype, is_tensor, shape, type(value).__name__, True))
    return _Exported(exported), arguments


class _Exported:
    """An exported program's module; it wants its arguments in their own places, by name or by order."""

    def __init__(self, exported):
        self.module = exported.module()
        self.keeps = keeps_state(exported)
        spec = exported.call_spec.in_spec
        args, kwargs = spec.children() if callable(getattr(spec, "children", None)) else spec.children_specs
        self.named = list(kwargs.context or ())
        self.count = args.num_leaves
        if kwargs.num_leaves != len(self.named):
            raise ValueError("a program with nested arguments is not supported")

    def traits(self):
        """Whether it keeps a state, and whether values decide what it does: by torch.cond and its like alone."""
        inner = any(node.op == "get_attr" and "_graph_" in str(node.target) for node in self.module.graph.nodes)
        return self.keeps, inner

    def __call__(self, *values):
        return self.module(*values[: self.count], **dict(zip(self.named, values[self.count :])))


def _labels(path):
    """The names of the classes, in the order of the program's output; None where no file has them."""
    try:
        with open(os.path.join(path, "labels.json"), encoding="utf-8") as file:
            found = json.load(file)
    except FileNotFoundError:
        try:
            with open(os.path.join(path, "labels.txt"), encoding="utf-8") as file:
                return [line.strip() for line in file if line.strip()]
        except FileNotFoundError:
            return None
    if isinstance(found, dict):  # {"0": "cat", "1": "dog"}, as id2label of transformers
        found = [found[key] for key in sorted(found, key=int)]
    if not isinstance(found, list) or not all(isinstance(label, str) for label in found):
        raise ValueError("labels.json is neither a list of names nor an object of names by their number")
    return found


def _answer(model, tensors, top):
    if not model.labels:
        return {"tensors": {name: plain(tensor) for name, tensor in tensors.items()}}
    labels = model.labels
    if "either" in tensors:
        sure = float(tensors["either"][0])
        return ranked(labels, [1 - sure, sure], top)
    row = tensors["scores"].tolist()
    if not model.independent:
        return ranked(labels, row, top)
    [found] = several(labels, [[score > 0.5 for score in row]], [row])
    found["scores"] = ranked(labels, row, top)["scores"]
    return found


def _values(model, value):
    """The program's arguments, in its order."""
    names = model.names
    if isinstance(value, dict) and not ("data" in value and set(value) <= {"data", "dtype"} and len(names) == 1):
        unknown = next((name for name in value if name not in names), None)
        if unknown is not None:
            known = ", ".join(names)
            raise InputError("input.%s" % unknown, "There is no input %s: this program takes %s." % (unknown, known))
        given = [(argument, "input." + argument.name, value.get(argument.name)) for argument in model.arguments]
        missing = [a.name for a in model.arguments if a.required and a.name not in value]
    else:
        if sum(argument.required for argument in model.arguments) > 1 or not names:
            shown = ", ".join('"%s": …' % name for name in names)
            message = "This program takes several tensors: {%s}, not %s." % (shown, json_type(value))
            raise InputError("input", message)
        given = [(model.arguments[0], "input", value)]
        missing = []
    if missing:
        raise InputError("input.%s" % missing[0], "The tensor %s is missing." % missing[0])
    while given and given[-1][2] is None and not given[-1][0].required:
        given.pop()
    return [tensor_of(argument, field, one) if one is not None else None for argument, field, one in given]


def _is_distribution(scores):
    """Whether scores are probabilities already: another softmax would flatten them."""
    return bool((scores >= 0).all()) and abs(float(scores.sum()) - 1) < 1e-4


_TENSOR = {
    "type": "object",
    "properties": {"dtype": {"type": "string"}, "shape": {"type": "array", "items": {"type": "integer"}}, "data": {}},
}
_TENSORS = {
    "type": "object",
    "properties": {"tensors": {"type": "object", "additionalProperties": _TENSOR}},
    "required": ["tensors"],
}
