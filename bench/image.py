"""Rows 11, 12, 13 and the transport: Nimbus's image and its containers against a plain single-stage image.

Both images are of the same base, model and locked packages, and both are started by the same command. Linux only, as
root (the page cache is dropped), with a Docker engine that keeps its layers on this machine.

  python bench/image.py --node NODE --rounds 7 --out bench/results/image.json [--rows 11,12,13,transport]
"""

import argparse
import datetime
import hashlib
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from bench import MODELS, versions
from measure import ROOT, Connection, Nimbus, Project, tree

PYTHON = "3.13"
BASE = dict(pair.split("=", 1) for pair in os.environ.get("NIMBUS_BASE_IMAGES", "").split()).get(
    PYTHON, f"public.ecr.aws/lambda/python:{PYTHON}"
)
FRAMEWORKS = {"entities": "spacy", "sentiment": "sklearn"}
INVOKE = "/2015-03-31/functions/function/invocations"
MEMORY_MB = 1769
PAUSE_MS = 300
WARM_UP, REQUESTS, RESUMES = 30, 200, 5


# A docker command without buildx has only the builder of old.
BUILDKIT = "1" if subprocess.run(["docker", "buildx", "version"], capture_output=True).returncode == 0 else "0"


def docker(*argv):
    done = subprocess.run(["docker", *map(str, argv)], capture_output=True, text=True, env={**os.environ, "DOCKER_BUILDKIT": BUILDKIT})
    if done.returncode != 0:
        raise RuntimeError(f"docker {' '.join(map(str, argv))}: {done.stdout}{done.stderr}")
    return done.stdout.strip()


def remove_images(project, *names):
    """Removes all that Nimbus built for a project, and images of other names: `registry/*`."""
    machine = project.home / "data/machine"
    marks = [
        hashlib.sha256(f"{machine.read_text()}\0{note.stem}".encode()).hexdigest()[:16]
        for note in project.home.glob("data/projects/*.json")
    ]
    repositories = [*names, *(f"nimbus/{mark}" for mark in marks)]
    listed = [docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}", "--filter", f"reference={name}") for name in repositories]
    images = [line.split() for text in listed for line in text.splitlines()]
    # By name: another project's image of the same content has the same id. A newer build may have taken the name.
    ours = {id if "<none>" in name else name for name, id in images}
    if ours:
        docker("image", "rm", "--force", *ours)


def size(image):
    return int(docker("image", "inspect", "--format", "{{.Size}}", image))


