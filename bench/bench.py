"""Times Nimbus against FastAPI + uvicorn and against a bare script, on the same models, packages, client and machine.

The sides of a row take turns within each round; the first round is dropped; medians are compared. Everything measured
is kept in bench/results/. Run it with `npm run bench`, which sets up what it needs. Linux only.

  python bench/bench.py --node NODE --rounds 7 --out bench/results/latest.json [--rows 2,5,6,7,8,10]
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from measure import ROOT, Nimbus, Project, end, environment, launch, pss_mb

MODELS = {
    "entities": {"model": ROOT / "examples/models/entities", "text": "Ada Lovelace moved to Paris and works for Acme Corp.", "expected": b"PERSON"},
    "sentiment": {"model": ROOT / "examples/models/sentiment.joblib", "text": "I loved the food, and the staff was wonderful.", "expected": b"positive"},
}
WARM_UP, REQUESTS, LOAD_SECONDS = 50, 300, 4
BATCH = {"entities": 20_000, "sentiment": 100_000}
"""Texts of row 8: what two cores do in some seconds."""


class Bench:
    def __init__(self, nimbus):
        self.scratch = nimbus.scratch
        self.port = 18_400
        self.projects = {name: Project(nimbus, name) for name in MODELS}
        self.ports = {name: self.deploy(name, model) for name, model in MODELS.items()}

    def deploy(self, name, model):
        """A project of its own per model, so that each host serves one deployment; the host is ended again."""
        url = self.projects[name].run("deploy", model["model"], "--name", name, "--python", sys.executable, "--trust", "--yes")["url"]
        self.projects[name].end_host()
        return int(re.search(r":(\d+)/", url)[1])

    def start(self, side, name, workers=1):
        model = MODELS[name]
        body = json.dumps({"text": model["text"]}).encode()
        log = self.scratch / f"{side}-{name}.log"
        if side == "fastapi":
            self.port += 1
            command = [
                sys.executable, "-m", "uvicorn", f"fastapi_{name}:app", "--app-dir", ROOT / "bench/peers",
                "--port", str(self.port), "--log-level", "warning", *(["--workers", str(workers)] if workers > 1 else []),
            ]
            return launch(command, self.port, "/predict", body, model["expected"], environment(MODEL=model["model"]), log)
        project = self.projects[name]
        command = project.nimbus.command("serve")
        return launch(command, self.ports[name], self.path(side, name), body, model["expected"], project.environment, log, cwd=project.folder)

    def path(self, side, name):
        return "/predict" if side == "fastapi" else f"/{name}/local/predict"

    def bare(self, name, *argv):
        """Seconds of a whole bare script, or its timed calls (ms) where a count is given."""
        model = MODELS[name]
        begin = time.perf_counter()
        done = subprocess.run(
            [sys.executable, ROOT / f"bench/peers/bare_{name}.py", *argv],
            env=environment(MODEL=model["model"], TEXT=model["text"]), stdin=subprocess.DEVNULL, capture_output=True, check=True,
        )
        seconds = time.perf_counter() - begin
        assert model["expected"] in done.stdout
        return json.loads(done.stdout.splitlines()[-1]) if argv else seconds


def row2_first_answer(bench, name):
    """Seconds from launch to the first correct answer, fresh process."""
    result = {"bare": bench.bare(name)}
    for side in ("fastapi", "nimbus"):
        process, _, seconds = bench.start(side, name)
        end(process)
        result[side] = seconds
    return result


def row5_warm(bench, name):
    """Median milliseconds of a warm request at concurrency 1."""
    body = json.dumps({"text": MODELS[name]["text"]}).encode()
    result = {"bare": statistics.median(bench.bare(name, str(WARM_UP + REQUESTS))[WARM_UP:])}
    for side in ("fastapi", "nimbus"):
        process, connection, _ = bench.start(side, name)
        times = []
        for _ in range(WARM_UP + REQUESTS):
            begin = time.perf_counter()
            status, _ = connection.post(bench.path(side, name), body)
            times.append((time.perf_counter() - begin) * 1e3)
            assert status == 200
        end(process)
        result[side] = statistics.median(times[WARM_UP:])
    return result


def row6_throughput(bench, name):
    """Requests per second at concurrency 8, two workers on each side."""
    body = json.dumps({"text": MODELS[name]["text"]})
    script = bench.scratch / f"{name}.lua"
    script.write_text(f'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = {json.dumps(body)}\n')
    result = {}
    for side in ("fastapi", "nimbus"):
        process, connection, _ = bench.start(side, name, workers=2)
        url = f"http://127.0.0.1:{connection.port}{bench.path(side, name)}"
        run = lambda seconds: subprocess.run(["wrk", "-t1", "-c8", f"-d{seconds}s", "-s", script, url], capture_output=True, text=True, check=True).stdout
        run(2)
        report = run(LOAD_SECONDS)
        end(process)
        assert "Non-2xx" not in report, report
        result[side] = float(re.search(r"Requests/sec:\s+([\d.]+)", report)[1])
    return result


def row7_memory(bench, name):
    """MB (10^6) of proportional set size: FastAPI's process; the host with one worker; the host scaled to zero."""
    result = {}
    body = json.dumps({"text": MODELS[name]["text"]}).encode()
    for side in ("fastapi", "nimbus"):
        process, connection, _ = bench.start(side, name)
        for _ in range(WARM_UP):
            connection.post(bench.path(side, name), body)
        result[side] = pss_mb(process.pid)
        if side == "nimbus":
            bench.projects[name].run("cold", name)
            time.sleep(3)  # scaled to zero for a while: the host gives memory back when nothing has come for a second
            result["idle"] = pss_mb(process.pid)
        end(process)
    return result


