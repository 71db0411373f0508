"""The floor: import, load, predict once; with a number as argument also that many timed calls, printed as JSON (ms)."""
import os
import sys

import spacy

nlp = spacy.load(os.environ["MODEL"])
text = os.environ["TEXT"]


def call():
    return {"entities": [{"text": e.text, "label": e.label_, "start": e.start_char, "end": e.end_char} for e in nlp(text).ents]}


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
