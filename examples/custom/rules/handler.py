"""A model of one's own: a folder whose handler.py defines load and predict. It sends a message to a team by rules."""

import json
import re
from pathlib import Path


def load(path):
    """Called once per worker, with the folder; what it returns is handed to every predict."""
    teams = json.loads((Path(path) / "rules.json").read_text(encoding="utf-8"))
    return {team: re.compile(rf"\b({'|'.join(words)})", re.IGNORECASE) for team, words in teams.items()}


def predict(model, input):
    """Called for one input; returns anything that JSON can hold."""
    found = {team: len(pattern.findall(input)) for team, pattern in model.items()}
    total = sum(found.values())
    if total == 0:
        return {"label": "front desk", "scores": {}}
    scores = {team: count / total for team, count in found.items() if count}
    return {"label": max(scores, key=scores.get), "scores": scores}
