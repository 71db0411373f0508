"""ONNX models: a graph alone, exports of estimators, and text models with a tokenizer beside them."""

import sys

from . import onnx_estimators, onnx_graph, onnx_session, onnx_tensors, onnx_text, onnx_tokenizer


def imports(path):
    import onnxruntime  # noqa: F401

    _, folder = onnx_session.find(path)
    if folder is not None:
        try:
            onnx_tokenizer.imports(folder)
        except ImportError:
            pass  # whether the graph reads texts at all is known once it is loaded; then it is raised again


def load(path):
    file, folder = onnx_session.find(path)
    session = onnx_session.Session(file)
    found = onnx_text.model_of(session, folder)
    if found is None and session.producer in onnx_estimators.PRODUCERS:
        found = onnx_estimators.model_of(session, onnx_graph.read(file))
    return onnx_tensors.TensorModel(session) if found is None else found


def parameters(model):
    return model.parameters


def predict(model, inputs, parameters):
    return model.predict(inputs, parameters)


def card(model):
    version = sys.modules["onnxruntime"].__version__
    if hasattr(model, "card"):
        return dict(model.card(), frameworkVersion=version)
    found = {
        "task": model.task,
        "input": model.input_schema(),
        "output": model.output_schema(),
        "frameworkVersion": version,
    }
    if model.labels is not None:
        found["labels"] = [str(label) for label in model.labels]
    return found
