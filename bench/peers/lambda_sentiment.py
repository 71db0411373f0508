"""A handler of AWS Lambda as people write it."""

import json

import joblib

model = joblib.load("model")


def handle(event, context):
    text = json.loads(event["body"])["text"]
    probabilities = dict(zip(model.classes_.tolist(), model.predict_proba([text])[0].tolist()))
    answer = {"label": max(probabilities, key=probabilities.get), "probabilities": probabilities}
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(answer)}
