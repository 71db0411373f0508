"""Writes numbers in digits: an encoder-decoder of PyTorch with a tokenizer of its own. train.py makes it."""

import json

import torch
from network import Seq2Seq, Tokenizer, write
from nimbus_runtime.frameworks import Failed, InputError

MOST_WORDS = 30


class Model:
    def __init__(self, settings, weights):
        self.tokenizer = Tokenizer(settings["words"], settings["digits"])
        self.longest = settings["longest"]
        self.network = Seq2Seq(len(settings["words"]), len(settings["digits"]), settings["size"])
        self.network.load_state_dict(weights)
        self.network.eval()

    def answer(self, texts):
        written = write(self.network, self.tokenizer, texts, self.longest)
        return [{"text": digits, "score": score} for digits, score in written]


def load(path):
    """The working directory is the model's folder, so plain names do; `path` names the same folder."""
    torch.set_num_threads(1)  # a network this small is slower with more
    with open("tokenizer.json", encoding="utf-8") as file:
        settings = json.load(file)
    # weights_only: tensors and nothing else, so that this file cannot run code
    return Model(settings, torch.load("weights.pt", weights_only=True))


def warmup(model):
    model.answer(["one"])


def predict(model, input):
    check(model, input)
    return model.answer([input])[0]


def predict_batch(model, inputs):
    """One pass through the network for all; what cannot be read fails alone."""
    results = [refusal(model, one) for one in inputs]
    good = [index for index, failed in enumerate(results) if failed is None]
    for index, answer in zip(good, model.answer([inputs[index] for index in good]) if good else []):
        results[index] = answer
    return results


def refusal(model, input):
    try:
        check(model, input)
        return None
    except InputError as error:
        return Failed(error)


def check(model, input):
    if not isinstance(input, str):
        raise InputError("input", "The input must be a number in words, as text.")
    words = model.tokenizer.split(input)
    unknown = model.tokenizer.unknown(input)
    if not words or len(words) > MOST_WORDS:
        raise InputError("input", "The input must have 1 to %d words." % MOST_WORDS)
    if unknown:
        raise InputError("input", "These words are not part of a number below a million: %s." % ", ".join(unknown[:5]))


def schema(model):
    return {
        "task": "text2text-generation",
        "input": {"type": "string", "title": "Number in words", "examples": ["three hundred and twenty-one"]},
        "output": {
            "type": "object",
            "properties": {"text": {"type": "string"}, "score": {"type": "number", "minimum": 0, "maximum": 1}},
        },
    }
