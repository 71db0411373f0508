"""Which task a folder's model has, told as src/core/detect/transformers-config.ts tells it."""

import json
import os
import re

SEQUENCE_TO_SEQUENCE = frozenset(
    "bart bigbird_pegasus blenderbot blenderbot-small encoder-decoder fsmt led longt5 m2m_100 marian mbart mt5 mvp "
    "nllb-moe pegasus pegasus_x plbart prophetnet switch_transformers t5 t5gemma umt5 xlm-prophetnet".split()
)
TRANSLATORS = ("marian", "m2m_100", "nllb-moe", "fsmt")

CLASSES = {
    "text-classification": "AutoModelForSequenceClassification",
    "zero-shot-classification": "AutoModelForSequenceClassification",
    "token-classification": "AutoModelForTokenClassification",
    "question-answering": "AutoModelForQuestionAnswering",
    "fill-mask": "AutoModelForMaskedLM",
    "summarization": "AutoModelForSeq2SeqLM",
    "translation": "AutoModelForSeq2SeqLM",
    "text2text-generation": "AutoModelForSeq2SeqLM",
    "text-generation": "AutoModelForCausalLM",
    "feature-extraction": "AutoModel",
}
"""The class of transformers that loads a task's models."""

def read(path, name):
    """A JSON file of the folder; None where it is not there."""
    try:
        with open(os.path.join(path, name), encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return None


def task_of(path):
    """The task of the model in a folder. Raises ValueError where it has none that Nimbus knows."""
    config = read(path, "config.json")
    architecture = next(iter(config.get("architectures") or ()), "")
    kind = config.get("model_type") or ""
    if architecture.endswith("ForSequenceClassification"):
        labels = config.get("label2id") or ()
        entails = any(label.lower().startswith("entail") for label in labels)
        return "zero-shot-classification" if entails else "text-classification"
    if architecture.endswith("ForTokenClassification"):
        return "token-classification"
    if re.search("ForQuestionAnswering(?:Simple)?$", architecture):
        return "question-answering"
    if architecture.endswith("ForMaskedLM"):
        return "fill-mask"
    if re.search("(?:ForCausalLM|LMHeadModel)$", architecture):
        return "text-generation"
    if re.search("(?:ForConditionalGeneration|MTModel|EncoderDecoderModel)$", architecture):
        if kind in SEQUENCE_TO_SEQUENCE:
            return _generation_task(path, config, kind)
    elif not architecture or architecture.endswith("Model"):
        return "feature-extraction"
    raise ValueError("models of the kind %s are not known" % architecture)


def made(task, encoder):
    """What `task` is asked and answers, with the model of an Encoder."""
    if task in ("text-classification", "zero-shot-classification"):
        from . import classification as module

        kind = module.TextClassification if task == "text-classification" else module.ZeroShotClassification
        return kind(encoder)
    if task == "token-classification":
        from .tokens import TokenClassification

        return TokenClassification(encoder)
    if task == "question-answering":
        from .answers import QuestionAnswering

        return QuestionAnswering(encoder)
    if task == "fill-mask":
        from .masks import FillMask

        return FillMask(encoder)
    if task == "feature-extraction":
        from .embeddings import FeatureExtraction

        return FeatureExtraction(encoder)
    from .generation import Generation

    return Generation(encoder, task)


def _generation_task(path, config, kind):
    tag = _pipeline_tag(path)
    if tag in ("summarization", "translation"):
        return tag
    if kind in TRANSLATORS:
        return "translation"
    if "pegasus" in kind:
        return "summarization"
    named = config.get("task_specific_params") or ()
    summarizes = any(name.startswith("summarization") for name in named)
    translates = any(name.startswith("translation") for name in named)
    if summarizes == translates:
        return "text2text-generation"
    return "summarization" if summarizes else "translation"


def _pipeline_tag(path):
    try:
        with open(os.path.join(path, "README.md"), encoding="utf-8", errors="replace") as file:
            text = file.read(256 * 1024)
    except FileNotFoundError:
        return None
    front = re.match(r"---\r?\n(.*?)\r?\n---", text, re.DOTALL)
    found = front and re.search(r"^pipeline_tag:[ \t]*[\"']?([a-z0-9-]+)[\"']?[ \t]*$", front.group(1), re.MULTILINE)
    return found.group(1) if found else None