class Model(Project):
    """One model: its project, its plain image, and its two versions."""

    def __init__(self, nimbus, name):
        super().__init__(nimbus, name, NIMBUS_PAUSE_MS=PAUSE_MS)
        self.name = name
        self.text, self.expected = MODELS[name]["text"], MODELS[name]["expected"]
        source = MODELS[name]["model"]
        self.path = self.folder / source.name
        copy(source, self.path)
        spec = {"path": source.name, "framework": FRAMEWORKS[name], "pythonVersion": PYTHON, "memoryMb": MEMORY_MB}
        (self.folder / "models.json").write_text(json.dumps({"version": 1, "models": {name: spec}}))
        deployed = self.run("deploy", source.name, "--target", "docker", "--python", sys.executable, "--trust", "--yes")
        self.port = int(re.search(r":(\d+)/", deployed["url"])[1])
        self.image = self.run("report", name)["reference"]
        self.end_host()
        self.retrained = 0
        self.plain = self.folder / "plain"
        self.plain_image = f"nimbus-bench/plain-{name}"
        self.write_plain()
        docker("build", "-q", "--build-arg", f"BASE={BASE}", "-t", self.plain_image, self.plain)

    def write_plain(self):
        """The folder of the plain image: the same pins, and pip reaching the index as Nimbus's build does."""
        (self.plain / "pip").mkdir(parents=True)
        locks = [file for file in self.folder.rglob("*nimbus.lock")]
        assert len(locks) == 1, locks
        shutil.copy(locks[0], self.plain / "requirements.txt")
        settings = ["[global]"]
        if certificates := os.environ.get("NIMBUS_CA_CERTIFICATES"):
            shutil.copy(certificates, self.plain / "pip/certificates.pem")
            settings.append("cert = /pip/certificates.pem")
        if index := os.environ.get("NIMBUS_INDEX_URL"):
            settings.append(f"index-url = {index}")
        (self.plain / "pip/pip.conf").write_text("\n".join(settings) + "\n")
        shutil.copy(ROOT / "bench/peers/Dockerfile", self.plain)
        shutil.copy(ROOT / f"bench/peers/lambda_{self.name}.py", self.plain / "handler.py")
        copy(self.path, self.plain / "model")

    def retrain(self):
        """Writes the model's file anew with something else in it, as training does."""
        self.retrained += 1
        for path in (self.path, self.plain / "model"):
            mark = path / "vocab/strings.json" if path.is_dir() else path
            if path.is_dir():
                strings = json.loads(mark.read_text())
                mark.write_text(json.dumps([*strings, f"retrained-{self.retrained}"]))
            else:
                import joblib

                model = joblib.load(path)
                model.retrained = self.retrained
                joblib.dump(model, path)

    def body(self):
        return json.dumps({"text": self.text}).encode()

    def event(self):
        """As API Gateway wraps it."""
        return json.dumps({
            "resource": "/predict", "path": "/predict", "httpMethod": "POST", "isBase64Encoded": False,
            "headers": {"Content-Type": "application/json"}, "multiValueHeaders": {"Content-Type": ["application/json"]},
            "queryStringParameters": None, "multiValueQueryStringParameters": None, "pathParameters": None, "stageVariables": None,
            "requestContext": {"resourcePath": "/predict", "httpMethod": "POST", "requestId": "bench", "stage": "live"},
            "body": self.body().decode(),
        }).encode()

    def serve(self):
        """`nimbus serve`, answering; its connection."""
        super().serve()
        return self.until_answered(self.port, f"/{self.name}/docker/predict", self.body())

    def until_answered(self, port, path, body, seconds=90):
        deadline = time.perf_counter() + seconds
        answer = b""
        while time.perf_counter() < deadline:
            try:
                connection = Connection(port)
                status, answer = connection.post(path, body)
                # The emulator's own status is 200 whatever the function answered.
                if status == 200 and self.expected in answer:
                    return connection
            except OSError:
                pass
            time.sleep(0.004)
        raise RuntimeError(f"no answer: {answer[:500]}")

    def predict(self, connection):
        begin = time.perf_counter()
        status, answer = connection.post(f"/{self.name}/docker/predict", self.body())
        assert status == 200, answer
        return (time.perf_counter() - begin) * 1e3, json.loads(answer)


def copy(source, target):
    (shutil.copytree if source.is_dir() else shutil.copy)(source, target)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run_image(model, image):
    """Starts an image under one processor and Lambda's memory, behind the emulator that is in the base: its container,
    the seconds until its first answer, and the bytes that its processes read from the disk until then."""
    port = free_port()
    os.sync()
    pathlib.Path("/proc/sys/vm/drop_caches").write_text("3\n")
    begin = time.perf_counter()
    container = docker("run", "-d", "--cpus", 1, "--memory", f"{MEMORY_MB}m", "-p", f"127.0.0.1:{port}:8080", image)
    try:
        model.until_answered(port, INVOKE, model.event())
        return time.perf_counter() - begin, read_bytes(container)
    finally:
        docker("rm", "-f", container)


def read_bytes(container):
    """What its processes have read from the disk, page faults of mapped files included."""
    first = int(docker("inspect", "--format", "{{.State.Pid}}", container))
    counts = (pathlib.Path(f"/proc/{process}/io").read_text() for process in tree(first))
    return sum(int(re.search(r"^read_bytes: (\d+)", text, re.M)[1]) for text in counts)


def row11_image(model):
    """MB over the base; seconds from start to the first answer, page cache dropped; MB read until then."""
    result = {}
    for side, image in (("plain", model.plain_image), ("nimbus", model.image)):
        seconds, read = run_image(model, image)
        result |= {f"{side} added": (size(image) - size(BASE)) / 1e6, f"{side} seconds": seconds, f"{side} read": read / 1e6}
    return result


