"""A tokenizer from a Hugging Face folder, by the package tokenizers, or by transformers where only that can read it."""

import json
import os
import sys

OTHER_FILES = ("vocab.txt", "vocab.json", "spiece.model", "sentencepiece.bpe.model", "tokenizer.model")

NO_LIMIT = 1_000_000
"""transformers writes 1e30 where a tokenizer has no limit."""


class Tokenizer:
    """Makes encodings of texts, and arrays of encodings."""

    def __init__(self, backend, settings, config):
        backend.no_truncation()
        backend.no_padding()
        self._backend = backend
        self._cut = None
        self.left = settings.get("padding_side") == "left"
        self.pad = _pad_of(backend, settings, config)
        self.most = _most_of(settings, config)

    @classmethod
    def find(cls, folder, config):
        """The tokenizer of a folder; None where it has none. Raises ImportError where its package is missing."""
        settings = _json(os.path.join(folder, "tokenizer_config.json"))
        sentence = _json(os.path.join(folder, "sentence_bert_config.json"))
        if isinstance(sentence.get("max_seq_length"), int):
            settings["model_max_length"] = sentence["max_seq_length"]
        file = os.path.join(folder, "tokenizer.json")
        if os.path.isfile(file):
            import tokenizers

            return cls(tokenizers.Tokenizer.from_file(file), settings, config)
        if not any(os.path.isfile(os.path.join(folder, name)) for name in OTHER_FILES):
            return None
        import transformers

        slow = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        return cls(slow.backend_tokenizer, settings, config)

    def encode(self, text, cut=None):
        """The encoding of one text, cut to `cut` tokens where that is a number."""
        if cut != self._cut:
            if cut is None:
                self._backend.no_truncation()
            else:
                self._backend.enable_truncation(int(cut))
            self._cut = cut
        return self._backend.encode(text)

    def feed(self, encodings, inputs, length=None):
        """Arrays of the inputs that the graph names, padded to the longest text or to `length`, and the mask of padding."""
        numpy = sys.modules["numpy"]
        width = length or max(len(encoding) for encoding in encodings)
        arrays = {"input_ids": numpy.full((len(encodings), width), self.pad, dtype="int64")}
        for name in ("attention_mask", "token_type_ids"):
            arrays[name] = numpy.zeros((len(encodings), width), dtype="int64")
        for row, encoding in enumerate(encodings):
            part = slice(width - len(encoding), width) if self.left else slice(0, len(encoding))
            arrays["input_ids"][row, part] = encoding.ids
            arrays["attention_mask"][row, part] = encoding.attention_mask
            arrays["token_type_ids"][row, part] = encoding.type_ids
        arrays["position_ids"] = numpy.maximum(arrays["attention_mask"].cumsum(axis=1) - 1, 0)
        return {name: arrays[name].astype(one.dtype) for name, one in inputs.items()}, arrays["attention_mask"]


def _json(file):
    try:
        with open(file, encoding="utf-8") as stream:
            found = json.load(stream)
    except FileNotFoundError:
        return {}
    return found if isinstance(found, dict) else {}


def _pad_of(backend, settings, config):
    token = settings.get("pad_token")
    if isinstance(token, dict):
        token = token.get("content")
    found = backend.token_to_id(token) if isinstance(token, str) else None
    if found is None:
        found = config.get("pad_token_id")
    return found if isinstance(found, int) else 0


def _most_of(settings, config):
    """Tokens that the model takes at most; None where nothing says."""
    named = settings.get("model_max_length")
    if isinstance(named, (int, float)) and 0 < named < NO_LIMIT:
        return int(named)
    positions = config.get("max_position_embeddings")
    if not isinstance(positions, int) or positions <= 0:
        return None
    # RoBERTa counts positions from behind the padding token's number.
    offset = (config.get("pad_token_id") or 0) + 1 if "roberta" in str(config.get("model_type")) else 0
    return positions - offset
