"""Fill-mask: what fits a gap in a text."""

from ..frameworks import InputError
from ..parameters import Parameters, boolean, integer
from .encoding import TRUNCATION, each, text_of

MOST_FILLS = 1000


class FillMask:
    """`fills`, the best first; `masks` with one list for each where the text has several gaps."""

    task = "fill-mask"

    def __init__(self, encoder):
        if encoder.tokenizer.mask_token_id is None:
            raise TypeError("the tokenizer has no token that stands for a gap")
        self.encoder = encoder
        self.most = min(MOST_FILLS, encoder.model.config.vocab_size)
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
        found = [self._gaps(encoding["input_ids"]) for encoding in encodings]
        scores = self.encoder.run(encodings, ("logits",), lambda at, logits: logits[found[at]].float().softmax(-1))
        return [
            self._fills(encoding["input_ids"], gaps, rows, top) for encoding, gaps, rows in zip(encodings, found, scores)
        ]

    def _gaps(self, ids):
        return [at for at, token in enumerate(ids) if token == self.encoder.tokenizer.mask_token_id]

    def _fills(self, ids, gaps, scores, top):
        tokenizer = self.encoder.tokenizer
        masks = []
        for gap, row in zip(gaps, scores):
            best = row.topk(top)
            fills = []
            for score, token in zip(best.values.tolist(), best.indices.tolist()):
                filled = ids[:gap] + [token] + ids[gap + 1 :]
                text = tokenizer.decode(filled, skip_special_tokens=len(gaps) == 1)
                fills.append({"token": tokenizer.decode([token]), "text": text, "score": score})
            masks.append(fills)
        return {"fills": masks[0]} if len(masks) == 1 else {"masks": masks}


_FILL = {
    "type": "object",
    "properties": {"token": {"type": "string"}, "text": {"type": "string"}, "score": {"type": "number"}},
}
_FILLS = {"type": "array", "items": _FILL}
OUTPUT = {"type": "object", "properties": {"fills": _FILLS, "masks": {"type": "array", "items": _FILLS}}}
