"""scikit-learn's own vectorised loop: chunks of 1,000 texts in two processes, answers as JSON lines.

python batch_sentiment.py TEXTS OUT; without OUT the probabilities are computed and dropped.
"""
import itertools
import json
import multiprocessing
import os
import sys


def load():
    global model
    import joblib

    model = joblib.load(os.environ["MODEL"])


def answer(texts):
    probabilities = model.predict_proba(texts)
    if len(sys.argv) < 3:
        return ""
    names = [str(name) for name in model.classes_]
    return "".join(
        json.dumps({"label": names[row.argmax()], "scores": [{"label": n, "score": s} for n, s in zip(names, row.tolist())]}) + "\n"
        for row in probabilities
    )


def chunks(lines):
    texts = (line.rstrip("\n") for line in lines)
    while chunk := list(itertools.islice(texts, 1000)):
        yield chunk


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as lines, multiprocessing.Pool(2, load) as pool:
        with open(sys.argv[2] if len(sys.argv) > 2 else os.devnull, "w", encoding="utf-8") as out:
            for text in pool.imap(answer, chunks(lines)):
                out.write(text)
