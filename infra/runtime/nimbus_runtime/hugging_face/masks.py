"""Fill-mask: what fits a gap in a text."""

from ..frameworks import InputError
from ..parameters import Parameters, boolean, integer
from .arrays import highest, softmax
from .encoding import TRUNCATION, each, text_of

MOST_FILLS = 1000


class FillMask:
    """`fills`, the best first; `masks` with one list for each where the text has several gaps."""

    task = "fill-mask"

    def __init__(self, encoder):
        if encoder.tokenizer.mask_token_id is None:
            raise TypeError("the tokenizer has no token that stands for a gap")
        self.encoder = encoder
        self.most = min(MOST_FILLS, encoder.config.vocab_size)
        top = integer("How many fills to answer with, the best first.", min(5, self.most), 1, self.most)
        self.parameters = Parameters({"top_k": top, "truncation": boolean(TRUNCATION)}, example={"top_k": min(10, self.most)})

    def predict(self, inputs, parameters):
        top, truncate = parameters["top_k"], parameters["truncation"]
        return each(inputs, lambda value: self._encode(value, truncate), lambda encodings: self._answer(encodings, top))

    def card(self):
        mask = self.encoder.tokenizer.mask_token
        described = "A text with %s in the place of what is to be found." % mask
        return {"task": self.task, "input": {"type": "string", "description": described}, "output": OUTPUT}

    def _encode(self, value, truncate):
        tokenizer = self.encoder.tokenizer
        [encoding] = self.encoder.encode([text_of(value)], None, truncate)
        self.encoder.check_length(encoding)
        if tokenizer.mask_token_id not in encoding["input_ids"]:
            raise InputError("input", "The text must hold %s where something is to be found." % tokenizer.mask_token)
        return encoding

    def _answer(self, encodings, top):
        mask = self.encoder.tokenizer.mask_token_id
        gaps = [[place for place, token in enumerate(one["input_ids"]) if token == mask] for one in encodings]

        def scores(positions, outputs):
            return [softmax(logits[gaps[at]]) for at, logits in zip(positions, outputs["logits"])]

        found = zip(encodings, gaps, self.encoder.run(encodings, scores))
        return [self._fills(encoding["input_ids"], places, rows, top) for encoding, places, rows in found]

    def _fills(self, ids, gaps, rows, top):
        tokenizer = self.encoder.tokenizer
        masks = []
        for gap, scores in zip(gaps, rows):
            fills = []
            for token in highest(scores, top):
                filled = ids[:gap] + [token] + ids[gap + 1 :]
                text = tokenizer.decode(filled, skip_special_tokens=len(gaps) == 1)
                fills.append({"token": tokenizer.decode([token]), "text": text, "score": float(scores[token])})
            masks.append(fills)
        return {"fills": masks[0]} if len(masks) == 1 else {"masks": masks}


_FILL = {
    "type": "object",
    "properties": {"token": {"type": "string"}, "text": {"type": "string"}, "score": {"type": "number"}},
}
_FILLS = {"type": "array", "items": _FILL}
OUTPUT = {"type": "object", "properties": {"fills": _FILLS, "masks": {"type": "array", "items": _FILLS}}}
