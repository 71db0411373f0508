"""spaCy's own vectorised loop: `nlp.pipe` in two processes, answers as JSON lines.

python batch_entities.py TEXTS OUT; without OUT the documents are made and dropped.
"""
import json
import os
import sys

import spacy

if __name__ == "__main__":
    nlp = spacy.load(os.environ["MODEL"])
    with open(sys.argv[1], encoding="utf-8") as lines:
        texts = (line.rstrip("\n") for line in lines)
        with open(sys.argv[2] if len(sys.argv) > 2 else os.devnull, "w", encoding="utf-8") as out:
            for doc in nlp.pipe(texts, batch_size=1000, n_process=2):
                if len(sys.argv) > 2:
                    entities = [{"text": e.text, "label": e.label_, "start": e.start_char, "end": e.end_char} for e in doc.ents]
                    out.write(json.dumps({"entities": entities}) + "\n")
