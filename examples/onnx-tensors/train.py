"""Fits a small network and saves it as models/onnx-tensors/: model.onnx, and its weights in a file beside it."""

import sys
from pathlib import Path

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper


def fit() -> tuple:
    """Weights of two layers that together compute about the sum and the product of two numbers."""
    random = numpy.random.default_rng(7)
    points = random.uniform(-1, 1, (400, 2)).astype("float32")
    wanted = numpy.stack([points.sum(axis=1), points.prod(axis=1)], axis=1)
    first = random.normal(size=(2, 64)).astype("float32")
    hidden = numpy.maximum(points @ first, 0)
    second = numpy.linalg.lstsq(hidden, wanted, rcond=None)[0].astype("float32")
    return first, second


def main(folder: Path) -> None:
    first, second = fit()
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["points", "first"], ["scaled"]),
            helper.make_node("Relu", ["scaled"], ["hidden"]),
            helper.make_node("MatMul", ["hidden", "second"], ["answers"]),
        ],
        "network",
        [helper.make_tensor_value_info("points", TensorProto.FLOAT, ["batch", 2])],
        [helper.make_tensor_value_info("answers", TensorProto.FLOAT, ["batch", 2])],
        [numpy_helper.from_array(first, "first"), numpy_helper.from_array(second, "second")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="example")
    target = folder / "onnx-tensors"
    target.mkdir(parents=True, exist_ok=True)
    (target / "model.onnx.data").unlink(missing_ok=True)  # onnx appends to what is there
    onnx.save(
        model,
        str(target / "model.onnx"),
        save_as_external_data=True,
        location="model.onnx.data",
        size_threshold=0,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "models")
