"""The floor: import, load, predict once; with a number as argument also that many timed calls, printed as JSON (ms)."""
import os
import sys

import joblib

model = joblib.load(os.environ["MODEL"])
text = os.environ["TEXT"]


def call():
    probabilities = model.predict_proba([text])[0]
    best = int(probabilities.argmax())
    return {"label": str(model.classes_[best]), "score": float(probabilities[best])}


print(call(), flush=True)
if len(sys.argv) > 1:
    import json
    import time

    times = []
    for _ in range(int(sys.argv[1])):
        begin = time.perf_counter()
        call()
        times.append((time.perf_counter() - begin) * 1e3)
    print(json.dumps(times))
