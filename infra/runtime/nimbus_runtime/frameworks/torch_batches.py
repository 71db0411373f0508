"""Inputs of one shape through a program in one call, where that answers what single calls answer.

These ways are tried, in this order. `mapped` is `torch.func.vmap`, which hides the new dimension from the program: also from one that is
bound to the batch of one that it was traced with, and whatever it does it cannot mix two inputs. `joined` puts the inputs
behind each other in the program's own first dimension: for the operations that vmap does not know (LSTM, attention).
What is left is `partly mapped`.
"""

import warnings

from ..together import Together, close
from . import Failed
from .torch_tensors import flat_outputs

MOST_AT_ONCE = 64
"""Inputs in one call: with more the time for each hardly falls, and memory grows."""

MOST_NUMBERS = 65_536
"""In the inputs of one call: large ones, as pictures are, keep a processor busy alone, and need memory for what is made of

them on the way.
"""

SLOW_IN_VMAP = "There is a performance drop because we have not yet implemented the batching rule"
DECIDING = ("Bool", "Int", "Float", "Complex", "IntImplicit", "FloatImplicit", "ComplexImplicit", "ScalarImplicit")
DECIDING_NODES = tuple("aten::" + name for name in DECIDING + ("item", "is_nonzero", "equal", "allclose"))
"""By these a program of TorchScript makes a plain value of a tensor, on which it may decide what to do next."""

VIEWS = tuple("aten::" + name for name in ("view", "slice", "select", "t", "transpose", "detach", "squeeze", "unsqueeze"))


class Batches:
    """`read` makes an answer's tensors, a dict, of the program's output for one input; it may raise."""

    def __init__(self, program, read):
        self.call = program
        self.read = read
        self.ways = _ways(self)
        self.together = Together()

    def answers(self, values):
        """For each list of arguments its dict of tensors, or the Failed of what was raised for it."""
        results = [None] * len(values)
        for key, positions in _alike(values).items():
            most = _most_at_once(values[positions[0]])
            for low in range(0, len(positions), most):
                part = positions[low : low + most]
                for at, found in zip(part, self._answers(key, [values[at] for at in part])):
                    results[at] = found
        return results

    def _answers(self, key, values):
        if not self.ways or key is None:
            return [self._alone(one) for one in values]
        # Lengths may differ from one call to the next, how many dimensions there are is of another kind.
        kind = tuple((len(shape), dtype) for shape, dtype in key)
        return self.together.answers(kind, values, self._each, self.ways, _close)

    def _each(self, values):
        # Of copies: a program may write on its input, which may be needed again.
        return [self._alone([tensor.clone() for tensor in one]) for one in values]

    def _alone(self, values):
        import torch

        try:
            with torch.inference_mode():
                return self.read(flat_outputs(self.call(*values)))
        except Exception as error:
            return Failed(error)

    def mapped(self, values):
        """Through vmap. Raises where an operation has no rule for it, or a value decides what happens next."""
        return self._mapped(values, "error")

    def partly_mapped(self, values):
        """The same, where single operations are called for one input after the other."""
        return self._mapped(values, "ignore")

    def _mapped(self, values, slow):
        import torch

        with warnings.catch_warnings(), torch.inference_mode():
            warnings.filterwarnings(slow, message=SLOW_IN_VMAP)
            stacked = [torch.stack(column) for column in zip(*values)]
            outputs = flat_outputs(torch.func.vmap(self.call)(*stacked))
            return [self.read({name: tensor[at] for name, tensor in outputs.items()}) for at in range(len(values))]

    def joined(self, values):
        """Behind each other in the first dimension. Raises where inputs or outputs do not have one in common."""
        import torch

        rows = {tensor.shape[0] if tensor.dim() else None for tensor in values[0]}
        if len(rows) != 1 or not next(iter(rows)):
            raise ValueError("the inputs have no first dimension in common")
        [count] = rows
        with torch.inference_mode():
            outputs = flat_outputs(self.call(*[torch.cat(column) for column in zip(*values)]))
            if any(not tensor.dim() or tensor.shape[0] != count * len(values) for tensor in outputs.values()):
                raise ValueError("an output has another first dimension")
            return [
                self.read({name: tensor[at : at + count] for name, tensor in outputs.items()})
                for at in range(0, count * len(values), count)
            ]


