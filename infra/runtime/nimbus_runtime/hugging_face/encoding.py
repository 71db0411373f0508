"""From texts to tensors, and through the model: several together, padded where that changes no answer."""

from ..contract import json_type
from ..frameworks import Failed, InputError
from ..together import Together, close_tensors

MOST_AT_ONCE = 32
"""Inputs in one call of the model: more are not quicker on a processor and need more memory."""

WASTE = 1.25
"""A text is padded to this many times its tokens, and PADDING more, at most: padding costs what a text costs."""

PADDING = 4

MANY = 8
"""From so many texts of one length on they need no others."""

OFFSET_POSITIONS = ("roberta", "xlm-roberta", "camembert", "longformer", "mpnet", "xlm-roberta-xl", "data2vec-text", "ibert")
"""Models whose positions begin after that of the padding."""

TRUNCATION = "Uses the beginning of a text that is longer than the model takes; else it is refused."
"""Describes the parameter `truncation`."""

UNLIMITED = 1_000_000
LENGTH_WARNING = "sequence-length-is-longer-than-the-specified-maximum"


class Encoder:
    """A tokenizer and the model behind it."""

    def __init__(self, tokenizer, model):
        self.tokenizer = tokenizer
        self.model = model
        self.names = list(tokenizer.model_input_names)
        # What is too long is answered, not logged.
        getattr(tokenizer, "deprecation_warnings", {})[LENGTH_WARNING] = True
        self.limit = _limit(tokenizer, model.config)
        self.together = Together()

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

    def run(self, encodings, fields, answer, is_by_token=True):
        """`answer(position, *outputs)` for each text: the model's outputs of the names `fields`, without its padding.

        `answer` makes a tensor of them. Texts of nearly one length go through the model together, padded where the
        first ones so padded had the same answers without; else only those of equal length do.
        """
        results = [None] * len(encodings)
        kind = (fields, is_by_token)

        def alone(positions):
            found = {}
            for group in groups([len(encodings[at]["input_ids"]) for at in positions]):
                group = [positions[place] for place in group]
                found.update(zip(group, self._padded(encodings, group, fields, answer, is_by_token)))
            return [found[at] for at in positions]

        def together(positions):
            return self._padded(encodings, positions, fields, answer, is_by_token)

        lengths = [len(one["input_ids"]) for one in encodings]
        # Without a mask the model does not tell padding from text.
        can_pad = self.tokenizer.pad_token_id is not None and "attention_mask" in self.names
        for group in self._groups(lengths) if can_pad and not self.together.is_refused(kind) else groups(lengths):
            if lengths[group[0]] == lengths[group[-1]]:
                found = together(group)
            else:
                # The shortest has most padding.
                found = self.together.answers(kind, group, alone, {"padded": together}, _close, 0)
            for at, one in zip(group, found):
                results[at] = one
        return results

    def _groups(self, lengths):
        """Positions in groups: many of one length, the others by nearly one, the shortest first."""
        left = []
        for group in groups(lengths):
            if len(group) >= MANY:
                yield group
            else:
                left += group
        group = []
        for at in sorted(left, key=lengths.__getitem__):
            most = lengths[group[0]] * WASTE + PADDING if group else 0
            if group and (len(group) == MOST_AT_ONCE or lengths[at] > most):
                yield group
                group = []
            group.append(at)
        if group:
            yield group

    def _padded(self, encodings, positions, fields, answer, is_by_token):
        import torch

        lengths = [len(encodings[at]["input_ids"]) for at in positions]
        longest = max(lengths)
        fill = {
            "input_ids": self.tokenizer.pad_token_id,
            "token_type_ids": getattr(self.tokenizer, "pad_token_type_id", 0),
        }
        tensors = {
            name: torch.tensor(
                [
                    encodings[at][name] + [fill.get(name, 0)] * (longest - length)
                    for at, length in zip(positions, lengths)
                ]
            )
            for name in self.names
            if name in encodings[positions[0]]
        }
        with torch.inference_mode():
            output = self.model(**tensors)
            outputs = [output[field] for field in fields]
            return [
                answer(at, *[rows[place, :length] if is_by_token else rows[place] for rows in outputs])
                for place, (at, length) in enumerate(zip(positions, lengths))
            ]


def groups(lengths, most=MOST_AT_ONCE):
    """Positions of equal length together, in groups of `most` at most."""
    by_length = {}
    for at, length in enumerate(lengths):
        by_length.setdefault(length, []).append(at)
    for positions in by_length.values():
        for start in range(0, len(positions), most):
            yield positions[start : start + most]


def _close(one, other):
    return close_tensors({"": one}, {"": other})


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
