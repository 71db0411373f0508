"""Text models: a tokenizer beside the graph, and the answers of the framework that the model was exported from."""

from ..hugging_face import sentences, tasks
from ..hugging_face.encoding import TRUNCATION, each, text_of
from ..parameters import Parameters, boolean
from . import onnx_tokenizer
from .onnx_encoder import Config, OnnxEncoder
from .onnx_tensors import tensor, tensors_schema

TASKS = (
    "text-classification",
    "zero-shot-classification",
    "token-classification",
    "question-answering",
    "fill-mask",
    "feature-extraction",
)
"""Those that one run of a graph answers; src/core/detect/onnx-folder.ts refuses what makes its texts token by token."""

SENTENCE = "sentence_embedding"
"""The output in which an exporter of SentenceTransformers has pooled the token vectors already."""


def model_of(session, folder):
    """The task of what reads `input_ids` and has a tokenizer in its folder; None for anything else."""
    if folder is None or "input_ids" not in session.inputs:
        return None
    tokenizer = onnx_tokenizer.find(folder)
    if tokenizer is None:
        return None
    fields = tasks.read(folder, "config.json")
    fields = fields if isinstance(fields, dict) else {}
    encoder = OnnxEncoder(tokenizer, session, Config(fields, session, tokenizer))
    if SENTENCE in session.outputs:
        size = session.outputs[SENTENCE].shape[-1:]
        size = size[0] if size and isinstance(size[0], int) else None
        return sentences.of_encoder(folder, encoder, sentences.settings(folder), lambda output: output[SENTENCE], size)
    if sentences.is_sentences(folder):
        if not sentences.is_plain(folder) or sentences.has_weights(folder):
            raise ValueError("modules.json names more than Nimbus does after a graph: export the model with its pooling")
        return sentences.of_modules(folder, lambda _: encoder)
    task = _task(folder, fields, session)
    return Tensors(encoder) if task is None else tasks.made(task, encoder)


def _task(folder, fields, session):
    """None where nothing says what the outputs mean."""
    architecture = str(next(iter(fields.get("architectures") or ()), ""))
    if architecture.endswith("Encoder"):
        task = "feature-extraction"
    elif architecture:
        try:
            task = tasks.task_of(folder)
        except ValueError:
            return None
    else:
        return None
    has_vectors = any(len(output.shape) == 3 for output in session.outputs.values())
    return task if task in TASKS and (task != "feature-extraction" or has_vectors) else None


class Tensors:
    """Nothing says what the outputs mean: each is answered as it is, without its batch dimension."""

    task = "tensors"
    parameters = Parameters({"truncation": boolean(TRUNCATION)}, example={"truncation": True})

    def __init__(self, encoder):
        self.encoder = encoder

    def predict(self, inputs, parameters):
        return each(inputs, lambda value: self._encode(value, parameters["truncation"]), self._answer)

    def card(self):
        return {"task": self.task, "input": {"type": "string"}, "output": tensors_schema(list(self.encoder.session.outputs))}

    def _encode(self, value, truncate):
        [encoding] = self.encoder.encode([text_of(value)], None, truncate)
        self.encoder.check_length(encoding)
        return encoding

    def _answer(self, encodings):
        def rows(positions, outputs):
            arrays = outputs.items()
            return [{name: array[row] for name, array in arrays} for row in range(len(positions))]

        found = self.encoder.run(encodings, rows)
        return [{"tensors": {name: tensor(array) for name, array in one.items()}} for one in found]
