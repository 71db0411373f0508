"""What a data scientist writes today to serve the scikit-learn sample."""
import os

import joblib
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
model = joblib.load(os.environ["MODEL"])


class Input(BaseModel):
    text: str


@app.post("/predict")
def predict(body: Input):
    probabilities = model.predict_proba([body.text])[0]
    best = int(probabilities.argmax())
    return {"label": str(model.classes_[best]), "score": float(probabilities[best])}
