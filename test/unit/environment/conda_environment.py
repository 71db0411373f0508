"""Makes a conda environment: `python conda_environment.py FOLDER CHANNEL [MINOR]`.

rattler, which pixi is built on, resolves, links and records the packages of a channel made here, as it would those of
conda-forge. MINOR (`3.11`) is the version that the environment's Python says it is of; the interpreter itself is none of
conda's: whoever needs one to run makes it with venv in the same folder.
"""

import asyncio
import hashlib
import io
import json
import os
import sys
import tarfile
from pathlib import Path

from rattler import MatchSpec, install, solve
from rattler.index import index_fs


def package(channel, name, version, files, depends=(), kind="generic"):
    index = {"name": name, "version": version, "build": "0", "build_number": 0, "depends": list(depends)}
    paths = [
        {
            "_path": file,
            "path_type": "hardlink",
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
            "size_in_bytes": len(text.encode()),
        }
        for file, text in files.items()
    ]
    contents = {
        "info/index.json": json.dumps({**index, "subdir": "noarch", "noarch": kind}),
        "info/paths.json": json.dumps({"paths": paths, "paths_version": 1}),
        "info/files": "\n".join(files),
        **files,
    }
    with tarfile.open(channel / "noarch" / ("%s-%s-0.tar.bz2" % (name, version)), "w:bz2") as archive:
        for file, text in contents.items():
            entry = tarfile.TarInfo(file)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))


def distribution(name, version):
    info = "site-packages/%s-%s.dist-info/" % (name.replace("-", "_"), version)
    return {
        "site-packages/%s.py" % name.replace("-", "_"): "VERSION = %r\n" % version,
        info + "METADATA": "Metadata-Version: 2.1\nName: %s\nVersion: %s\n" % (name, version),
        info + "RECORD": "",
    }


async def main(folder, channel, minor="3.11"):
    (channel / "noarch").mkdir(parents=True)
    package(channel, "python", minor + ".9", {"share/doc/python/README": "Python\n"})
    package(channel, "libdot", "1.0", {"lib/libdot.so": "a library\n"})
    package(channel, "graphviz", "9.0.0", {"bin/dot": "#!/bin/sh\n"}, ["libdot >=1"])
    package(channel, "tiny-two", "1.0", distribution("tiny-two", "1.0"), ["python"], "python")
    package(channel, "tiny-one", "1.0", distribution("tiny-one", "1.0"), ["python", "tiny-two"], "python")
    await index_fs(channel)
    # What a person asks for by name.
    asked = [MatchSpec(spec) for spec in ("python=" + minor, "tiny-one", "graphviz")]
    records = await solve([channel.as_uri()], asked, platforms=["noarch"])
    await install(
        records,
        target_prefix=folder,
        cache_dir=channel.parent / "conda-cache",
        show_progress=False,
        # Its Python side hands them on as they are, and only the native ones are taken.
        requested_specs=[spec._match_spec for spec in asked],
    )


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]).resolve(), *sys.argv[3:]))
    # Its threads sometimes crash the interpreter while that ends in the usual way; everything is written by now.
    os._exit(0)