def _close(one, other):
    return not isinstance(one, Failed) and not isinstance(other, Failed) and close(one, other)


def _alike(values):
    """Positions by the shapes and types of their arguments; by None those with an argument that is no tensor."""
    import torch

    found = {}
    for at, arguments in enumerate(values):
        is_plain = bool(arguments) and all(isinstance(one, torch.Tensor) for one in arguments)
        key = tuple((tuple(one.shape), one.dtype) for one in arguments) if is_plain else None
        found.setdefault(key, []).append(at)
    return found


def _most_at_once(arguments):
    count = sum(one.numel() for one in arguments if hasattr(one, "numel"))
    return min(MOST_AT_ONCE, max(1, MOST_NUMBERS // max(1, count)))


def _ways(batches):
    """The ways that are safe to try: none for a program that keeps something from call to call, or without a graph."""
    import torch

    try:
        keeps, decides = batches.call.traits() if hasattr(batches.call, "traits") else _traits(batches.call.inlined_graph)
    except (AttributeError, RuntimeError):
        return {}
    ways = {}
    if not keeps and hasattr(torch, "func"):
        ways["mapped"] = batches.mapped
    if not keeps and not decides:
        ways["joined"] = batches.joined
    if "mapped" in ways:
        ways["partly mapped"] = batches.partly_mapped
    return ways


def _traits(graph):
    """Of a graph of TorchScript: whether it keeps a state, and whether values decide what it does."""
    keeps = decides = False
    for node in _nodes(graph):
        kind = node.kind()
        if kind == "prim::SetAttr":
            keeps = True
        elif kind.startswith("aten::") and kind.endswith("_") and not kind.endswith("__"):
            keeps = keeps or _is_attribute(next(node.inputs()))
        elif kind in DECIDING_NODES:
            decides = decides or any(_is_tensor(value) for value in node.inputs())
    return keeps, decides


def keeps_state(exported):
    """Whether a program of torch.export changes its own tensors: as its signature says, or by operations in place."""
    signature = exported.graph_signature
    if signature.buffers_to_mutate or getattr(signature, "user_inputs_to_mutate", None):
        return True
    own = set(signature.inputs_to_buffers) | set(signature.inputs_to_parameters)
    for node in exported.graph.nodes:
        if getattr(getattr(node.target, "_schema", None), "is_mutable", False):
            changed = node
            while changed.op == "call_function" and changed.args and hasattr(changed.args[0], "op"):
                changed = changed.args[0]
            if changed.name in own:
                return True
    return False


def _nodes(block):
    """All nodes that run in evaluation."""
    for node in block.nodes():
        yield node
        blocks = list(node.blocks())
        if node.kind() == "prim::If" and _is_false(next(node.inputs())):
            blocks = blocks[1:]
        for inner in blocks:
            yield from _nodes(inner)


def _is_false(value):
    """Whether a condition is that of training, which a program that was set to evaluation does not do."""
    node = value.node()
    if node.kind() == "prim::GetAttr":
        return node.s("name") == "training"
    if node.kind() == "prim::If":
        at = [one.debugName() for one in node.outputs()].index(value.debugName())
        return _is_false(next(node.inputs())) and _is_false(list(list(node.blocks())[1].outputs())[at])
    return node.kind() == "prim::Constant" and value.toIValue() is False


def _is_tensor(value):
    """Whether a value is a tensor, but for a size, which a trace keeps as one."""
    return value.type().isSubtypeOf(_tensor_type()) and value.node().kind() != "prim::NumToTensor"


def _tensor_type():
    import torch

    return torch._C.TensorType.get()


def _is_attribute(value):
    """Whether a value is one of the program's own tensors, or a view of it."""
    node = value.node()
    while node.kind() in VIEWS:
        node = next(node.inputs()).node()
    return node.kind() == "prim::GetAttr"
