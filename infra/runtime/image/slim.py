"""Runs in the build of an image: takes from installed packages what no prediction needs, and makes them the same bytes each time.

  slim.py PACKAGES --steps installers,tests,sources,strip|none
  slim.py PACKAGES --decide OUT

The first applies steps. Whatever they are, byte code is made that Python never checks against its source, everybody may
read everything, and all times are those of the first of January 1970.

The second finds out which steps the model can do without: each is applied, and kept where the model, in a process of its
own, answers its examples as it did before; else undone. Writes to OUT a list of {step, before, after, kept, why}, sizes in
bytes. A model that does not answer in the build, for want of a network or of its variables, keeps everything.
"""

import argparse
import compileall
import ctypes
import json
import math
import os
import py_compile
import shutil
import subprocess
import sys
from pathlib import Path

SOURCES = {".pyx", ".pxd", ".pxi", ".c", ".cc", ".cpp", ".h", ".hh", ".hpp", ".pyi"}
INSTALLERS = ("pip", "setuptools", "wheel")
KEEPERS = {"numpy", "testing"}
"""Packages that import their `tests` or `testing` folders themselves."""


def installers(root):
    """pip, setuptools and wheel: an image is not installed into."""
    for name in INSTALLERS:
        for place in [root / name, *root.glob(name + "-*.dist-info")]:
            if place.is_dir():
                yield place


def tests(root):
    """The packages' own tests."""
    for name in ("tests", "test"):
        for place in root.rglob(name):
            if place.is_dir() and (place.parent / "__init__.py").exists() and place.parent.name not in KEEPERS:
                yield place


def sources(root):
    """C and Cython sources and type stubs of compiled modules; not CUDA sources, which spaCy's thinc reads."""
    for place in root.rglob("*"):
        if place.suffix in SOURCES and place.is_file():
            yield place


def strip(root):
    """Symbols of shared libraries, but of those that other tools have prepared (`numpy.libs`): stripping breaks them."""
    libraries = [
        place
        for place in root.rglob("*.so*")
        if place.is_file() and not place.is_symlink() and not place.parent.name.endswith(".libs")
    ]
    if not libraries:
        return
    tool = find_strip()
    if tool is None:
        raise Unavailable("the base image has no strip, and none could be installed")
    for place in libraries:
        smaller = place.with_name(place.name + ".stripped")
        done = subprocess.run([tool, "--strip-unneeded", "-o", str(smaller), str(place)], stderr=subprocess.DEVNULL)
        if done.returncode == 0:
            shutil.copymode(place, smaller)
            smaller.replace(place)  # the backup may be a second name of the same file
        else:
            smaller.unlink(missing_ok=True)


INSTALLS = (
    ["sh", "-c", "apt-get update -q && apt-get install -q -y --no-install-recommends binutils"],
    ["dnf", "install", "-q", "-y", "binutils"],
    ["microdnf", "install", "-y", "binutils"],
)
INSTALL_SECONDS = 120


def find_strip():
    """Of the base image, else by its package manager; it stays in the build stage."""
    for command in INSTALLS:
        if shutil.which("strip"):
            break
        if shutil.which(command[0] if command[0] != "sh" else "apt-get"):
            try:
                subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=INSTALL_SECONDS)
            except (OSError, subprocess.TimeoutExpired):
                pass
    return shutil.which("strip")


def remove(found):
    for place in list(found):
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)


class Unavailable(Exception):
    """A step cannot be done here."""


STEPS = {
    "installers": lambda root: remove(installers(root)),
    "tests": lambda root: remove(tests(root)),
    "sources": lambda root: remove(sources(root)),
    "strip": strip,
}


def size(root):
    return sum(place.lstat().st_size for place in root.rglob("*") if place.is_file())


LENT = {"lightgbm": ("libgomp.so.1", "*.libs/libgomp-*.so*")}
"""By package a library of the system that it is linked to and bases lack, and where another package's wheel has it."""
LOADED_FROM = ("usr/lib64", "usr/lib")
"""Where the loader looks without being told, of Amazon Linux and of Debian; beside the packages."""


def lend(root):
    """Puts the libraries that packages lack where the loader finds them: links to those that others have brought along."""
    for package, (name, pattern) in LENT.items():
        found = sorted(root.glob(pattern))
        if not found or not (root / package).is_dir() or loads(name):
            continue
        for folder in LOADED_FROM:
            place = root.parent / folder
            place.mkdir(parents=True, exist_ok=True)
            # Relative, since the packages are elsewhere in the image than in the build.
            (place / name).symlink_to(os.path.relpath(found[0], place))
            for changed in (place / name, place, place.parent):
                os.utime(changed, (0, 0), follow_symlinks=False)


def loads(name):
    """Whether the base has a library."""
    try:
        ctypes.CDLL(name)
        return True
    except OSError:
        return False


def files(root):
    """Which there are, and which have been replaced since: no step changes one where it is."""
    return {place: place.lstat().st_ino for place in root.rglob("*")}


def finish(root):
    compileall.compile_dir(
        str(root), quiet=2, workers=1, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
    )
    for place in [root, *root.rglob("*")]:
        if place.is_symlink():
            continue
        mode = place.stat().st_mode
        place.chmod(mode | (0o555 if place.is_dir() or mode & 0o100 else 0o444))
        os.utime(place, (0, 0))


