"""Loading a SentenceTransformers folder: the usual modules by themselves, others through the library."""

import os

from .. import agreements
from . import tasks
from .arrays import normalized
from .embeddings import Embeddings, pooled

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
            own = settings(os.path.join(path, module["path"]))
            if own.get("transformer_task", "feature-extraction") != "feature-extraction":
                return False
        elif kind == "Pooling" and config.get("include_prompt") is False:
            return False
        elif kind == "Dense" and (config.get("use_residual") or config.get("module_input_name", _SENTENCE) != _SENTENCE):
            return False
    return True


def has_weights(path):
    """Whether a module behind the transformer has weights of its own, which PyTorch runs."""
    return any(TYPES.get(module["type"]) == "Dense" for module in tasks.read(path, "modules.json"))


def load(path, encoder_of):
    """The model in a folder. `encoder_of(path)` gives the Encoder of the transformer in it."""
    return of_modules(path, encoder_of) if is_plain(path) else _through_library(path, _named(path))


def of_modules(path, encoder_of):
    """The model in a folder whose modules are plain."""
    steps = []
    for module in tasks.read(path, "modules.json"):
        folder = os.path.join(path, module["path"]).rstrip("/\\") or path
        kind = module["type"].rpartition(".")[2]
        if kind == "Transformer":
            encoder, own = encoder_of(folder), settings(folder)
        elif kind == "Pooling":
            poolings = _poolings(tasks.read(folder, "config.json") or {})
        else:
            steps.append(_dense(folder) if kind == "Dense" else normalized)

    def vectors_of(outputs):
        import numpy

        vectors = numpy.concatenate([pooled(outputs[0], one) for one in poolings], axis=-1)
        for step in steps:
            vectors = step(vectors)
        return vectors

    return of_encoder(path, encoder, own, vectors_of, _size(encoder, poolings, steps))


def of_encoder(path, encoder, own, vectors_of, size):
    """The model of a transformer, whose outputs `vectors_of` makes one vector of for each text."""
    longest = own.get("max_seq_length")
    if isinstance(longest, int) and longest > 0:
        encoder.limit = min(longest, encoder.limit or longest)

    def embed(texts, prompt):
        import numpy

        whole = [prompt + text for text in texts]
        if own.get("do_lower_case"):
            whole = [text.lower() for text in whole]
        encodings = encoder.encode(whole, None, True)
        return numpy.stack(encoder.run(encodings, lambda _, outputs: list(vectors_of(outputs))))

    return Embeddings(embed, size=size, **_named(path))


_SENTENCE = "sentence_embedding"


def _named(path):
    own = tasks.read(path, "config_sentence_transformers.json") or {}
    return {
        "prompts": own.get("prompts"),
        "default_prompt": own.get("default_prompt_name"),
        "similarity": own.get("similarity_fn_name") or "cosine",
    }


def settings(folder):
    """Of the transformer in a folder: `max_seq_length`, `do_lower_case`."""
    return next((found for found in (tasks.read(folder, name) for name in CONFIGURATIONS) if found), {})


def _poolings(config):
    modes = config.get("pooling_mode") or [mode for name, mode in LEGACY_POOLINGS.items() if config.get(name)] or "mean"
    return [modes] if isinstance(modes, str) else list(modes)


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
        import torch

        with torch.inference_mode():
            return self.activation(self.linear(torch.from_numpy(vectors))).numpy()


def _size(encoder, poolings, steps):
    dense = [step.linear.out_features for step in steps if isinstance(step, _Dense)]
    size = getattr(encoder.config, "hidden_size", None)
    return dense[-1] if dense else size and size * len(poolings)


def _through_library(path, named):
    from sentence_transformers import SentenceTransformer

    trust = agreements.own_code()
    model = SentenceTransformer(path, device="cpu", local_files_only=True, trust_remote_code=trust)

    def embed(texts, prompt):
        found = model.encode(texts, prompt=prompt or None, convert_to_tensor=True, show_progress_bar=False)
        return found.float().numpy()

    return Embeddings(embed, **named)
