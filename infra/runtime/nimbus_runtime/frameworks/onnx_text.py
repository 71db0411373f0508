"""Text models: a tokenizer beside the graph, and the answers of the framework that the model was exported from."""

import json
import os
import sys

from ..contract import json_type
from ..hugging_face.encoding import TRUNCATION
from ..parameters import Parameters, boolean
from . import Failed, InputError
from .answers import SCHEMAS, classified
from .onnx_tensors import tensor, tensors_schema
from .onnx_tokenizer import Tokenizer

MOST_AT_ONCE = 32
"""Texts that go through the graph together: more gain little, and each is padded to the longest of them."""


def model_of(session, folder):
    """A TextModel for what reads `input_ids` and has a tokenizer in its folder; None for anything else."""
    if folder is None or "input_ids" not in session.inputs:
        return None
    config = _json(os.path.join(folder, "config.json"))
    tokenizer = Tokenizer.find(folder, config)
    if tokenizer is None:
        return None
    return TextModel(session, tokenizer, _answers(session, folder, config))


def _answers(session, folder, config):
    names = config.get("architectures") or [""]
    architecture = str(names[0])
    modules = _json(os.path.join(folder, "modules.json"), list)
    if "sentence_embedding" in session.outputs or modules:
        return Embeddings(session, folder, modules)
    if architecture.endswith("ForSequenceClassification"):
        return Classes(session, config)
    if architecture.endswith("ForTokenClassification"):
        return Entities(session, config)
    return Embeddings(session, folder, []) if architecture.endswith(("Model", "Encoder")) else Tensors(session)


def _json(file, kind=dict):
    try:
        with open(file, encoding="utf-8") as stream:
            found = json.load(stream)
    except FileNotFoundError:
        return kind()
    return found if isinstance(found, kind) else kind()


class TextModel:
    """Texts in, answers of `answers` out."""

    def __init__(self, session, tokenizer, answers):
        self.session = session
        self.tokenizer = tokenizer
        self.answers = answers
        self.task = answers.task
        self.labels = answers.labels
        known = dict({"truncation": boolean(TRUNCATION, answers.truncates)}, **answers.parameters)
        self.parameters = Parameters(known, example={"truncation": True})
        shape = session.inputs["input_ids"].shape
        self.most = shape[0] if shape and isinstance(shape[0], int) else MOST_AT_ONCE
        self.is_fixed = bool(shape) and isinstance(shape[0], int)
        self.length = shape[1] if len(shape) > 1 and isinstance(shape[1], int) else None

    def input_schema(self):
        return {"type": "string"}

    def output_schema(self):
        return self.answers.schema()

    def predict(self, inputs, parameters):
        cut = parameters["truncation"]
        results = [None] * len(inputs)
        encoded = []
        for index, text in enumerate(inputs):
            try:
                encoded.append((index, text, self._encode(text, cut)))
            except InputError as error:
                results[index] = Failed(error)
        encoded.sort(key=lambda one: len(one[2]))  # texts of one length need no padding
        for low in range(0, len(encoded), self.most):
            self._answer(encoded[low : low + self.most], parameters, results)
        return results

    def _encode(self, text, cut):
        if not isinstance(text, str):
            raise InputError("input", "The input must be a string of text, not %s." % json_type(text))
        most = min(one for one in (self.tokenizer.most, self.length, float("inf")) if one is not None)
        encoding = self.tokenizer.encode(self.answers.prompt + text, most if cut and most != float("inf") else None)
        if len(encoding) > most:
            what = "The text has %d tokens; this model takes %d. " % (len(encoding), most)
            raise InputError("input", what + 'Shorten it, or ask with "parameters": {"truncation": true}.')
        return encoding

    def _answer(self, group, parameters, results):
        encodings = [encoding for _, _, encoding in group]
        empty = self.most - len(encodings) if self.is_fixed else 0
        feed, mask = self.tokenizer.feed(encodings + encodings[:1] * empty, self.session.inputs, self.length)
        outputs = dict(zip(self.session.outputs, self.session.run(feed)))
        texts = [text for _, text, _ in group]
        answers = self.answers.of(texts, encodings, outputs, mask, parameters)
        for (index, _, _), answer in zip(group, answers):
            results[index] = answer