ASK = """
import json, os, sys
from nimbus_runtime import lambda_entry
with open(os.environ["NIMBUS_FUNCTION"], encoding="utf-8") as file:
    examples = json.load(file).get("examples", [])
answers = []
for example in examples[:10]:
    body = json.dumps({"input": example["input"]})
    event = {"httpMethod": "POST", "path": "/predict", "headers": {"Content-Type": "application/json"}, "body": body, "isBase64Encoded": False, "requestContext": {}}
    answer = lambda_entry.handle(event, None)
    if answer["statusCode"] != 200:
        sys.exit(answer["body"])
    answers.append(json.loads(answer["body"])["result"])
print("ANSWERS" + json.dumps(answers))
"""
"""Loads the model and prints its answers to its examples, a JSON list."""
ASK_SECONDS = 300
TOLERANCE = 1e-4
"""Relative, between floats before and after a step."""


def answers(root):
    """`(answers, None)`, or `(None, why)` where the model does not load or answer."""
    lent = [str(root.parent / folder) for folder in LOADED_FROM]
    before = os.environ.get("LD_LIBRARY_PATH")
    environment = {**os.environ, "LD_LIBRARY_PATH": ":".join(lent + ([before] if before else []))}
    try:
        done = subprocess.run(
            [sys.executable, "-B", "-c", ASK],
            capture_output=True,
            text=True,
            timeout=ASK_SECONDS,
            stdin=subprocess.DEVNULL,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        return None, "it did not answer within %d s" % ASK_SECONDS
    found = [line for line in done.stdout.splitlines() if line.startswith("ANSWERS")]
    if done.returncode == 0 and found:
        return json.loads(found[-1][len("ANSWERS") :]), None
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return None, lines[-1] if lines else "it ended with %d" % done.returncode


def same(one, other):
    if isinstance(one, float) or isinstance(other, float):
        return isinstance(one, (int, float)) and isinstance(other, (int, float)) and math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=1e-9)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return one == other


def attempt(name, root, expected):
    """Applies a step, or undoes it and says why."""
    backup = root.with_name(root.name + ".backup")
    # Second names of the same files: a step removes names, or puts new files in the place of old ones.
    shutil.copytree(root, backup, copy_function=os.link, symlinks=True)
    before = files(root)
    try:
        STEPS[name](root)
        # A model takes long to load, and nothing is another than it was.
        found, why = (expected, None) if files(root) == before else answers(root)
        if found is not None and not same(expected, found):
            why = "the model answers its examples differently without"
    except Unavailable as reason:
        why = str(reason)
    if why is None:
        shutil.rmtree(backup)
    else:
        shutil.rmtree(root)
        backup.rename(root)
    return why


def decide(root):
    lend(root)
    expected, fault = answers(root)
    decided = []
    for name in STEPS:
        before = size(root)
        why = attempt(name, root, expected) if fault is None else "the model does not answer in the build: %s" % fault
        entry = {"step": name, "before": before, "after": size(root), "kept": why is None}
        decided.append(dict(entry, why=why) if why else entry)
        print("slim: %s" % json.dumps(decided[-1]))
    return decided


def installed(root):
    """Name, version and bytes of each package, the largest first."""
    found = []
    for information in root.glob("*.dist-info"):
        name, _, version = information.name[: -len(".dist-info")].rpartition("-")
        record = information / "RECORD"
        names = [line.split(",")[0] for line in record.read_text(encoding="utf-8").splitlines()] if record.exists() else []
        sizes = [(root / one).stat().st_size for one in names if (root / one).is_file()]
        entry = {"name": name, "version": version, "bytes": sum(sizes)}
        glibc = glibc_of(information / "WHEEL")
        found.append(dict(entry, glibc=glibc) if glibc else entry)
    return sorted(found, key=lambda one: (-one["bytes"], one["name"]))


LEGACY_GLIBC = {"manylinux1": "2.5", "manylinux2010": "2.12", "manylinux2014": "2.17"}
"""PEP 600, "Legacy manylinux tags"."""


def glibc_of(wheel):
    """The oldest C library that a wheel runs with, as its tags say; None for pure Python."""
    if not wheel.exists():
        return None
    found = []
    for line in wheel.read_text(encoding="utf-8").splitlines():
        tag = line.rpartition("-")[2] if line.startswith("Tag:") else ""
        legacy = [version for name, version in LEGACY_GLIBC.items() if tag.startswith(name + "_")]
        if tag.startswith("manylinux_"):
            found.append(".".join(tag.split("_")[1:3]))
        found += legacy
    return min(found, key=lambda version: [int(part) for part in version.split(".")]) if found else None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("packages", type=Path)
    parser.add_argument("--steps", default="none")
    parser.add_argument("--decide", type=Path)
    options = parser.parse_args()
    root = options.packages
    root.mkdir(parents=True, exist_ok=True)
    if options.decide:
        options.decide.write_text(json.dumps(decide(root)))
        return
    for name in [step for step in options.steps.split(",") if step != "none"]:
        before = size(root)
        STEPS[name](root)
        print("slim: %s: %.1f MB -> %.1f MB" % (name, before / 1e6, size(root) / 1e6))
    packages = installed(root)
    if packages:
        (root / "nimbus-packages.json").write_text(json.dumps(packages))
    lend(root)
    finish(root)


if __name__ == "__main__":
    main()
