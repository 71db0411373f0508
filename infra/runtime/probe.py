"""Tells what this Python is and which of the packages named as arguments it has, without importing any of them.

Run as `python -I probe.py PACKAGE…`. Prints one JSON object, `Probe` of src/core/environment/environment.ts. A Python
too old for Nimbus must be able to say so: the syntax here is that of 3.6.
"""

import json
import re
import sys
import sysconfig


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
            found[re.sub(r"[-_.]+", "-", name).lower()] = version
    return found


def main(names):
    soabi = sysconfig.get_config_var("SOABI") or sys.implementation.cache_tag or ""
    document = {
        "python": sys.executable,
        "version": "%d.%d.%d" % sys.version_info[:3],
        "implementation": sys.implementation.name,
        "abi": soabi,
        "platform": sysconfig.get_platform(),
        "packages": packages(names),
    }
    json.dump(document, sys.stdout)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main(sys.argv[1:])
