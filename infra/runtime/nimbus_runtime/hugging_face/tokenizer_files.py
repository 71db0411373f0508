"""The files that transformers makes tokenizers of, and what reads them; src/core/detect/tokenizer-packages.ts has the same."""

import os
import re

from . import tasks

QUICK = "tokenizer.json"
VOCABULARIES = ("vocab.txt", "vocab.json")
PIECES = (
    "spiece.model",
    "sentencepiece.bpe.model",
    "sentencepiece.model",
    "spm.model",
    "tokenizer.model",
    "source.spm",
)
"""Models of SentencePiece."""


def is_quick(folder):
    """Whether the tokenizer is the quick one itself, which needs no transformers."""
    return os.path.isfile(os.path.join(folder, QUICK))


def has_other(folder):
    """Whether there is one that only transformers reads."""
    if any(os.path.isfile(os.path.join(folder, name)) for name in VOCABULARIES + PIECES):
        return True
    named = (tasks.read(folder, "tokenizer_config.json") or {}).get("tokenizer_class")
    # Bytes and characters need no file.
    return bool(re.match(r"(?:ByT5|Canine|Perceiver)Tokenizer(?:Fast)?$", str(named)))


def check(folder):
    """Raises ModuleNotFoundError where a package is missing without which transformers fails in other words."""
    found = next((name for name in PIECES if os.path.isfile(os.path.join(folder, name))), None)
    if found is None or is_quick(folder):
        return
    for package, module in (("sentencepiece", "sentencepiece"), ("protobuf", "google.protobuf")):
        try:
            __import__(module)
        except ModuleNotFoundError as error:
            what = "the tokenizer in %s is read with the packages sentencepiece and protobuf, and %s is not installed"
            raise ModuleNotFoundError(what % (found, package), name=package) from error


def load(loader, folder, **options):
    """What transformers' AutoTokenizer, the `loader`, makes of a folder. Raises what says how to put it right."""
    check(folder)
    try:
        return loader.from_pretrained(folder, local_files_only=True, **options)
    except ImportError:
        raise
    except Exception as error:
        if is_quick(folder):
            raise
        raise ValueError(
            "this version of transformers cannot make a tokenizer of the folder (%s: %s). Save its quick form beside it, with "
            'the version that saved the model: AutoTokenizer.from_pretrained(folder).save_pretrained(folder) writes %s'
            % (type(error).__name__, (str(error).strip().splitlines() or [""])[0][:200], QUICK)
        ) from error
