"""What a data scientist writes today to serve the spaCy sample."""
import os

import spacy
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
nlp = spacy.load(os.environ["MODEL"])


class Input(BaseModel):
    text: str


@app.post("/predict")
def predict(body: Input):
    return {"entities": [{"text": e.text, "label": e.label_, "start": e.start_char, "end": e.end_char} for e in nlp(body.text).ents]}
