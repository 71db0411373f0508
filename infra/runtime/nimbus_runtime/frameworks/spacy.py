"""spaCy pipelines: the parts of a Doc that the pipeline's own components produce, offsets in code points."""

import os
import re
import sys

from ..deferral import absent_during, defer
from ..parameters import Parameters, boolean
from . import InputError

OTHER_BACKENDS = ("torch", "tensorflow", "mxnet", "h5py")
"""What thinc imports wherever it is installed, seconds of it, for layers that spaCy's own components do not have."""

BUILT_IN = {
    "attribute_ruler",
    "entity_linker",
    "entity_ruler",
    "lemmatizer",
    "morphologizer",
    "ner",
    "parser",
    "sentencizer",
    "senter",
    "span_ruler",
    "spancat",
    "spancat_singlelabel",
    "tagger",
    "textcat",
    "textcat_multilabel",
    "tok2vec",
    "trainable_lemmatizer",
}
"""Factories of spaCy 3 whose models are made of thinc's own layers."""

TOKEN_PARTS = {
    "pos": ("token.pos", "POS", "pos_"),
    "tag": ("token.tag", "TAG", "tag_"),
    "lemma": ("token.lemma", "LEMMA", "lemma_"),
    "dep": ("token.dep", "DEP", "dep_"),
}
"""By name in the answer: what a component's meta calls it, what `Doc.has_annotation` calls it, the token's attribute."""

PARAMETERS = Parameters({"full": boolean("Adds spaCy's own JSON of the whole Doc.")}, example={"full": True})

_SPAN = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "label": {"type": "string"},
        "start": {"type": "integer"},
        "end": {"type": "integer"},
        "id": {"type": "string"},
    },
    "required": ["text", "label", "start", "end"],
}
_SCHEMAS = {
    "entities": {"type": "array", "items": _SPAN},
    "spans": {"type": "object", "additionalProperties": {"type": "array", "items": _SPAN}},
    "sentences": {
        "type": "array",
        "items": {"type": "object", "properties": {"start": {"type": "integer"}, "end": {"type": "integer"}}},
    },
    "tokens": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": dict(
                {name: {"type": "string"} for name in ("text", "pos", "tag", "lemma", "dep")},
                **{name: {"type": "integer"} for name in ("start", "end", "head")}
            ),
            "required": ["text", "start", "end"],
        },
    },
    "categories": {
        "type": "array",
        "items": {"type": "object", "properties": {"label": {"type": "string"}, "score": {"type": "number"}}},
    },
}


class _Pipeline:
    def __init__(self, nlp):
        self.nlp = nlp
        assigned = set()
        open_ended = False
        for name in nlp.pipe_names:
            meta = nlp.get_pipe_meta(name)
            assigned.update(meta.assigns)
            # attribute_ruler and most components of users do not declare what they set.
            open_ended = open_ended or not meta.assigns
        self.open_ended = open_ended
        self.entities = "doc.ents" in assigned
        self.spans = "doc.spans" in assigned
        self.sentences = bool(assigned & {"doc.sents", "token.is_sent_start"})
        self.categories = "doc.cats" in assigned
        declared = {name for name, (meta_name, _, _) in TOKEN_PARTS.items() if meta_name in assigned}
        self.token_parts = [name for name in TOKEN_PARTS if open_ended or name in declared]
        self.tokens = bool(declared) or not assigned

        self.exclusive = self._is_exclusive()

    def _is_exclusive(self):
        """Whether one category applies: all are of one `textcat`, whose scores add up to 1. Else each is scored by itself."""
        names = [name for name in self.nlp.pipe_names if "doc.cats" in self.nlp.get_pipe_meta(name).assigns]
        if len(names) != 1 or self.open_ended or self.nlp.get_pipe_meta(names[0]).factory != "textcat":
            return False
        return _exclusive_classes(self.nlp.get_pipe_config(names[0])) is not False

    def parts(self):
        """Names of the parts that each answer has."""
        return [name for name in _SCHEMAS if getattr(self, name)]

    def result(self, doc, full):
        """What the pipeline found in one Doc, as JSON."""
        result = {}
        if self.entities or (self.open_ended and doc.ents):
            result["entities"] = [_span(span) for span in doc.ents]
        if self.spans or (self.open_ended and doc.spans):
            result["spans"] = {key: [_span(span) for span in group] for key, group in doc.spans.items()}
        if (self.sentences or self.open_ended) and doc.has_annotation("SENT_START"):
            result["sentences"] = [{"start": s.start_char, "end": s.end_char} for s in doc.sents]
        present = [name for name in self.token_parts if doc.has_annotation(TOKEN_PARTS[name][1])]
        if self.tokens or present:
            result["tokens"] = _tokens(doc, present)
        if self.categories or (self.open_ended and doc.cats):
            result["categories"] = [{"label": label, "score": score} for label, score in doc.cats.items()]
        if full:
            result["doc"] = doc.to_json()
        return result


