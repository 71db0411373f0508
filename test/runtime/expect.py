"""What the frameworks themselves answer, called as their documentation shows: the other side of answers.test.ts."""

import json
import sys

import joblib
import numpy
import pandas
import spacy


def sklearn(path, inputs):
    model = joblib.load(path)
    if isinstance(inputs[0], dict):
        inputs = pandas.DataFrame(inputs)
    elif isinstance(inputs[0], list):
        inputs = numpy.array(inputs)
    found = {}
    for method in ("predict", "predict_proba", "decision_function", "transform"):
        if hasattr(model, method) and (method != "transform" or not hasattr(model, "predict")):
            found[method] = getattr(model, method)(inputs).tolist()
    found["classes"] = getattr(model, "classes_", pandas.Series(dtype=object)).tolist()
    return found


def pipeline(path, inputs):
    nlp = spacy.load(path)
    found = []
    for text in inputs:
        doc = nlp(text)
        found.append(
            {
                "ents": [[e.text, e.label_, e.start_char, e.end_char, e.id_] for e in doc.ents],
                "cats": doc.cats,
                "spans": {key: [[s.text, s.label_] for s in group] for key, group in doc.spans.items()},
                "sents": [[s.start_char, s.end_char] for s in doc.sents] if nlp.pipe_names else [],
                "tokens": [[t.text, t.idx, t.tag_, t.dep_, t.head.i] for t in doc],
            }
        )
    return found


CALLS = {"sklearn": sklearn, "spacy": pipeline}
questions = json.loads(sys.argv[1])
print(json.dumps({name: CALLS[kind](path, inputs) for name, kind, path, inputs in questions}))
