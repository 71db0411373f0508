"""What each framework answers when it is called as its own documentation shows: for frameworks.test.ts.

The argument is a JSON list of [framework, path, inputs]; the output a list of lists of results as Nimbus writes them.
"""

import json
import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"


def classified(labels, scores):
    scores = [float(score) for score in scores]
    return {
        "label": labels[scores.index(max(scores))],
        "scores": [{"label": label, "score": score} for label, score in zip(labels, scores)],
        "scoreKind": "probability",
    }


def spacy(path, inputs):
    import spacy

    pipeline = spacy.load(path)
    return [
        {
            "entities": [
                {"text": entity.text, "label": entity.label_, "start": entity.start_char, "end": entity.end_char}
                for entity in pipeline(text).ents
            ]
        }
        for text in inputs
    ]


def sklearn(path, inputs):
    import joblib

    model = joblib.load(path)
    found = zip(model.predict(inputs), model.predict_proba(inputs))
    return [{**classified(model.classes_.tolist(), scores), "label": str(label)} for label, scores in found]


def transformers(path, inputs):
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(path)
    model = AutoModelForSequenceClassification.from_pretrained(path).eval()
    labels = list(model.config.id2label.values())
    with torch.no_grad():
        logits = [model(**tokenizer(text, return_tensors="pt")).logits[0] for text in inputs]
    return [classified(labels, one.softmax(-1).tolist()) for one in logits]


def onnx(path, inputs):
    import numpy
    import onnxruntime
    from tokenizers import Tokenizer

    session = onnxruntime.InferenceSession(str(Path(path, "model.onnx")), providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(Path(path, "tokenizer.json")))
    labels = list(json.loads(Path(path, "config.json").read_text())["id2label"].values())
    found = []
    for text in inputs:
        encoded = tokenizer.encode(text)
        tensors = {"input_ids": [encoded.ids], "attention_mask": [encoded.attention_mask]}
        [logits] = session.run(None, {name: numpy.array(value) for name, value in tensors.items()})
        scores = numpy.exp(logits[0] - logits[0].max())
        found.append(classified(labels, scores / scores.sum()))
    return found


def torch(path, inputs):
    import torch

    program = torch.export.load(path).module()
    with torch.no_grad():
        outputs = [program(torch.tensor(one, dtype=torch.float32)) for one in inputs]
    return [
        {"tensors": {"output": {"dtype": "float32", "shape": list(one.shape), "data": one.tolist()}}} for one in outputs
    ]


def xgboost(path, inputs):
    import pandas
    import xgboost

    booster = xgboost.Booster(model_file=path)
    rows = booster.predict(xgboost.DMatrix(pandas.DataFrame(inputs, columns=booster.feature_names, dtype=float)))
    return [classified(list(range(len(row))), row) for row in rows]


def lightgbm(path, inputs):
    import lightgbm
    import numpy

    rows = lightgbm.Booster(model_file=path).predict(numpy.array(inputs, dtype=float))
    return [classified(list(range(len(row))), row) for row in rows]


def custom(path, inputs):
    # Its own handler, in its own folder, without the host and its workers around it.
    os.chdir(path)
    sys.path.insert(0, path)
    import handler

    model = handler.load(path)
    return [handler.predict(model, one) for one in inputs]


CALLS = {call.__name__: call for call in (spacy, sklearn, transformers, onnx, torch, xgboost, lightgbm, custom)}
print(json.dumps([CALLS[framework](path, inputs) for framework, path, inputs in json.loads(sys.argv[1])]))
