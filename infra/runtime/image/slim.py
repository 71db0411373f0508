"""Runs in the build of an image: takes from installed packages what no prediction needs, and makes them the same bytes each time.

  slim.py PACKAGES --steps installers,tests,sources,strip|none

Whatever the steps, byte code is made that Python never checks against its source, everybody may read everything, and
all times are those of the first of January 1970.
"""

import argparse
import compileall
import os
import py_compile
import shutil
import subprocess
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
    tool = shutil.which("strip")
    if tool is None:
        print("slim: there is no strip in this base image; symbols stay")
        return
    for place in root.rglob("*.so*"):
        if place.is_file() and not place.parent.name.endswith(".libs"):
            subprocess.run([tool, "--strip-unneeded", str(place)], stderr=subprocess.DEVNULL)


def remove(found):
    for place in list(found):
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)


STEPS = {
    "installers": lambda root: remove(installers(root)),
    "tests": lambda root: remove(tests(root)),
    "sources": lambda root: remove(sources(root)),
    "strip": strip,
}


def size(root):
    return sum(place.lstat().st_size for place in root.rglob("*") if place.is_file())


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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("packages", type=Path)
    parser.add_argument("--steps", default="none")
    options = parser.parse_args()
    root = options.packages
    root.mkdir(parents=True, exist_ok=True)
    for name in [step for step in options.steps.split(",") if step != "none"]:
        before = size(root)
        STEPS[name](root)
        print("slim: %s: %.1f MB -> %.1f MB" % (name, before / 1e6, size(root) / 1e6))
    finish(root)


if __name__ == "__main__":
    main()
