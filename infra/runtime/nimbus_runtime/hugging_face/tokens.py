"""Token classification: spans of a text with a label, grouped as the pipeline of transformers groups them."""

from ..parameters import Parameters, boolean, choice
from .arrays import softmax
from .classification import labels_of
from .encoding import TRUNCATION, each, text_of

STRATEGIES = ("simple", "none", "first", "average", "max")
OUTSIDE = "O"


class TokenClassification:
    """`entities` with a score each. Needs a quick tokenizer, which knows where its tokens stand in the text."""

    task = "token-classification"
    parameters = Parameters(
        {
            "aggregation": choice("How the tokens of one entity are put together.", "simple", STRATEGIES),
            "truncation": boolean(TRUNCATION),
        },
        example={"aggregation": "first"},
    )

    def __init__(self, encoder):
        if not encoder.tokenizer.is_fast:
            raise TypeError("%s does not say where its tokens stand in the text" % type(encoder.tokenizer).__name__)
        self.encoder = encoder
        self.labels = labels_of(encoder.config)

    def predict(self, inputs, parameters):
        strategy, truncate = parameters["aggregation"], parameters["truncation"]

        def encode(value):
            text = text_of(value)
            [encoding] = self.encoder.encode(
                [text], None, truncate, return_offsets_mapping=True, return_special_tokens_mask=True
            )
            self.encoder.check_length(encoding)
            return text, encoding

        return each(inputs, encode, lambda read_inputs: self._answer(read_inputs, strategy))

    def card(self):
        names = [_without_prefix(label) for label in self.labels if label != OUTSIDE]
        return {
            "task": "entities",
            "input": {"type": "string"},
            "output": OUTPUT,
            "labels": sorted(set(names), key=names.index),
        }

    def _answer(self, read_inputs, strategy):
        encodings = [encoding for _, encoding in read_inputs]
        scores = self.encoder.run(encodings, lambda _, outputs: list(softmax(outputs["logits"])))
        return [
            {"entities": self._entities(text, encoding, rows, strategy)}
            for (text, encoding), rows in zip(read_inputs, scores)
        ]

    def _entities(self, text, encoding, rows, strategy):
        tokens = []
        words = _word_starts(self.encoder.tokenizer, encoding, text)
        for at, (start, end) in enumerate(encoding["offset_mapping"]):
            if not encoding["special_tokens_mask"][at]:
                tokens.append((rows[at], start, end, words[at]))
        if strategy in ("none", "simple"):
            found = [self._labelled(row, start, end) for row, start, end, _ in tokens]
        else:
            found = [self._word(word, strategy) for word in _words(tokens)]
        if strategy != "none":
            found = [_joined(group) for group in _groups(found)]
        return [
            {"text": text[start:end], "label": label, "start": start, "end": end, "score": score}
            for label, score, start, end in found
            if label != OUTSIDE
        ]

    def _labelled(self, row, start, end):
        best = int(row.argmax())
        return self.labels[best], float(row[best]), start, end

    def _word(self, tokens, strategy):
        if strategy == "first":
            row = tokens[0][0]
        elif strategy == "max":
            row = max((row for row, *_ in tokens), key=lambda one: float(one.max()))
        else:
            row = sum(row for row, *_ in tokens) / len(tokens)
        return self._labelled(row, tokens[0][1], tokens[-1][2])


def _word_starts(tokenizer, encoding, text):
    """Per token whether a word begins with it: by its prefix where the tokenizer marks one, else by a space before it."""
    backend = getattr(getattr(tokenizer, "_tokenizer", None), "model", None)
    prefix = getattr(backend, "continuing_subword_prefix", None)
    starts = []
    for token, (start, end) in zip(encoding["input_ids"], encoding["offset_mapping"]):
        if prefix:
            word = tokenizer.convert_ids_to_tokens(int(token))
            starts.append(token == tokenizer.unk_token_id or len(word) == end - start)
        else:
            starts.append(start == 0 or " " in text[start - 1 : start + 1] or token == tokenizer.unk_token_id)
    return starts


def _words(tokens):
    words = []
    for token in tokens:
        if token[3] or not words:
            words.append([])
        words[-1].append(token)
    return words


def _groups(found):
    """Neighbours with the same label; B- begins a new one."""
    groups = []
    for one in found:
        label = one[0]
        if groups and not label.startswith("B-") and _without_prefix(label) == _without_prefix(groups[-1][-1][0]):
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def _joined(group):
    score = sum(score for _, score, _, _ in group) / len(group)
    return group[0][0].split("-", 1)[-1], score, group[0][2], group[-1][3]


def _without_prefix(label):
    return label[2:] if label.startswith(("B-", "I-")) else label


_SPAN = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "label": {"type": "string"},
        "start": {"type": "integer"},
        "end": {"type": "integer"},
        "score": {"type": "number"},
    },
}
OUTPUT = {"type": "object", "properties": {"entities": {"type": "array", "items": _SPAN}}, "required": ["entities"]}