def row12_retrained(model):
    """Seconds from a retrained file to the first answer of the new version; requests that failed meanwhile."""
    connection = model.serve()
    try:
        _, before = model.predict(connection)
        port = free_port()
        name = f"nimbus-bench-{model.name}"
        start = lambda: docker("run", "-d", "--name", name, "--cpus", 1, "--memory", f"{MEMORY_MB}m", "-p", f"127.0.0.1:{port}:8080", model.plain_image)
        start()
        try:
            model.until_answered(port, INVOKE, model.event())
            model.retrain()
            begin = time.perf_counter()
            failed = 0
            while True:
                status, answer = connection.post(f"/{model.name}/docker/predict", model.body())
                failed += status != 200
                if status == 200 and json.loads(answer)["version"] != before["version"]:
                    break
                if time.perf_counter() - begin > 120:
                    raise RuntimeError("the new version never answered")
                time.sleep(0.02)
            seconds = time.perf_counter() - begin
            old = docker("image", "inspect", "--format", "{{.Id}}", model.plain_image)
            begin = time.perf_counter()
            docker("build", "-q", "--build-arg", f"BASE={BASE}", "-t", model.plain_image, model.plain)
            docker("rm", "-f", name)
            start()
            model.until_answered(port, INVOKE, model.event())
            plain = time.perf_counter() - begin
            # The new one took its name.
            docker("image", "rm", old)
        finally:
            docker("rm", "-f", name)
        model.image = model.run("report", f"{model.name}/docker")["reference"]
        return {"nimbus": seconds, "nimbus failed": failed, "plain": plain}
    finally:
        model.end_host()


def row13_resume(model):
    """Milliseconds that a paused container adds to a request, and those of a fresh one."""
    connection = model.serve()
    try:
        for _ in range(WARM_UP):
            model.predict(connection)
        warm = statistics.median(model.predict(connection)[0] for _ in range(REQUESTS))
        resumed = []
        for _ in range(RESUMES):
            while not docker("ps", "-q", "--filter", f"label=nimbus.deployment={model.name}/docker", "--filter", "status=paused"):
                time.sleep(0.05)
            resumed.append(model.predict(connection)[0])
        model.run("cold", f"{model.name}/docker")
        fresh, answer = model.predict(connection)
        assert answer["timings"]["start"] == "cold", answer
        return {"resume": statistics.median(resumed) - warm, "fresh": fresh - warm, "warm": warm}
    finally:
        model.end_host()


def row_transport(model):
    """Milliseconds of a warm request, and of the handler in it."""
    connection = model.serve()
    try:
        for _ in range(WARM_UP):
            model.predict(connection)
        pairs = [(total, answer["timings"]["handlerMs"]) for total, answer in (model.predict(connection) for _ in range(REQUESTS))]
        return {"total": statistics.median(total for total, _ in pairs), "handler": statistics.median(handler for _, handler in pairs)}
    finally:
        model.end_host()


ROWS = {"11": row11_image, "12": row12_retrained, "13": row13_resume, "transport": row_transport}


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--node", required=True)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--rows", default=",".join(ROWS))
    options.add_argument("--out", type=pathlib.Path, required=True)
    options = options.parse_args()
    options.out = options.out.resolve()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="nimbus-bench-"))
    nimbus = Nimbus(options.node, scratch)
    models = []
    try:
        models.extend(Model(nimbus, name) for name in MODELS)
        measured = {row: {model.name: [] for model in models} for row in options.rows.split(",")}
        for round_number in range(options.rounds + 1):
            for row, by_model in measured.items():
                for model in models:
                    by_model[model.name].append(ROWS[row](model))
                    print(f"round {round_number} row {row} {model.name}: " + ", ".join(f"{side} {value:.3f}" for side, value in by_model[model.name][-1].items()), flush=True)
        engine = docker("version", "--format", "{{.Server.Version}}")
    finally:
        nimbus.end_hosts()
        for model in models:
            remove_images(model, model.plain_image)
        shutil.rmtree(scratch, ignore_errors=True)
    before = json.loads(options.out.read_text())["rows"] if options.out.exists() else {}
    rows = {**before, **{row: {name: rounds[1:] for name, rounds in by_model.items()} for row, by_model in measured.items()}}
    results = {"date": datetime.date.today().isoformat(), "engine": engine, "base": BASE, "rounds": options.rounds, "versions": versions(), "rows": rows}
    options.out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
