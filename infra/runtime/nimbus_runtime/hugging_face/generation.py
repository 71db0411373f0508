"""Texts from texts: generation, summarization, translation."""

import json

from ..contract import json_type
from ..frameworks import InputError
from ..parameters import Parameters, boolean, choice, integer, number, text
from .encoding import TRUNCATION, each, groups, text_of

NEW_TOKENS = {"text-generation": 64, "summarization": 128, "translation": 128, "text2text-generation": 128}
"""Used where the model's own generation_config.json sets no length."""

MOST_NEW_TOKENS = 8192
LIBRARY_LENGTH = 20
"""transformers' own default for the whole length, which no model is meant for."""

SAMPLING = ("temperature", "top_k", "top_p")
OPTIONS = {
    "max_new_tokens": integer("The most tokens to make.", None, 1, MOST_NEW_TOKENS),
    "min_new_tokens": integer("The fewest tokens to make.", None, 1, MOST_NEW_TOKENS),
    "do_sample": boolean("Draws each token by chance; so does temperature, top_k or top_p.", None),
    "temperature": number("Below 1 keeps to what is probable, above 1 strays from it.", None, 0, 100),
    "top_k": integer("Draws among this many tokens, the most probable.", None, 1, 100_000),
    "top_p": number("Draws among the most probable tokens that add up to this.", None, 0, 1),
    "num_beams": integer("How many texts to follow side by side for the most probable one.", None, 1, 16),
    "repetition_penalty": number("Above 1 keeps it from repeating itself.", None, 0, 10),
    "num_return_sequences": integer("How many texts to answer with.", None, 1, 16),
}
"""What `generate` of transformers takes; the model's own generation_config.json decides where one is not given."""

MORE = {
    "seed": integer("The same seed draws the same text.", None, 0, 2**63 - 1),
    "truncation": boolean(TRUNCATION),
}
EXAMPLES = {
    "text-generation": {"do_sample": True, "seed": 1},
    "translation": {"num_beams": 4},
}


