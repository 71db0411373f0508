"""A model of one's own: a folder whose handler.py defines load and predict. It sends a message to a team by rules."""

import json
import re
from pathlib import Path

from nimbus_runtime.frameworks import InputError

FRONT_DESK = "front desk"


def load(path):
    """Called once per worker, with the folder; what it returns is handed to every predict."""
    teams = json.loads((Path(path) / "rules.json").read_text(encoding="utf-8"))
    return {team: re.compile(rf"\b({'|'.join(words)})", re.IGNORECASE) for team, words in teams.items()}


def predict(model, input):
    """Called for one input; returns anything that JSON can hold. What cannot be answered is the caller's error, 400."""
    if not isinstance(input, str):
        raise InputError("input", "The input must be a text.")
    found = {team: len(pattern.findall(input)) for team, pattern in model.items()}
    total = sum(found.values())
    if total == 0:
        return {"label": FRONT_DESK, "scores": []}
    scores = [{"label": team, "score": count / total} for team, count in found.items()]
    return {"label": max(found, key=found.get), "scores": scores}


def schema(model):
    """What the playground shows: the kind of input and the labels there are."""
    return {"task": "text-classification", "input": {"type": "string"}, "labels": [*model, FRONT_DESK]}
