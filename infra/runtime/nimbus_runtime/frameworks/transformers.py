"""Text models of Hugging Face: folders written by `save_pretrained` or SentenceTransformers.

What they are asked and answer is in `nimbus_runtime.hugging_face`. The models are the library's own, loaded by its
Auto classes; its pipelines, which import every task there is, are not used.
"""

import sys

from .. import torch_setup
from ..hugging_face import sentences, tasks

UNTRAINED_PARTS = ("feature-extraction",)
"""Tasks that do not use what a checkpoint may lack: vectors are made of the hidden states."""


def imports(path):
    torch_setup.prepare()
    import torch  # noqa: F401
    import transformers

    transformers.AutoTokenizer  # noqa: B018  (each of them is imported when it is first named)
    if sentences.is_sentences(path) and not sentences.is_plain(path):
        import sentence_transformers  # noqa: F401
    else:
        getattr(transformers, "AutoModel" if sentences.is_sentences(path) else tasks.CLASSES[tasks.task_of(path)])


def load(path):
    import transformers

    transformers.logging.set_verbosity_warning()
    transformers.logging.disable_progress_bar()
    if sentences.is_sentences(path):
        return sentences.load(path, _load_pretrained)
    from ..hugging_face.encoding import Encoder

    task = tasks.task_of(path)
    encoder = Encoder(*_load_pretrained(path, tasks.CLASSES[task], strict=task not in UNTRAINED_PARTS))
    return _task(task, encoder)


def predict(model, inputs, parameters):
    return model.predict(inputs, parameters)


def card(model):
    return dict(model.card(), frameworkVersion=sys.modules["transformers"].__version__)


def _load_pretrained(path, kind, strict=False):
    """Tokenizer and model; with `strict` weights that are missing in the file are an error."""
    import transformers

    options = {"local_files_only": True, "trust_remote_code": tasks.needs_own_code(path)}
    tokenizer = transformers.AutoTokenizer.from_pretrained(path, **options)
    model, info = getattr(transformers, kind).from_pretrained(path, output_loading_info=True, **options)
    missing = sorted(info["missing_keys"])
    if strict and missing:
        raise ValueError(
            "the folder has no weights for %s: its answers would be random. Save the trained model itself with "
            "save_pretrained" % ", ".join(missing[:5])
        )
    return tokenizer, model.eval()


def _task(task, encoder):
    if task in ("text-classification", "zero-shot-classification"):
        from ..hugging_face import classification as module

        kind = module.TextClassification if task == "text-classification" else module.ZeroShotClassification
        return kind(encoder)
    if task == "token-classification":
        from ..hugging_face.tokens import TokenClassification

        return TokenClassification(encoder)
    if task == "question-answering":
        from ..hugging_face.answers import QuestionAnswering

        return QuestionAnswering(encoder)
    if task == "fill-mask":
        from ..hugging_face.masks import FillMask

        return FillMask(encoder)
    if task == "feature-extraction":
        from ..hugging_face.embeddings import FeatureExtraction

        return FeatureExtraction(encoder)
    from ..hugging_face.generation import Generation

    return Generation(encoder, task)