def imports(path):
    # `import spacy` takes one function from its command line, which brings a third of all modules.
    defer("spacy.cli")
    defer("spacy.cli.info", ("info",))
    if _is_all_spacys(path):
        absent_during("thinc.compat", OTHER_BACKENDS)
    import spacy  # noqa: F401


def _is_all_spacys(path):
    """Whether config.cfg names only spaCy's own components and layers, none of which runs on another library."""
    try:
        with open(os.path.join(path, "config.cfg"), encoding="utf-8") as file:
            config = file.read()
    except OSError:
        return False
    factories = re.findall(r'^factory\s*=\s*"([^"]*)"', config, re.MULTILINE)
    layers = re.findall(r'^@(?:architectures|layers)\s*=\s*"([^"]*)"', config, re.MULTILINE)
    return (
        "torch" not in config.lower()
        and all(factory in BUILT_IN for factory in factories)
        and all(layer.startswith(("spacy.", "spacy-legacy.", "thinc.")) for layer in layers)
    )


def load(path):
    import spacy

    return _Pipeline(spacy.load(path))


def _exclusive_classes(config):
    """What the configuration of a component's model says, at any depth; None where it does not say."""
    if not isinstance(config, dict):
        return None
    if isinstance(config.get("exclusive_classes"), bool):
        return config["exclusive_classes"]
    found = [_exclusive_classes(one) for one in config.values()]
    return next((one for one in found if one is not None), None)


def check(model, text):
    if not isinstance(text, str):
        raise InputError("input", "The input must be a string of text.")
    most = model.nlp.max_length
    if len(text) > most:
        raise InputError("input", "The text has %d characters; this pipeline takes %s." % (len(text), "{:,}".format(most)))


def parameters(model):
    return PARAMETERS


def predict(model, inputs, parameters):
    full = parameters["full"]
    nlp = model.nlp
    for text in inputs:
        check(model, text)
    if len(inputs) == 1:
        return [model.result(nlp(inputs[0]), full)]
    return [model.result(doc, full) for doc in nlp.pipe(inputs)]


def card(model):
    nlp = model.nlp
    parts = model.parts()
    tasks = [
        ("entities", "entities"),
        ("categories", "text-classification"),
        ("spans", "spans"),
        ("tokens", "tokens"),
        ("sentences", "sentences"),
    ]
    task = next((task for part, task in tasks if part in parts), "custom")
    found = {
        "frameworkVersion": sys.modules["spacy"].__version__,
        "task": task,
        "input": {"type": "string", "maxLength": nlp.max_length},
        "output": {"type": "object", "properties": {part: _SCHEMAS[part] for part in parts}},
        "labels": _labels(nlp),
    }
    if "categories" in parts:
        found["exclusiveCategories"] = model.exclusive
    return found


def _labels(nlp):
    """Labels of entities, categories and spans; those of a parser or tagger only where there are no others."""
    found, grammar = [], []
    for name in nlp.pipe_names:
        own = getattr(nlp.get_pipe(name), "labels", ())
        assigns = nlp.get_pipe_meta(name).assigns
        target = found if {"doc.ents", "doc.cats", "doc.spans"} & set(assigns) else grammar
        target += [label for label in own if label and label not in target]
    return found or grammar


def _span(span):
    found = {"text": span.text, "label": span.label_, "start": span.start_char, "end": span.end_char}
    identity = span.id_ or span.kb_id_
    if identity:
        found["id"] = identity
    return found


def _tokens(doc, present):
    tokens = []
    attributes = [(name, TOKEN_PARTS[name][2]) for name in present]
    has_heads = "dep" in present
    for token in doc:
        found = {"text": token.text, "start": token.idx, "end": token.idx + len(token)}
        for name, attribute in attributes:
            found[name] = getattr(token, attribute)
        if has_heads:
            found["head"] = token.head.i
        tokens.append(found)
    return tokens
