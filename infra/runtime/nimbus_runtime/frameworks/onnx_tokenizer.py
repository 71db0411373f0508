"""A tokenizer from a Hugging Face folder, by the package tokenizers, or by transformers where only that can read it."""

import os
import sys

from ..hugging_face import tasks, tokenizer_files

UNLIMITED = 10**30
"""What transformers writes where a tokenizer has no limit."""

CLEANED = ((" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'")) + tuple(
    (" " + end, end) for end in ("n't", "'m", "'s", "'ve", "'re")
)
"""What transformers' clean_up_tokenization replaces, in its order."""


def imports(folder):
    """Imports the package that reads the tokenizer of a folder."""
    if tokenizer_files.is_quick(folder):
        import tokenizers  # noqa: F401
    elif tokenizer_files.has_other(folder):
        tokenizer_files.check(folder)
        _auto_tokenizer()


def find(folder):
    """The tokenizer of a folder; None where it has none. Raises ImportError where its package is missing."""
    if tokenizer_files.is_quick(folder):
        import tokenizers

        backend = tokenizers.Tokenizer.from_file(os.path.join(folder, tokenizer_files.QUICK))
        return QuickTokenizer(backend, _settings(folder))
    if not tokenizer_files.has_other(folder):
        return None
    return tokenizer_files.load(_auto_tokenizer(), folder, trust_remote_code=False)


def _auto_tokenizer():
    """The class of transformers. It imports PyTorch where that is installed, for seconds, and nothing of it is used here."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")  # it would say that there is none
    is_hidden = "torch" not in sys.modules
    if is_hidden:
        sys.modules["torch"] = None
    try:
        import transformers

        transformers.logging.set_verbosity_error()
        transformers.utils.is_torch_available()  # remembers what it finds
        return transformers.AutoTokenizer
    finally:
        if is_hidden:
            del sys.modules["torch"]


class QuickTokenizer:
    """What the tasks use of transformers' quick tokenizers, which wrap the same backend."""

    is_fast = True

    def __init__(self, backend, settings):
        backend.no_padding()
        self._tokenizer = backend
        self._settings = settings
        limit = settings.get("model_max_length")
        self.model_max_length = limit if isinstance(limit, (int, float)) else UNLIMITED
        names = settings.get("model_input_names")
        self.model_input_names = names if isinstance(names, list) else ["input_ids", "token_type_ids", "attention_mask"]
        self.padding_side = settings.get("padding_side", "right")
        self.mask_token, self.mask_token_id = self._special("mask_token")
        self.unk_token_id = self._special("unk_token")[1]
        self.pad_token_id = self._special("pad_token")[1]

    def __call__(self, texts, pairs=None, add_special_tokens=True, truncation=False, max_length=None, stride=0, **returns):
        """Encodings of texts, or of pairs of them, as lists by name: as transformers answers without a tensor type."""
        if truncation is False:
            self._tokenizer.no_truncation()
        else:
            strategy = "longest_first" if truncation is True else truncation
            side = self._settings.get("truncation_side", "right")
            self._tokenizer.enable_truncation(int(max_length), stride=stride, strategy=strategy, direction=side)
        encodings = []
        for text, pair in zip(texts, pairs if pairs is not None else [None] * len(texts)):
            encoding = self._tokenizer.encode(text, pair, add_special_tokens=add_special_tokens)
            encodings += [encoding] + (encoding.overflowing if returns.get("return_overflowing_tokens") else [])
        return _Encoded(encodings, self.model_input_names, returns)

    def decode(self, ids, skip_special_tokens=False):
        text = self._tokenizer.decode(ids, skip_special_tokens=skip_special_tokens)
        # It suits pieces of words; transformers leaves other texts alone, too.
        if self._settings.get("clean_up_tokenization_spaces") is True and type(self._tokenizer.model).__name__ != "BPE":
            for before, after in CLEANED:
                text = text.replace(before, after)
        return text

    def convert_ids_to_tokens(self, token):
        return self._tokenizer.id_to_token(token)

    def num_special_tokens_to_add(self, pair):
        return self._tokenizer.num_special_tokens_to_add(pair)

    def _special(self, name):
        """The token of this name and its number; None where there is none."""
        token = self._settings.get(name)
        if isinstance(token, dict):
            token = token.get("content")
        number = self._tokenizer.token_to_id(token) if isinstance(token, str) else None
        return (None, None) if number is None else (token, number)


class _Encoded(dict):
    """Lists of numbers by name, a list for each encoding."""

    def __init__(self, encodings, names, returns):
        made = {"input_ids": "ids", "token_type_ids": "type_ids", "attention_mask": "attention_mask"}
        taken = [(name, attribute) for name, attribute in made.items() if name in names]
        if returns.get("return_offsets_mapping"):
            taken.append(("offset_mapping", "offsets"))
        if returns.get("return_special_tokens_mask"):
            taken.append(("special_tokens_mask", "special_tokens_mask"))
        super().__init__((name, [getattr(one, attribute) for one in encodings]) for name, attribute in taken)
        self._encodings = encodings

    def sequence_ids(self, at):
        return self._encodings[at].sequence_ids

    def word_ids(self, at):
        return self._encodings[at].word_ids


def _settings(folder):
    """tokenizer_config.json; older folders name the special tokens in a file of their own."""
    found = {}
    for name in ("special_tokens_map.json", "tokenizer_config.json"):
        read = tasks.read(folder, name)
        found.update(read if isinstance(read, dict) else {})
    return found
