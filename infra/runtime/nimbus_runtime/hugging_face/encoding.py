"""From texts to numbers, and through the model: inputs of equal length together, none of them padded."""

from ..contract import json_type
from ..frameworks import Failed, InputError

MOST_AT_ONCE = 32
"""Inputs in one call of the model: more are not quicker on a processor and need more memory."""

OFFSET_POSITIONS = ("roberta", "xlm-roberta", "camembert", "longformer", "mpnet", "xlm-roberta-xl", "data2vec-text", "ibert")
"""Models whose positions begin after that of the padding."""

TRUNCATION = "Uses the beginning of a text that is longer than the model takes; else it is refused."
"""Describes the parameter `truncation`."""

UNLIMITED = 1_000_000
LENGTH_WARNING = "sequence-length-is-longer-than-the-specified-maximum"


class Encoder:
    """A tokenizer and the model behind it, which a subclass for each library runs.

    `names` are the inputs that the model takes of what the tokenizer makes.
    """

    most = MOST_AT_ONCE

    def __init__(self, tokenizer, config, names):
        self.tokenizer = tokenizer
        self.config = config
        self.names = names
        # What is too long is answered, not logged.
        getattr(tokenizer, "deprecation_warnings", {})[LENGTH_WARNING] = True
        self.limit = _limit(tokenizer, config)

    def encode(self, texts, pairs=None, truncate=False, special=True, **more):
        """One dict of lists per text. Raises InputError for the first that is too long, unless it is cut."""
        options = dict(more, add_special_tokens=special)
        if truncate and self.limit is not None:
            options.update(truncation=options.get("truncation", True), max_length=self.limit)
        arguments = (texts,) if pairs is None else (texts, pairs)
        found = self.tokenizer(*arguments, **options)
        return [{name: found[name][at] for name in found} for at in range(len(found["input_ids"]))]

    def check_length(self, encoding, room=0):
        """Raises InputError where a text has more tokens than the model takes."""
        count = len(encoding["input_ids"])
        if self.limit is not None and count + room > self.limit:
            raise InputError(
                "input",
                "The text has %d tokens; this model takes %d. With the parameter truncation the first of them are used."
                % (count, self.limit - room),
            )

    def run(self, encodings):
        """The model's outputs, each beside the positions of the inputs that it is of.

        An output is NumPy's array of floats by its name, `"logits"`, with a row for each input; 0 is that of the hidden
        states.
        """
        for group in groups([len(one["input_ids"]) for one in encodings], self.most):
            yield group, self.outputs([encodings[at] for at in group])

    def outputs(self, encodings):
        """Of encodings of equal length, `most` at the most."""
        raise NotImplementedError


def groups(lengths, most=MOST_AT_ONCE):
    """Positions of equal length together, in groups of `most` at most."""
    by_length = {}
    for at, length in enumerate(lengths):
        by_length.setdefault(length, []).append(at)
    for positions in by_length.values():
        for start in range(0, len(positions), most):
            yield positions[start : start + most]


def each(inputs, read, answer):
    """`answer([read(input), …])`, with Failed in the place of each input that cannot be read."""
    results = [None] * len(inputs)
    good, values = [], []
    for at, value in enumerate(inputs):
        try:
            values.append(read(value))
            good.append(at)
        except InputError as error:
            results[at] = Failed(error)
    for at, result in zip(good, answer(values) if good else ()):
        results[at] = result
    return results


def text_of(value):
    """The input as a text. Raises InputError."""
    if not isinstance(value, str):
        raise InputError("input", "The input must be a string of text, not %s." % json_type(value))
    return value


def field_of(value, name):
    """A text in an object. Raises InputError."""
    if name not in value:
        raise InputError("input.%s" % name, "%s is missing." % name)
    if not isinstance(value[name], str):
        raise InputError("input.%s" % name, "%s must be a string of text, not %s." % (name, json_type(value[name])))
    return value[name]


def fields_of(value, names):
    """The texts of an object that has exactly these fields. Raises InputError."""
    if not isinstance(value, dict):
        listed = ", ".join('"%s": …' % name for name in names)
        raise InputError("input", "The input must be an object, {%s}, not %s." % (listed, json_type(value)))
    for name in value:
        if name not in names:
            raise InputError("input.%s" % name, "There is no field %s: there are %s." % (name, " and ".join(names)))
    return [field_of(value, name) for name in names]


def _limit(tokenizer, config):
    """The most tokens of one input; None where nothing says."""
    limits = []
    if 0 < tokenizer.model_max_length < UNLIMITED:
        limits.append(tokenizer.model_max_length)
    positions = getattr(config, "max_position_embeddings", None)
    if isinstance(positions, int) and positions > 0:
        offset = (getattr(config, "pad_token_id", None) or 0) + 1 if config.model_type in OFFSET_POSITIONS else 0
        limits.append(positions - offset)
    return min(limits) if limits else None
