"""Tells what this Python is and which of the packages named as arguments it has, without importing any of them.

Run as `python -I probe.py PACKAGE…`. Prints one JSON object, `Probe` of src/core/environment/environment.ts. A Python
too old for Nimbus must be able to say so: the syntax here is that of 3.6.
"""

import json
import os
import re
import sys
import sysconfig

# What installs packages is no part of what a model answers.
TOOLS = {"pip", "setuptools", "uv", "wheel"}
# `scikit_learn-1.5.2.dist-info`, `six-1.16.0-py3.11.egg-info`
METADATA = re.compile(r"^(.+?)-(\d[^-]*)(?:-py[\d.]+)?\.(?:dist|egg)-info$", re.IGNORECASE)


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def packages(names):
    """Installed versions by normalised name; absent where not installed or without usable metadata."""
    try:
        from importlib import metadata
    except ImportError:  # before 3.8
        return {}
    found = {}
    for name in names:
        try:
            version = metadata.version(name)
        except Exception:  # damaged metadata is as good as none
            continue
        if version:
            found[normal(name)] = version
    return found


def installed():
    """Version of every distribution, by normalised name, as the names of its folders say: no metadata is read, which
    takes a millisecond for each. Where one is there twice, the one that Python would import counts."""
    found = {}
    for folder in sys.path:
        try:
            names = os.listdir(folder)
        except OSError:  # a zip file, or nothing
            continue
        here = {}
        for name in names:
            match = METADATA.match(name)
            if match and normal(match.group(1)) not in TOOLS:
                # Two of one name in one folder is an update that did not end: both are what is there.
                here.setdefault(normal(match.group(1)), set()).add(match.group(2))
        for name, versions in here.items():
            found.setdefault(name, " ".join(sorted(versions)))
    return found


def conda_prefix():
    """The folder of the conda environment that this is; a virtual environment made from one is none itself."""
    inside = os.path.isdir(os.path.join(sys.prefix, "conda-meta"))
    return sys.prefix if inside else None


def main(names):
    soabi = sysconfig.get_config_var("SOABI") or sys.implementation.cache_tag or ""
    document = {
        "python": sys.executable,
        "version": "%d.%d.%d" % sys.version_info[:3],
        "implementation": sys.implementation.name,
        "abi": soabi,
        "platform": sysconfig.get_platform(),
        "packages": packages(names),
        "installed": installed(),
    }
    conda = conda_prefix()
    if conda:
        document["conda"] = conda
    json.dump(document, sys.stdout)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main(sys.argv[1:])
