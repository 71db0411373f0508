"""A text model of Hugging Face in ONNX, run as its tasks want it."""

import sys

from ..hugging_face.encoding import Encoder, Outputs

MADE = ("input_ids", "attention_mask", "token_type_ids", "position_ids")
"""Inputs that are made of a text; src/core/detect/onnx-folder.ts refuses others."""


class OnnxEncoder(Encoder):
    """A tokenizer and the `session` of a graph that reads `input_ids`; `config` is a Config.

    Texts are not padded to go together, but where the graph pads all of them: calls of ONNX Runtime cost so little that
    what padding saves is spent on the padding and on asking a text of each call alone.
    """

    def __init__(self, tokenizer, session, config):
        super().__init__(tokenizer, config, list(session.inputs))
        self.session = session
        shape = session.inputs["input_ids"].shape
        self.rows = shape[0] if shape and isinstance(shape[0], int) else None
        self.width = shape[1] if len(shape) > 1 and isinstance(shape[1], int) else None
        self.most = self.rows or self.most
        if self.width is not None:
            self.limit = min(self.width, self.limit or self.width)

    def outputs(self, encodings):
        numpy = sys.modules["numpy"]
        count = len(encodings)
        width = self.width or len(encodings[-1]["input_ids"])
        is_padded_left = self.tokenizer.padding_side == "left"
        arrays = {name: numpy.zeros((self.rows or count, width), dtype="int64") for name in MADE}
        arrays["input_ids"][:] = self.config.pad_token_id
        for row, encoding in enumerate(encodings):
            length = len(encoding["input_ids"])
            start = width - length if is_padded_left else 0
            for name in MADE[:3]:
                made = encoding.get(name, 1 if name == "attention_mask" else 0)
                arrays[name][row, start : start + length] = made
        arrays["position_ids"] = numpy.maximum(arrays["attention_mask"].cumsum(axis=1) - 1, 0)
        feed = {name: arrays[name].astype(value.dtype) for name, value in self.session.inputs.items()}
        found = _Arrays()
        for name, output in zip(self.session.outputs, self.session.run(feed)):
            output = output[:count]
            found[name] = output.astype("float32") if output.dtype.kind == "f" else output
        return Outputs(found, width, is_padded_left)


class _Arrays(dict):
    """By name; 0 is the first with a vector for each token, another name that is missing the first of all."""

    def __missing__(self, name):
        if name == 0:
            for output in self.values():
                if output.ndim == 3:
                    return output
            raise ValueError("The graph gives no vector for each token; export it for the task feature-extraction.")
        return next(iter(self.values()))


class Config:
    """What the tasks ask of a model's configuration, by the names that transformers gives it."""

    def __init__(self, fields, session, tokenizer):
        output = next(iter(session.outputs.values()))
        logits = session.outputs.get("logits", output)
        self.model_type = str(fields.get("model_type") or "")
        self.problem_type = fields.get("problem_type")
        self.max_position_embeddings = fields.get("max_position_embeddings")
        pad = getattr(tokenizer, "pad_token_id", None)
        self.pad_token_id = next((one for one in (pad, fields.get("pad_token_id")) if isinstance(one, int)), 0)
        size = _last(logits)
        names = fields.get("id2label")
        if isinstance(names, dict) and names:
            self.id2label = {int(at): str(name) for at, name in names.items()}
        else:
            self.id2label = {at: "LABEL_%d" % at for at in range(size or fields.get("num_labels") or 2)}
        self.label2id = {name: at for at, name in self.id2label.items()}
        self.num_labels = len(self.id2label)
        self.vocab_size = size or fields.get("vocab_size")
        hidden = (fields.get(name) for name in ("hidden_size", "dim", "d_model", "n_embd", "emb_dim"))
        self.hidden_size = _last(output) or next((one for one in hidden if isinstance(one, int)), None)


def _last(output):
    """The last dimension of an output, None where it may vary."""
    return output.shape[-1] if output.shape and isinstance(output.shape[-1], int) else None
