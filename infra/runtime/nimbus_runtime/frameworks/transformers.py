"""Text models of Hugging Face: folders written by `save_pretrained` or SentenceTransformers.

What they are asked and answer is in `nimbus_runtime.hugging_face`. The models are the library's own, loaded by its
Auto classes; its pipelines, which import every task there is, are not used.
"""

import sys

from .. import agreements, torch_setup
from ..deferral import defer
from ..hugging_face import sentences, tasks, tokenizer_files
from ..hugging_face.pytorch import PyTorchEncoder

UNUSED_IN_PREDICTION = {"scipy.optimize": ("linear_sum_assignment",)}
"""Modules that transformers imports for training, with what it takes from them by name; each loads if it is used."""

UNTRAINED_PARTS = ("feature-extraction",)
"""Tasks that do not use what a checkpoint may lack: vectors are made of the hidden states."""


def imports(path):
    torch_setup.prepare()
    import torch  # noqa: F401

    # After torch, whose modules import each other in circles that must not be entered elsewhere.
    for name, taken in UNUSED_IN_PREDICTION.items():
        defer(name, taken)
    import transformers

    if sentences.is_sentences(path) and not sentences.is_plain(path):
        import sentence_transformers  # noqa: F401

        return
    # Each of the library's classes is imported when it is first named.
    kind = "AutoModel" if sentences.is_sentences(path) else tasks.CLASSES[tasks.task_of(path)]
    for name in ("AutoTokenizer", kind):
        getattr(transformers, name)


def load(path):
    import transformers

    transformers.logging.set_verbosity_warning()
    transformers.logging.disable_progress_bar()
    if sentences.is_sentences(path):
        return sentences.load(path, lambda folder: PyTorchEncoder(*_load_pretrained(folder, "AutoModel")))
    task = tasks.task_of(path)
    encoder = PyTorchEncoder(*_load_pretrained(path, tasks.CLASSES[task], strict=task not in UNTRAINED_PARTS))
    return tasks.made(task, encoder)


def parameters(model):
    return model.parameters


def predict(model, inputs, parameters):
    return model.predict(inputs, parameters)


def card(model):
    return dict(model.card(), frameworkVersion=sys.modules["transformers"].__version__)


def _load_pretrained(path, kind, strict=False):
    """Tokenizer and model; with `strict` weights that are missing in the file are an error."""
    import transformers

    trust = {"trust_remote_code": agreements.own_code()}
    tokenizer = tokenizer_files.load(transformers.AutoTokenizer, path, **trust)
    kind = getattr(transformers, kind)
    model, info = kind.from_pretrained(path, local_files_only=True, output_loading_info=True, **trust)
    missing = sorted(info["missing_keys"])
    if strict and missing:
        raise ValueError(
            "the folder has no weights for %s: its answers would be random. Save the trained model itself with "
            "save_pretrained" % ", ".join(missing[:5])
        )
    return tokenizer, model.eval()
