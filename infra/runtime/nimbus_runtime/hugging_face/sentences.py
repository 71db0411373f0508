"""Loading a SentenceTransformers folder: the usual modules by themselves, others through the library."""

import os

from .. import agreements
from . import tasks
from .embeddings import Embeddings, pooled
from .encoding import Encoder

PLAIN = {"Transformer": "transformer", "Pooling": "pooling", "Dense": "dense", "Normalize": "normalize"}
"""Modules that are the same in every version of the library, and few lines; with the Python modules that have them."""

PACKAGES = tuple("sentence_transformers." + name for name in ("models", "base.modules", "sentence_transformer.modules"))
TYPES = {
    "%s.%s" % (package, name): kind
    for kind, file in PLAIN.items()
    for package in PACKAGES
    for name in (kind, "%s.%s" % (kind, kind), "%s.%s" % (file, kind))
}
"""Kinds by the names that versions 2 to 6 of the library give them."""

CONFIGURATIONS = tuple(
    "sentence_%sconfig.json" % name
    for name in ("bert_", "roberta_", "distilbert_", "camembert_", "albert_", "xlm-roberta_", "xlnet_", "")
)
LEGACY_POOLINGS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}


def is_sentences(path):
    """Whether a folder is one of SentenceTransformers."""
    return isinstance(tasks.read(path, "modules.json"), list)


def is_plain(path):
    """Whether it can be run without the library; src/core/detect/sentence-transformers.ts asks the same."""
    modules = tasks.read(path, "modules.json")
    kinds = [TYPES.get(module["type"]) for module in modules]
    if None in kinds:
        return False
    if kinds[:2] != ["Transformer", "Pooling"] or not set(kinds[2:]) <= {"Dense", "Normalize"}:
        return False
    for kind, module in zip(kinds, modules):
        config = tasks.read(os.path.join(path, module["path"]), "config.json") or {}
        if kind == "Transformer":
            if config.get("is_encoder_decoder") or config.get("model_type") in tasks.SEQUENCE_TO_SEQUENCE:
                return False
            settings = _settings(os.path.join(path, module["path"]))
            if settings.get("transformer_task", "feature-extraction") != "feature-extraction":
                return False
        elif kind == "Pooling" and config.get("include_prompt") is False:
            return False
        elif kind == "Dense" and (config.get("use_residual") or config.get("module_input_name", _SENTENCE) != _SENTENCE):
            return False
    return True


def load(path, load_pretrained):
    """The model in a folder. `load_pretrained(path, class)` gives the tokenizer and the model of transformers."""
    own = tasks.read(path, "config_sentence_transformers.json") or {}
    named = {
        "prompts": own.get("prompts"),
        "default_prompt": own.get("default_prompt_name"),
        "similarity": own.get("similarity_fn_name") or "cosine",
    }
    if not is_plain(path):
        return _through_library(path, named)
    steps = []
    for module in tasks.read(path, "modules.json"):
        folder = os.path.join(path, module["path"]).rstrip("/\\") or path
        kind = module["type"].rpartition(".")[2]
        if kind == "Transformer":
            encoder, settings = _encoder(folder, load_pretrained)
        elif kind == "Pooling":
            poolings = _poolings(tasks.read(folder, "config.json"))
        else:
            steps.append(_dense(folder) if kind == "Dense" else _normalize)

    def embed(texts, prompt):
        import torch

        whole = [prompt + text for text in texts]
        if settings.get("do_lower_case"):
            whole = [text.lower() for text in whole]
        encodings = encoder.encode(whole, None, True)

        def vector(_, tokens):
            row = torch.cat([pooled(tokens.unsqueeze(0), one) for one in poolings], dim=-1)
            for step in steps:
                row = step(row)
            return row[0]

        return torch.stack(encoder.run(encodings, (0,), vector))

    return Embeddings(embed, size=_size(encoder, poolings, steps), **named)


_SENTENCE = "sentence_embedding"


def _encoder(folder, load_pretrained):
    tokenizer, model = load_pretrained(folder, "AutoModel")
    settings = _settings(folder)
    encoder = Encoder(tokenizer, model)
    longest = settings.get("max_seq_length")
    if isinstance(longest, int) and longest > 0:
        encoder.limit = min(longest, encoder.limit or longest)
    return encoder, settings


def _settings(folder):
    return next((found for found in (tasks.read(folder, name) for name in CONFIGURATIONS) if found), {})


def _poolings(config):
    modes = config.get("pooling_mode") or [mode for name, mode in LEGACY_POOLINGS.items() if config.get(name)] or "mean"
    return [modes] if isinstance(modes, str) else list(modes)


def _normalize(vectors):
    import torch

    return torch.nn.functional.normalize(vectors, p=2, dim=1)


def _dense(folder):
    import torch

    config = tasks.read(folder, "config.json")
    name = config.get("activation_function") or "torch.nn.modules.activation.Tanh"
    if not name.startswith("torch.nn.modules."):
        raise ValueError("%s is not an activation function of PyTorch" % name)
    activation = getattr(torch.nn, name.rpartition(".")[2])()
    linear = torch.nn.Linear(config["in_features"], config["out_features"], bias=config.get("bias", True))
    if os.path.exists(os.path.join(folder, "model.safetensors")):
        from safetensors.torch import load_file

        state = load_file(os.path.join(folder, "model.safetensors"))
    else:
        state = torch.load(os.path.join(folder, "pytorch_model.bin"), map_location="cpu", weights_only=True)
    linear.load_state_dict({key[len("linear.") :]: value for key, value in state.items()})
    linear.eval()
    return _Dense(linear, activation)


class _Dense:
    def __init__(self, linear, activation):
        self.linear = linear
        self.activation = activation

    def __call__(self, vectors):
        return self.activation(self.linear(vectors))


def _size(encoder, poolings, steps):
    dense = [step.linear.out_features for step in steps if isinstance(step, _Dense)]
    size = getattr(encoder.model.config, "hidden_size", None)
    return dense[-1] if dense else size and size * len(poolings)


def _through_library(path, named):
    from sentence_transformers import SentenceTransformer

    trust = agreements.own_code()
    model = SentenceTransformer(path, device="cpu", local_files_only=True, trust_remote_code=trust)

    def embed(texts, prompt):
        return model.encode(texts, prompt=prompt or None, convert_to_tensor=True, show_progress_bar=False)

    return Embeddings(embed, **named)
