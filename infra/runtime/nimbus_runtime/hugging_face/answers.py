"""Question answering: the part of a context that answers a question."""

from ..frameworks import InputError
from ..parameters import Parameters, integer
from .arrays import highest, softmax
from .encoding import each, fields_of

WINDOW_TOKENS = 384
STRIDE_TOKENS = 128
MOST_ANSWERS = 20
MASKED = -10000.0


class QuestionAnswering:
    """`{"question", "context"}` to `{"answer", "score", "start", "end"}`, as the pipeline of transformers 4 answers.

    A context that is longer than the model takes is read in windows that overlap.
    """

    task = "question-answering"

    def __init__(self, encoder):
        if not encoder.tokenizer.is_fast:
            raise TypeError("%s does not say where its tokens stand in the text" % type(encoder.tokenizer).__name__)
        self.encoder = encoder
        self.window = min(encoder.limit or WINDOW_TOKENS, WINDOW_TOKENS)
        encoder.tokenizer.padding_side = "right"
        self.parameters = Parameters(
            {
                "top_k": integer("How many answers to give, the best first.", 1, 1, MOST_ANSWERS),
                "max_answer_tokens": integer("The longest answer, in tokens.", min(15, self.window), 1, self.window),
            },
            example={"top_k": 3},
        )

    def predict(self, inputs, parameters):
        top, longest = parameters["top_k"], parameters["max_answer_tokens"]
        return each(inputs, self._encode, lambda read_inputs: self._answer(read_inputs, top, longest))

    def card(self):
        text = {"type": "string"}
        names = ("question", "context")
        return {
            "task": self.task,
            "input": {"type": "object", "properties": {name: text for name in names}, "required": list(names)},
            "output": OUTPUT,
        }

    def _encode(self, value):
        question, context = fields_of(value, ("question", "context"))
        for name, text in (("question", question), ("context", context)):
            if not text.strip():
                raise InputError("input.%s" % name, "The %s is empty." % name)
        room = self.window - self.encoder.tokenizer.num_special_tokens_to_add(pair=True)
        asked = len(self.encoder.tokenizer([question], add_special_tokens=False)["input_ids"][0])
        if asked >= room:
            raise InputError("input.question", "The question has %d tokens; this model takes %d." % (asked, room - 1))
        windows = self.encoder.tokenizer(
            [question],
            [context],
            truncation="only_second",
            max_length=self.window,
            stride=min(STRIDE_TOKENS, self.window // 2, (room - asked) // 2),
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
        )
        return context, windows

    def _answer(self, read_inputs, top, longest):
        flat = []
        for at, (_, windows) in enumerate(read_inputs):
            flat += [(at, number) for number in range(len(windows["input_ids"]))]
        encodings = [
            {name: read_inputs[at][1][name][number] for name in self.encoder.names if name in read_inputs[at][1]}
            for at, number in flat
        ]

        def probabilities(positions, outputs):
            both = zip(positions, outputs["start_logits"], outputs["end_logits"])
            return [_probabilities(read_inputs[flat[place][0]][1], flat[place][1], start, end) for place, start, end in both]

        found = [[] for _ in read_inputs]
        for (at, number), both in zip(flat, self.encoder.run(encodings, probabilities)):
            context, windows = read_inputs[at]
            found[at] += _spans(windows, number, both, top, longest, context)
        return [_result(answers, top) for answers in found]


def _probabilities(windows, number, start, end):
    """Of each token of one window, that the answer starts and that it ends there: two rows."""
    import numpy

    sequences = windows.sequence_ids(number)
    is_context = numpy.array([sequence == 1 for sequence in sequences])
    # The first token, which stands for no answer, takes part in the probabilities and is no answer.
    kept = is_context.copy()
    kept[0] = True
    rows = numpy.stack([start, end])
    return softmax(numpy.where(kept, rows, rows.dtype.type(MASKED))) * is_context


def _spans(windows, number, probabilities, top, longest, context):
    """The best spans of one window, as answers."""
    import numpy

    starts, ends = probabilities
    scores = numpy.tril(numpy.triu(numpy.outer(starts, ends)), longest - 1).ravel()
    answers = []
    for place in highest(scores, top):
        first, last = divmod(place, len(starts))
        score = float(scores[place])
        if score > 0:
            begin, stop = _whole_words(windows, number, first, last)
            answers.append({"answer": context[begin:stop], "score": score, "start": begin, "end": stop})
    return answers


def _whole_words(windows, number, first, last):
    words = windows.word_ids(number)
    sequences = windows.sequence_ids(number)
    while words[first] is not None and (words[first - 1], sequences[first - 1]) == (words[first], 1):
        first -= 1
    while words[last] is not None and last + 1 < len(words) and (words[last + 1], sequences[last + 1]) == (words[last], 1):
        last += 1
    offsets = windows["offset_mapping"][number]
    return offsets[first][0], offsets[last][1]


def _result(answers, top):
    unique = {}
    for one in sorted(answers, key=lambda answer: answer["score"], reverse=True):
        unique.setdefault((one["start"], one["end"]), one)
    best = list(unique.values())[:top]
    if not best:
        return {"answer": "", "score": 0.0, "start": 0, "end": 0}
    return dict(best[0], answers=best) if top > 1 else best[0]


OUTPUT = {
    "type": "object",
    "properties": {
        "answer": {"type": "string"},
        "score": {"type": "number"},
        "start": {"type": "integer"},
        "end": {"type": "integer"},
        "answers": {"type": "array"},
    },
    "required": ["answer", "score", "start", "end"],
}