def row8_batch(bench, name):
    """Seconds of a whole batch: the framework's own loop in two processes, without and with answers written as JSON
    lines, and `nimbus batch` with two workers on a host that runs and is scaled to zero."""
    texts = bench.scratch / f"{name}.txt"
    words = f"{MODELS[name]['text']} the soup was cold and nobody in London would say why".split()
    rng = random.Random(8)
    texts.write_text("".join(" ".join(rng.choices(words, k=rng.randint(6, 14))) + "\n" for _ in range(BATCH[name])))
    answers = {side: bench.scratch / f"{name}-{side}.jsonl" for side in ("script", "nimbus")}
    result = {}
    for side, argv in (("loop", [texts]), ("script", [texts, answers["script"]])):
        begin = time.perf_counter()
        subprocess.run(
            [sys.executable, ROOT / f"bench/peers/batch_{name}.py", *argv],
            env=environment(MODEL=MODELS[name]["model"]), stdin=subprocess.DEVNULL, check=True,
        )
        result[side] = time.perf_counter() - begin
    project = bench.projects[name]
    project.run("status")
    begin = time.perf_counter()
    done = project.run("batch", name, texts, "--out", answers["nimbus"])
    result["nimbus"] = time.perf_counter() - begin
    project.end_host()
    assert done["succeeded"] == BATCH[name], done
    with open(answers["script"]) as script, open(answers["nimbus"]) as nimbus:
        for one, other in zip(script, nimbus):
            same(json.loads(one), json.loads(other)["result"])
    return result


def row10_probe(_bench, name):
    """Milliseconds of asking an interpreter what it is and has, as a deploy does, and of one that does nothing."""
    packages = {"entities": ["spacy", "numpy", "uv"], "sentiment": ["scikit-learn", "numpy", "uv"]}[name]
    def whole(*argv):
        begin = time.perf_counter()
        done = subprocess.run([sys.executable, "-I", *argv], env=environment(), stdin=subprocess.DEVNULL, capture_output=True, check=True)
        return (time.perf_counter() - begin) * 1e3, done.stdout
    milliseconds, answer = whole(ROOT / "infra/runtime/probe.py", *packages)
    assert set(packages[:2]) <= set(json.loads(answer)["packages"]), answer
    return {"probe": milliseconds, "nothing": whole("-c", "pass")[0]}


def same(one, other):
    """Both sides did the same work: the same label and entities."""
    assert one.get("label") == other.get("label") and one.get("entities") == other.get("entities"), (one, other)


ROWS = {"2": row2_first_answer, "5": row5_warm, "6": row6_throughput, "7": row7_memory, "8": row8_batch, "10": row10_probe}


def lines_to_write():
    """Row 1: lines that hold code, and files, of what one writes by hand for an answer over HTTP."""
    def count(name):
        text = (ROOT / f"bench/peers/fastapi_{name}.py").read_text().split('"""', 2)[2]
        return sum(1 for line in text.splitlines() if line.strip())
    return {name: {"fastapi": {"lines": count(name), "files": 1}, "nimbus": {"lines": 0, "files": 0}} for name in MODELS}


def versions():
    from importlib.metadata import version
    return {name: version(name) for name in ("fastapi", "uvicorn", "spacy", "scikit-learn", "numpy")}


def updated(before, measured, rounds):
    """The results with these rows in the place of those before, each with when and how it was made. What a person noted
    of the rows before goes once none of them is left."""
    today = datetime.date.today().isoformat()
    rows = {**before.get("rows", {}), "1": lines_to_write(), **measured}
    # A file from before rows had dates of their own.
    made = before.get("made") or {row: {"date": before["date"], "rounds": before["rounds"]} for row in before.get("rows", {})}
    made.update({row: {"date": today, "rounds": rounds} for row in measured})
    results = {
        "date": today,
        "machine": {"cpus": os.cpu_count(), "system": platform.system(), "python": platform.python_version()},
        "versions": versions(),
        "rounds": rounds,
        "made": {row: made[row] for row in sorted(rows, key=int) if row != "1"},
        "rows": {row: rows[row] for row in sorted(rows, key=int)},
    }
    if "note" in before and set(ROWS) - set(measured):
        results["note"] = before["note"]
    return results


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--node", required=True)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--rows", default=",".join(ROWS))
    options.add_argument("--out", type=pathlib.Path, required=True)
    options = options.parse_args()
    options.out = options.out.resolve()
    rows = options.rows.split(",")
    if not shutil.which("wrk") and "6" in rows:
        sys.exit("wrk is missing: install the package wrk, or leave row 6 out with --rows 2,5,7,8,10")
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="nimbus-bench-"))
    nimbus = Nimbus(options.node, scratch)
    try:
        bench = Bench(nimbus)
        measured = {row: {name: [] for name in MODELS} for row in rows}
        for round_number in range(options.rounds + 1):
            for row, by_model in measured.items():
                for name, rounds in by_model.items():
                    rounds.append(ROWS[row](bench, name))
                    print(f"round {round_number} row {row} {name}: " + ", ".join(f"{side} {value:.3f}" for side, value in rounds[-1].items()), flush=True)
    finally:
        nimbus.end_hosts()
        shutil.rmtree(scratch, ignore_errors=True)
    kept = {row: {name: rounds[1:] for name, rounds in by_model.items()} for row, by_model in measured.items()}
    before = json.loads(options.out.read_text()) if options.out.exists() else {}
    results = updated(before, kept, options.rounds)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
