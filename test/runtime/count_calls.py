"""Answers a batch as one request and each of its inputs as one, and counts how often the program of PyTorch is called.

Arguments: the runtime's folder and a file with `[[program, inputs], …]`. Prints a list, for each of them `calls` of the
second batch (the first one tries what the program bears), `batch` with its answers, and `single`.
"""

import json
import os
import sys
import tempfile
import warnings

warnings.simplefilter("ignore")
sys.path.insert(0, sys.argv[1])
from nimbus_runtime import handler  # noqa: E402

LIMITS = {"memoryMb": 1769, "timeoutSeconds": 29, "payloadBytes": 6291456, "batchInputs": 1000}


def ask(path, body):
    event = {"httpMethod": "POST", "path": path, "headers": {}, "body": json.dumps(body)}
    return json.loads(handler.handle(event, None)["body"])


def answers(model, inputs):
    spec = {"model": "m", "version": "ab" * 32, "framework": "torch", "path": model, "limits": LIMITS}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NIMBUS_FUNCTION"] = folder + "/function.json"
        with open(os.environ["NIMBUS_FUNCTION"], "w", encoding="utf-8") as file:
            json.dump(spec, file)
        handler._State.function = None
        handler.initialise()
    batches = handler._State.model.batches
    call = batches.call
    calls = []

    class Counted:
        def __call__(self, *values):
            calls.append(1)
            return call(*values)

    batches.call = Counted()
    ask("/batch", {"inputs": inputs})
    calls.clear()
    batch = ask("/batch", {"inputs": inputs})
    count = len(calls)
    single = [ask("/predict", {"input": one}) for one in inputs]
    return {"calls": count, "batch": batch, "single": [one.get("result", one.get("detail")) for one in single]}


with open(sys.argv[2], encoding="utf-8") as asked:
    print(json.dumps([answers(model, inputs) for model, inputs in json.load(asked)]))