class Tensors:
    """Nothing says what the outputs mean: each is answered as it is, without its batch dimension."""

    task = "tensors"
    labels = None
    parameters = {}
    truncates = False
    prompt = ""

    def __init__(self, session):
        self.names = list(session.outputs)

    def schema(self):
        return tensors_schema(self.names)

    def of(self, texts, encodings, outputs, mask, parameters):
        for index, encoding in enumerate(encodings):
            own = {name: tensor(_unpadded(output[index], mask, index)) for name, output in outputs.items()}
            yield {"tensors": own}


def _unpadded(row, mask, index):
    """An output of one text, without the part that belongs to padding."""
    if row.ndim < 2 or row.shape[0] != mask.shape[1]:
        return row
    return row[mask[index].astype(bool)]


class Classes:
    """What transformers' text-classification pipeline answers."""

    parameters = {}
    truncates = False
    prompt = ""

    def __init__(self, session, config):
        self.output = _logits(session)
        self.labels = _labels(config, self.output)
        self.problem = config.get("problem_type")
        self.task = "regression" if self.problem == "regression" else "text-classification"

    def schema(self):
        return SCHEMAS[self.task]

    def of(self, texts, encodings, outputs, mask, parameters):
        logits = outputs[self.output.name][: len(texts)]
        if self.problem == "regression":
            rows = logits.reshape(len(texts), -1).tolist()
            return [{"value": row[0]} if len(row) == 1 else {"values": dict(zip(self.labels, row))} for row in rows]
        independent = self.problem == "multi_label_classification" or logits.shape[1] == 1
        scores = _sigmoid(logits) if independent else _softmax(logits)
        best = [self.labels[index] for index in scores.argmax(axis=1)]
        return classified(best, self.labels, scores.tolist(), "probability")


class Entities:
    """What transformers' token-classification pipeline answers with the aggregation "simple"."""

    task = "token-classification"
    parameters = {}
    truncates = False
    prompt = ""

    def __init__(self, session, config):
        self.output = _logits(session)
        self.all = _labels(config, self.output)
        self.labels = list(dict.fromkeys(_tag(label)[1] for label in self.all if label != "O"))

    def schema(self):
        return SCHEMAS[self.task]

    def of(self, texts, encodings, outputs, mask, parameters):
        scores = _softmax(outputs[self.output.name])
        for index, (text, encoding) in enumerate(zip(texts, encodings)):
            # Where padding comes first, so do its scores.
            rows = scores[index][mask[index].astype(bool)]
            yield {"entities": self._grouped(text, encoding, rows)}

    def _grouped(self, text, encoding, rows):
        groups = []
        for special, (start, end), row in zip(encoding.special_tokens_mask, encoding.offsets, rows):
            if special:
                continue
            best = int(row.argmax())
            begins, tag = _tag(self.all[best])
            if groups and groups[-1]["label"] == tag and not begins:
                groups[-1]["end"] = end
                groups[-1]["scores"].append(float(row[best]))
            else:
                groups.append({"label": tag, "start": start, "end": end, "scores": [float(row[best])]})
        return [
            {
                "text": text[group["start"] : group["end"]],
                "label": group["label"],
                "start": group["start"],
                "end": group["end"],
                "score": sum(group["scores"]) / len(group["scores"]),
            }
            for group in groups
            if group["label"] != "O"
        ]


def _tag(label):
    """Whether an entity begins with it, and its label without B- or I-."""
    if label[:2] in ("B-", "I-"):
        return label[0] == "B", label[2:]
    return False, label


