"""Row 17: 250 MB of weights, from an edit to the digest that a registry answers with, gzip included.

Both sides push to a registry of their own on this machine, which has everything but the layer of the weights already.
Nimbus deploys before it pushes: what it pushes has answered. Linux only, with a Docker engine on this machine and
Debian's docker-registry.

  python bench/push.py --node NODE --rounds 7 --out bench/results/image.json
"""

import argparse
import datetime
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from image import BASE, PYTHON, docker, remove_images
from measure import ROOT, Nimbus, Project

WEIGHTS_BYTES = 250_000_000
DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
HANDLER = """
import os

def load(path):
    return os.path.getsize(os.path.join(path, "weights"))

def predict(model, input):
    return model
"""
PLAIN_HANDLER = """
import os

size = os.path.getsize("model/weights")

def handle(event, context):
    return {"statusCode": 200, "body": str(size)}
"""


class Registry:
    """Debian's docker-registry on a free port, with a folder of its own."""

    def __init__(self, folder):
        settings = {
            "version": 0.1,
            "log": {"formatter": "json", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
            "http": {"addr": "127.0.0.1:0"},
        }
        file = folder / "registry.yml"
        file.write_text(json.dumps(settings))
        self.process = subprocess.Popen(["docker-registry", "serve", file], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.address = next(found[1] for line in self.process.stderr if (found := re.search(r"listening on (127\.0\.0\.1:\d+)", line)))
        # It logs each request and stands still once nobody reads that.
        threading.Thread(target=lambda: [None for _ in self.process.stderr], daemon=True).start()

    def end(self):
        self.process.kill()
        self.process.wait()


class Weights(Project):
    """The model on both sides."""

    def __init__(self, nimbus, registry):
        super().__init__(nimbus, "weights")
        self.registry = registry
        self.model = self.folder / "model"
        self.model.mkdir()
        (self.model / "handler.py").write_text(HANDLER)
        (self.model / "weights").write_bytes(os.urandom(WEIGHTS_BYTES))
        spec = {"path": "model", "framework": "custom", "pythonVersion": PYTHON, "memoryMb": 1769}
        (self.folder / "models.json").write_text(json.dumps({"version": 1, "models": {"weights": spec}}))
        self.plain = nimbus.scratch / "plain"
        (self.plain / "pip").mkdir(parents=True)
        (self.plain / "pip/pip.conf").write_text("")
        (self.plain / "requirements.txt").write_text("")
        (self.plain / "handler.py").write_text(PLAIN_HANDLER)
        shutil.copy(ROOT / "bench/peers/Dockerfile", self.plain)
        self.plain_image = f"{registry}/plain:latest"

    def edit(self):
        with open(self.model / "weights", "r+b") as weights:
            weights.write(os.urandom(64))
        shutil.rmtree(self.plain / "model", ignore_errors=True)
        shutil.copytree(self.model, self.plain / "model")
        os.sync()

    def by_nimbus(self):
        """Seconds of deploying, and of pushing."""
        begin = time.perf_counter()
        self.run("deploy", "model", "--target", "docker", "--python", sys.executable, "--trust", "--yes")
        deployed = time.perf_counter()
        pushed = self.run("push", "weights", f"{self.registry}/nimbus")
        ended = time.perf_counter()
        assert DIGEST.search(pushed["reference"]), pushed
        return deployed - begin, ended - deployed

    def by_docker(self):
        begin = time.perf_counter()
        docker("build", "-q", "--build-arg", f"BASE={BASE}", "-t", self.plain_image, self.plain)
        built = time.perf_counter()
        docker("push", "-q", self.plain_image)
        pushed = docker("image", "inspect", "--format", "{{index .RepoDigests 0}}", self.plain_image)
        ended = time.perf_counter()
        assert DIGEST.search(pushed), pushed
        return built - begin, ended - built

    def round(self):
        self.edit()
        deploy, push = self.by_nimbus()
        plain_build, plain_push = self.by_docker()
        return {
            "nimbus": deploy + push, "nimbus deploy": deploy, "nimbus push": push,
            "plain": plain_build + plain_push, "plain build": plain_build, "plain push": plain_push,
        }


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--node", required=True)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--out", type=pathlib.Path, required=True)
    options = options.parse_args()
    out = options.out.resolve()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="nimbus-bench-"))
    nimbus = Nimbus(options.node, scratch)
    registry = weights = None
    try:
        registry = Registry(scratch)
        weights = Weights(nimbus, registry.address)
        rounds = []
        for number in range(options.rounds + 1):
            rounds.append(weights.round())
            print(f"round {number} row 17: " + ", ".join(f"{side} {value:.3f}" for side, value in rounds[-1].items()), flush=True)
    finally:
        nimbus.end_hosts()
        if weights:
            remove_images(weights, f"{registry.address}/*")
        if registry:
            registry.end()
        shutil.rmtree(scratch, ignore_errors=True)
    results = json.loads(out.read_text())
    results["rows"]["17"] = {"date": datetime.date.today().isoformat(), "weights": rounds[1:]}
    out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
