"""Row 17: 250 MB of weights, from an edit to the digest that a registry answers with, gzip included.

Both sides push to a registry of their own on this machine, which has everything but the layer of the weights already.
Nimbus deploys before it pushes: what it pushes has answered.

  python bench/push.py --node NODE --rounds 7 --out bench/results/image.json
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from bench import ROOT, environment
from image import BASE, PYTHON, Bench, docker
from measure import processes_with

WEIGHTS_BYTES = 250_000_000
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


def start_registry(folder):
    """Debian's docker-registry on a free port; its process and address."""
    settings = {
        "version": 0.1,
        "log": {"formatter": "json", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": "127.0.0.1:0"},
    }
    file = folder / "registry.yml"
    file.write_text(json.dumps(settings))
    process = subprocess.Popen(["docker-registry", "serve", file], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if found := re.search(r"listening on (127\.0\.0\.1:\d+)", line):
            return process, found[1]
    raise RuntimeError("the registry ended")


class Weights:
    """The model on both sides."""

    def __init__(self, bench, registry):
        self.bench, self.registry = bench, registry
        self.folder = bench.scratch / "weights"
        self.model = self.folder / "model"
        self.model.mkdir(parents=True)
        (self.model / "handler.py").write_text(HANDLER)
        (self.model / "weights").write_bytes(os.urandom(WEIGHTS_BYTES))
        spec = {"path": "model", "framework": "custom", "pythonVersion": PYTHON, "memoryMb": 1769}
        (self.folder / "models.json").write_text(json.dumps({"version": 1, "models": {"weights": spec}}))
        subprocess.run(["git", "init", "-q"], cwd=self.folder, check=True)
        self.plain = bench.scratch / "plain"
        (self.plain / "pip").mkdir(parents=True)
        (self.plain / "pip/pip.conf").write_text("")
        (self.plain / "requirements.txt").write_text("")
        (self.plain / "handler.py").write_text(PLAIN_HANDLER)
        shutil.copy(ROOT / "bench/peers/Dockerfile", self.plain)
        self.plain_image = f"{registry}/plain:latest"

    def nimbus(self, *argv):
        done = subprocess.run(
            [self.bench.node, self.bench.cli, *argv, "--json"],
            cwd=self.folder, env=environment(NIMBUS_HOME=self.bench.scratch / "home"), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        )
        if done.returncode != 0:
            raise RuntimeError(f"nimbus {' '.join(argv)}: {done.stdout}{done.stderr}")
        return done.stdout

    def edit(self):
        with open(self.model / "weights", "r+b") as weights:
            weights.write(os.urandom(64))
        shutil.rmtree(self.plain / "model", ignore_errors=True)
        shutil.copytree(self.model, self.plain / "model")
        os.sync()

    def by_nimbus(self):
        begin = time.perf_counter()
        self.nimbus("deploy", "model", "--target", "docker", "--python", sys.executable, "--trust", "--yes")
        deployed = time.perf_counter()
        pushed = self.nimbus("push", "weights", f"{self.registry}/nimbus")
        seconds = time.perf_counter() - begin
        assert re.search(r"sha256:[0-9a-f]{64}", pushed), pushed
        return seconds, deployed - begin

    def by_docker(self):
        begin = time.perf_counter()
        docker("build", "-q", "--build-arg", f"BASE={BASE}", "-t", self.plain_image, self.plain)
        docker("push", "-q", self.plain_image)
        digest = docker("image", "inspect", "--format", "{{json .RepoDigests}}", self.plain_image)
        seconds = time.perf_counter() - begin
        assert "sha256:" in digest, digest
        return seconds

    def end(self):
        for pid in processes_with("--project", str(self.folder)):
            os.kill(pid, signal.SIGTERM)
        while processes_with("--project", str(self.folder)):
            time.sleep(0.02)
        ours = []
        for reference in (f"{self.registry}/*", "nimbus/*:weights.docker.*"):
            # By their ids too: a newer build took the tag of the one before.
            ours += docker("image", "ls", "--quiet", "--filter", f"reference={reference}").split()
        if ours:
            docker("image", "rm", "--force", *set(ours))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--node", required=True)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--out", type=pathlib.Path, required=True)
    options = options.parse_args()
    out = options.out.resolve()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="nimbus-bench-"))
    process = weights = None
    try:
        process, registry = start_registry(scratch)
        weights = Weights(Bench(options.node, scratch), registry)
        rounds = []
        for number in range(options.rounds + 1):
            weights.edit()
            seconds, deployed = weights.by_nimbus()
            rounds.append({"nimbus": seconds, "nimbus deploy": deployed, "plain": weights.by_docker()})
            print(f"round {number} row 17: " + ", ".join(f"{side} {value:.3f}" for side, value in rounds[-1].items()), flush=True)
    finally:
        if weights:
            weights.end()
        if process:
            process.kill()
            process.wait()
        shutil.rmtree(scratch, ignore_errors=True)
    results = json.loads(out.read_text())
    results["rows"]["17"] = {"weights": rounds[1:]}
    out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