class Embeddings:
    """One vector per text: the model's own, or its token vectors pooled as SentenceTransformers says, else averaged."""

    task = "embedding"
    labels = None
    truncates = True  # as SentenceTransformers does

    def __init__(self, session, folder, modules):
        types = [str(module.get("type", "")).rpartition(".")[2] for module in modules if isinstance(module, dict)]
        self.ready = "sentence_embedding" in session.outputs
        normalizes = "Normalize" in types and not self.ready
        self.parameters = {"normalize": boolean("Makes each vector one of length 1.", normalizes)}
        pooling = next((one for one, kind in zip(modules, types) if kind == "Pooling"), None)
        config = {}
        if pooling:
            config = _json(os.path.join(folder, os.path.basename(str(pooling.get("path", ""))), "config.json"))
        self.pooling = _pooling(config)
        self.prompt = _default_prompt(folder) if modules else ""
        if self.prompt and config.get("include_prompt") is False:
            raise ValueError("Nimbus does not know how to leave the prompt out of the pooling of this model")
        unknown = [kind for kind in types if kind not in ("Transformer", "Pooling", "Normalize")]
        if unknown and not self.ready:
            raise ValueError("Nimbus does not know the module %s of this model" % unknown[0])

    def schema(self):
        return SCHEMAS[self.task]

    def of(self, texts, encodings, outputs, mask, parameters):
        if self.ready:
            vectors = outputs["sentence_embedding"][: len(texts)]
        else:
            hidden = next(output for output in outputs.values() if getattr(output, "ndim", 0) == 3)
            vectors = self._pooled(hidden[: len(texts)], mask[: len(texts)])
        if parameters["normalize"]:
            numpy = sys.modules["numpy"]
            vectors = vectors / numpy.maximum(numpy.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return [{"embedding": vector} for vector in vectors.tolist()]

    def _pooled(self, hidden, mask):
        numpy = sys.modules["numpy"]
        if self.pooling == "cls":
            return numpy.stack([row[int(on.argmax())] for row, on in zip(hidden, mask)])
        on = mask[:, :, None].astype(hidden.dtype)
        if self.pooling == "max":
            return numpy.where(on > 0, hidden, -1e9).max(axis=1)
        return (hidden * on).sum(axis=1) / numpy.maximum(on.sum(axis=1), 1e-9)


def _default_prompt(folder):
    """What SentenceTransformers puts before every text unless it is told otherwise."""
    config = _json(os.path.join(folder, "config_sentence_transformers.json"))
    prompts, name = config.get("prompts"), config.get("default_prompt_name")
    return str(prompts.get(name) or "") if isinstance(prompts, dict) and name else ""


def _pooling(config):
    """`mean`, `cls` or `max` of a Pooling module's configuration, in its older and its newer form."""
    named = config.get("pooling_mode")
    modes = [named] if isinstance(named, str) else list(named or [])
    modes += [name for name, on in config.items() if name.startswith("pooling_mode_") and on is True]
    known = {"mean": "mean", "pooling_mode_mean_tokens": "mean", "cls": "cls", "pooling_mode_cls_token": "cls"}
    known.update({"max": "max", "pooling_mode_max_tokens": "max"})
    if len(modes) > 1 or any(mode not in known for mode in modes):
        raise ValueError("Nimbus does not know the pooling %s of this model" % ", ".join(map(str, modes)))
    return known[modes[0]] if modes else "mean"


def _logits(session):
    return session.outputs.get("logits") or next(iter(session.outputs.values()))


def _labels(config, output):
    names = config.get("id2label")
    if isinstance(names, dict) and names:
        return [str(names[key]) for key in sorted(names, key=int)]
    count = output.shape[-1] if output.shape and isinstance(output.shape[-1], int) else config.get("num_labels", 2)
    return ["LABEL_%d" % index for index in range(count)]


def _softmax(logits):
    numpy = sys.modules["numpy"]
    powers = numpy.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _sigmoid(logits):
    numpy = sys.modules["numpy"]
    with numpy.errstate(over="ignore"):  # beyond the largest power it is 0 all the same
        return 1.0 / (1.0 + numpy.exp(-logits))