class Generation:
    """`text`: with a decoder alone the input and what follows it, else what was made of the input."""

    def __init__(self, encoder, task):
        self.encoder = encoder
        self.task = task
        self.is_decoder = task == "text-generation"
        self.prefix = "" if self.is_decoder else _prefix(encoder.model.config, task)
        tokenizer = encoder.tokenizer
        self.languages = self.task == "translation" and hasattr(tokenizer, "src_lang")
        self.parameters = Parameters(
            dict(OPTIONS, **MORE, **self._own_parameters()), example=EXAMPLES.get(task, {"max_new_tokens": 60})
        )

    def predict(self, inputs, parameters):
        options = _options(parameters)
        seed, truncate = parameters["seed"], parameters["truncation"]
        room = options.get("max_new_tokens")
        full = parameters.get("return_full_text")
        if self.languages:
            options.update(self._languages(parameters))

        def encode(value):
            text, special = self._text(value)
            [encoding] = self.encoder.encode([text], None, truncate, special)
            if not encoding["input_ids"]:
                raise InputError("input", "The text is empty: the model has nothing to go on from.")
            self.encoder.check_length(encoding, 1 if self.is_decoder else 0)
            if self.is_decoder and room is not None and self.encoder.limit is not None:
                left = self.encoder.limit - len(encoding["input_ids"])
                if room > left:
                    raise InputError("input", "max_new_tokens may be %d at most after this text." % left)
            return value, text, encoding

        return each(inputs, encode, lambda read_inputs: self._answer(read_inputs, options, seed, full))

    def card(self):
        output = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
        return {"task": self.task, "input": {"type": "string"}, "output": output}

    def _own_parameters(self):
        if self.is_decoder:
            # What it makes stands behind the text, in the same window.
            most = min(MOST_NEW_TOKENS, max(1, (self.encoder.limit or MOST_NEW_TOKENS) - 1))
            room = dict(OPTIONS["max_new_tokens"], maximum=most)
            full = boolean("Answers with the input and what follows it, else with that alone.", True)
            return {"max_new_tokens": room, "return_full_text": full}
        if not self.languages:
            return {}
        codes = sorted(_codes(self.encoder.tokenizer))
        named = [("src_lang", "The language of the text."), ("tgt_lang", "The language to translate into.")]
        return {name: choice(what, None, codes) if codes else text(what) for name, what in named}

    def _languages(self, parameters):
        """Sets the tokenizer's source language; answers with the option for the target's."""
        tokenizer = self.encoder.tokenizer
        source, target = parameters["src_lang"], parameters["tgt_lang"]
        if source is not None:
            _token_of(tokenizer, "src_lang", source)
            tokenizer.src_lang = source
        return {} if target is None else {"forced_bos_token_id": _token_of(tokenizer, "tgt_lang", target)}

    def _text(self, value):
        """The text for the model, and whether the tokenizer adds its own marks around it."""
        if isinstance(value, list) and self.is_decoder and getattr(self.encoder.tokenizer, "chat_template", None):
            for at, message in enumerate(value):
                if not isinstance(message, dict) or not all(isinstance(message.get(k), str) for k in ("role", "content")):
                    raise InputError("input[%d]" % at, 'A message is an object, {"role": …, "content": …}.')
            return self.encoder.tokenizer.apply_chat_template(value, tokenize=False, add_generation_prompt=True), False
        if not isinstance(value, str):
            raise InputError("input", "The input must be a string of text, not %s." % json_type(value))
        return self.prefix + text_of(value), True

    def _answer(self, read_inputs, options, seed, full):
        import torch

        sampling = options.get("do_sample", bool(getattr(self.encoder.model.generation_config, "do_sample", False)))
        results = [None] * len(read_inputs)
        lengths = [len(encoding["input_ids"]) for _, _, encoding in read_inputs]
        # One by one where chance is at work: an answer does not depend on its neighbours.
        for group in groups(lengths, 1 if sampling else 16):
            if sampling and seed is not None:
                torch.manual_seed(seed)
            tensors = {
                name: torch.tensor([read_inputs[at][2][name] for at in group])
                for name in self.encoder.names
                if name in read_inputs[group[0]][2]
            }
            with torch.inference_mode():
                found = self.encoder.model.generate(**tensors, **self._length(options, lengths[group[0]]))
            count = len(found) // len(group)
            for place, at in enumerate(group):
                texts = [
                    self._read(ids, read_inputs[at], full) for ids in found[place * count : (place + 1) * count].tolist()
                ]
                results[at] = {"text": texts[0], "texts": texts} if count > 1 else {"text": texts[0]}
        return results

    def _length(self, options, prompt):
        options = dict(options)
        if options.get("do_sample") is False:
            for name in SAMPLING:
                options.pop(name, None)
        if self.is_decoder and self.encoder.tokenizer.pad_token_id is None:
            options["pad_token_id"] = self.encoder.tokenizer.eos_token_id
        own = self.encoder.model.generation_config
        if "max_new_tokens" in options or own.max_new_tokens or own.max_length not in (None, LIBRARY_LENGTH):
            return options
        limit = self.encoder.limit
        room = NEW_TOKENS[self.task]
        if limit is not None:
            room = min(room, limit - prompt if self.is_decoder else limit)
        return dict(options, max_new_tokens=max(1, room))

    def _read(self, ids, read_input, full):
        value, text, encoding = read_input
        tokenizer = self.encoder.tokenizer
        if not self.is_decoder:
            return tokenizer.decode(ids, skip_special_tokens=True)
        before = tokenizer.decode(encoding["input_ids"], skip_special_tokens=True)
        new = tokenizer.decode(ids, skip_special_tokens=True)[len(before) :]
        return text + new if full and isinstance(value, str) else new


def _options(parameters):
    options = {name: parameters[name] for name in OPTIONS if parameters[name] is not None}
    if any(name in options for name in SAMPLING):
        options.setdefault("do_sample", True)
    if options.get("num_return_sequences", 1) > options.get("num_beams", 1) and not options.get("do_sample"):
        raise InputError("parameters.num_return_sequences", "Several texts need do_sample, or as many num_beams.")
    return options


def _codes(tokenizer):
    """Tokens or their numbers by language, of a tokenizer that has a table of them."""
    return getattr(tokenizer, "lang_code_to_id", None) or getattr(tokenizer, "lang_code_to_token", None) or {}


def _token_of(tokenizer, name, language):
    """The number of a language's token. A tokenizer without a table of languages takes any word, and makes nothing of most."""
    code = _codes(tokenizer).get(language)
    token = code if isinstance(code, int) else tokenizer.convert_tokens_to_ids(code or language)
    if token is None or token == tokenizer.unk_token_id:
        raise InputError("parameters." + name, "The model has no language %s." % json.dumps(language, ensure_ascii=False))
    return token


def _prefix(config, task):
    """What a model of several tasks, as T5 is one, wants before the text."""
    named = getattr(config, "task_specific_params", None) or {}
    own = [one for name, one in named.items() if name.startswith(task)] if isinstance(named, dict) else []
    prefix = own[0].get("prefix") if len(own) == 1 else None
    return prefix if isinstance(prefix, str) else ""
