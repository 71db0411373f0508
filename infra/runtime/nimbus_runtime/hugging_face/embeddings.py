"""Vectors of texts: feature extraction, and the usual SentenceTransformers models without their library."""

from ..contract import json_type
from ..frameworks import InputError
from ..parameters import Parameters, boolean, choice
from .arrays import normalized
from .encoding import TRUNCATION, each

MOST_SENTENCES = 1000
POOLINGS = ("mean", "cls", "max", "none")
NORMALIZE = "Makes each vector one of length 1."
SIMILARITIES = ("cosine", "dot", "euclidean", "manhattan")


class Embeddings:
    """`embedding` of a text; `similarities` of the sentences of `{"source", "sentences"}` to its source.

    `embed(texts, prompt)` answers with one array of two dimensions, a row for each text.
    """

    def __init__(self, embed, prompts=None, default_prompt=None, similarity="cosine", size=None):
        self.embed = embed
        self.prompts = prompts or {}
        self.similarity = similarity if similarity in SIMILARITIES else "cosine"
        self.size = size
        self.task = "embeddings"
        known = {"normalize": boolean(NORMALIZE)}
        if self.prompts:
            default = default_prompt if default_prompt in self.prompts else None
            known["prompt_name"] = choice("The prompt that is put before each text.", default, self.prompts)
        self.parameters = Parameters(known, example={"normalize": True})

    def predict(self, inputs, parameters):
        normalize = parameters["normalize"]
        prompt = self.prompts.get(parameters.get("prompt_name")) or ""
        return each(inputs, texts_of, lambda values: self._answer(values, prompt, normalize))

    def card(self):
        return embedding_card(self.task, self.size)

    def _answer(self, values, prompt, normalize):
        flat = [text for texts, _ in values for text in texts]
        vectors = self.embed(flat, prompt)
        if normalize:
            vectors = normalized(vectors)
        results = []
        start = 0
        for texts, is_comparison in values:
            own = vectors[start : start + len(texts)]
            start += len(texts)
            results.append(compared(own, texts, self.similarity) if is_comparison else {"embedding": own[0].tolist()})
        return results


class FeatureExtraction:
    """The mean of a text's token vectors, or as the parameter `pooling` says; `none` gives each of them."""

    task = "feature-extraction"
    parameters = Parameters(
        {
            "pooling": choice("How a text's token vectors become one; none gives each of them.", "mean", POOLINGS),
            "normalize": boolean(NORMALIZE),
            "truncation": boolean(TRUNCATION),
        },
        example={"pooling": "cls"},
    )

    def __init__(self, encoder):
        self.encoder = encoder

    def predict(self, inputs, parameters):
        pooling, normalize, truncate = (parameters[name] for name in ("pooling", "normalize", "truncation"))

        def encode(value):
            texts, is_comparison = texts_of(value)
            if is_comparison and pooling == "none":
                raise InputError("input", "Sentences are compared by one vector each: not with the pooling none.")
            encodings = self.encoder.encode(texts, None, truncate)
            for encoding in encodings:
                self.encoder.check_length(encoding)
            return texts, is_comparison, encodings

        return each(inputs, encode, lambda values: self._answer(values, pooling, normalize))

    def card(self):
        return embedding_card(self.task, getattr(self.encoder.config, "hidden_size", None))

    def _answer(self, values, pooling, normalize):
        import numpy

        flat = [encoding for _, _, encodings in values for encoding in encodings]

        def vectors(_, outputs):
            found = outputs[0] if pooling == "none" else pooled(outputs[0], pooling)
            return list(normalized(found) if normalize else found)

        rows = self.encoder.run(flat, vectors, (pooling, normalize))
        results = []
        start = 0
        for texts, is_comparison, encodings in values:
            own = rows[start : start + len(encodings)]
            start += len(encodings)
            if is_comparison:
                results.append(compared(numpy.stack(own), texts, "cosine"))
            else:
                results.append({"embeddings" if pooling == "none" else "embedding": own[0].tolist()})
        return results


def texts_of(value):
    """The texts of one input, and whether it is a comparison. Raises InputError."""
    if isinstance(value, str):
        return [value], False
    if not isinstance(value, dict):
        shown = json_type(value)
        raise InputError("input", 'The input must be a string of text, or {"source", "sentences"}, not %s.' % shown)
    for name in value:
        if name not in ("source", "sentences"):
            raise InputError("input.%s" % name, "There is no field %s: there are source and sentences." % name)
    source, sentences = value.get("source"), value.get("sentences")
    if not isinstance(source, str):
        raise InputError("input.source", "source must be a string of text.")
    if not isinstance(sentences, list) or not 0 < len(sentences) <= MOST_SENTENCES:
        raise InputError("input.sentences", "sentences must be a list of 1 to %d texts." % MOST_SENTENCES)
    for at, one in enumerate(sentences):
        if not isinstance(one, str):
            raise InputError("input.sentences[%d]" % at, "A sentence must be a string of text, not %s." % json_type(one))
    return [source] + sentences, True


def pooled(tokens, pooling):
    """One vector for each text, of its token vectors: an array of texts, tokens and dimensions. None is padded."""
    if pooling == "cls":
        return tokens[:, 0]
    if pooling == "max":
        return tokens.max(axis=1)
    if pooling == "lasttoken":
        return tokens[:, -1]
    count = tokens.shape[1]
    if pooling == "weightedmean":
        import numpy

        weights = numpy.arange(1, count + 1, dtype=tokens.dtype).reshape(1, -1, 1)
        return (tokens * weights).sum(axis=1) / weights.sum()
    total = tokens.sum(axis=1)
    return total / count if pooling == "mean" else total / tokens.dtype.type(count**0.5)


def compared(vectors, texts, similarity):
    """The similarities of the first vector to the others, beside their texts."""
    import numpy

    source, others = vectors[0], vectors[1:]
    if similarity == "cosine":
        scores = normalized(others) @ normalized(source)
    elif similarity == "dot":
        scores = others @ source
    else:
        scores = -numpy.linalg.norm(others - source, ord=2 if similarity == "euclidean" else 1, axis=1)
    return {"similarities": [{"text": text, "score": score} for text, score in zip(texts[1:], scores.tolist())]}


def embedding_card(task, size):
    """The card of a model that answers with vectors."""
    vector = {"type": "array", "items": {"type": "number"}}
    if size is not None:
        vector.update(minItems=size, maxItems=size)
    pair = {"type": "object", "properties": {"text": {"type": "string"}, "score": {"type": "number"}}}
    output = {"embedding": vector, "similarities": {"type": "array", "items": pair}}
    return {"task": task, "input": {"type": "string"}, "output": {"type": "object", "properties": output}}
