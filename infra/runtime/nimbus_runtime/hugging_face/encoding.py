"""From texts to numbers, and through the model: several together, padded where that changes no answer."""

import itertools

from ..contract import json_type
from ..frameworks import Failed, InputError
from ..together import LEAST, Together, close

MOST_AT_ONCE = 32
"""Inputs in one call of the model: more are not quicker on a processor and need more memory."""

CALL_TOKENS = 24
"""Tokens that take about as long as a call of PyTorch by itself, measured of MiniLM; in smaller models more do."""

BY_TOKEN = ("start_logits", "end_logits")
"""Outputs of two dimensions whose second one is that of the tokens."""

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

    can_pad = False
    """Whether texts of nearly one length are tried together: the model tells padding from text, and its calls cost much."""

    width = None
    """To how many tokens the model pads every text, whatever is beside it; None where it takes any number."""

    def __init__(self, tokenizer, config, names):
        self.tokenizer = tokenizer
        self.config = config
        self.names = names
        # What is too long is answered, not logged.
        getattr(tokenizer, "deprecation_warnings", {})[LENGTH_WARNING] = True
        self.limit = _limit(tokenizer, config)
        self._together = Together()

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

    def run(self, encodings, answer, key=None):
        """An array, or a dict of them, for each text, which `answer(positions, outputs)` makes a list of.

        It is called with texts of equal length. Of `outputs` it takes NumPy's arrays of floats by their names,
        `"logits"`, with a row for each text and without its padding; 0 is that of the hidden states. Texts of nearly one
        length go through the model together, padded where the first ones so padded had the same answers without, for
        this `key`: what `answer` depends on. Else only those of equal length do, but for a model that pads every text.
        """
        results = [None] * len(encodings)
        lengths = [len(one["input_ids"]) for one in encodings]

        def together(positions):
            outputs = self.outputs([encodings[at] for at in positions])
            found = []
            for length, alike in itertools.groupby(positions, lengths.__getitem__):
                alike = list(alike)
                found += answer(alike, outputs.part(slice(len(found), len(found) + len(alike)), length))
            return found

        def alone(positions):
            found = {}
            for group in groups([lengths[at] for at in positions], self.most):
                group = [positions[place] for place in group]
                found.update(zip(group, together(group)))
            return [found[at] for at in positions]

        if self.width is not None:
            order = sorted(range(len(lengths)), key=lengths.__getitem__)
            parts = [order[start : start + self.most] for start in range(0, len(order), self.most)]
        elif self.can_pad and not self._together.is_refused(key):
            parts = padded_groups(lengths, self.most)
        else:
            parts = groups(lengths, self.most)
        for group in parts:
            if self.width is not None or lengths[group[0]] == lengths[group[-1]]:
                found = together(group)
            else:
                # The shortest has most padding.
                found = self._together.answers(key, group, alone, {"padded": together}, close, 0)
            for at, one in zip(group, found):
                results[at] = one
        return results

    def outputs(self, encodings):
        """The Outputs of `most` encodings at the most, which get longer. The shorter ones are padded."""
        raise NotImplementedError


class Outputs:
    """A model's `arrays` by name, of texts that were padded to `width` tokens at their end, or else at their beginning."""

    def __init__(self, arrays, width, is_padded_left=False):
        self._arrays = arrays
        self._width = width
        self._is_padded_left = is_padded_left
        self._rows = self._columns = slice(None)

    def part(self, rows, length):
        """Those of the texts `rows`, of `length` tokens each."""
        part = Outputs(self._arrays, self._width, self._is_padded_left)
        part._rows = rows
        part._columns = slice(self._width - length, None) if self._is_padded_left else slice(length)
        return part

    def __getitem__(self, name):
        array = self._arrays[name]
        is_by_token = name in BY_TOKEN or (array.ndim > 2 and array.shape[1] == self._width)
        return array[self._rows, self._columns] if is_by_token else array[self._rows]

    def items(self):
        return [(name, self[name]) for name in self._arrays]


def groups(lengths, most=MOST_AT_ONCE):
    """Positions of equal length together, in groups of `most` at most."""
    by_length = {}
    for at, length in enumerate(lengths):
        by_length.setdefault(length, []).append(at)
    for positions in by_length.values():
        for start in range(0, len(positions), most):
            yield positions[start : start + most]


def padded_groups(lengths, most=MOST_AT_ONCE):
    """Positions in the groups that cost the least, of one or several lengths, in each the shortest first.

    A call costs CALL_TOKENS and its tokens, padding included; with several lengths also the call for a text alone.
    """
    left = []
    for group in sorted(groups(lengths, most), key=lambda positions: lengths[positions[0]]):
        if len(group) == most:
            yield group
        else:
            left.append(group)
    costs, starts = [0], []
    for end, last in enumerate(left):
        found = []
        count = 0
        for start in range(end, -1, -1):
            count += len(left[start])
            if count > most:
                break
            cost = costs[start] + CALL_TOKENS + count * lengths[last[0]]
            if start == end:
                found.append((cost, start))
            elif count >= LEAST:
                found.append((cost + CALL_TOKENS + lengths[left[start][0]], start))
        cost, start = min(found)
        costs.append(cost)
        starts.append(start)
    end = len(left)
    while end:
        start = starts[end - 1]
        yield [at for group in left[start:end] for at in group]
        end = start


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
