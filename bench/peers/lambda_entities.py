"""A handler of AWS Lambda as people write it."""

import json

import spacy

nlp = spacy.load("model")


def handle(event, context):
    doc = nlp(json.loads(event["body"])["text"])
    entities = [{"text": one.text, "label": one.label_, "start": one.start_char, "end": one.end_char} for one in doc.ents]
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps({"entities": entities})}
