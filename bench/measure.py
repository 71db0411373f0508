"""Measuring from outside: Nimbus as its users run it, a blocking HTTP client on one socket, process trees, their memory.
Linux only."""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
HUNG_SECONDS = 600
"""No command of a benchmark takes as long: the run ends, and what it started with it."""


def environment(**more):
    """The caller's environment without PYTHONDONTWRITEBYTECODE: byte code is cached on every side."""
    env = {**os.environ, **{key: str(value) for key, value in more.items()}}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    return env


class Nimbus:
    """As it was built when the run began: a build in the middle of it changes nothing."""

    def __init__(self, node, scratch):
        self.node, self.scratch = node, scratch
        self.projects = []
        shutil.copytree(ROOT / "dist", scratch / "nimbus/dist")
        shutil.copy(ROOT / "package.json", scratch / "nimbus")

    def command(self, *argv):
        return [self.node, self.scratch / "nimbus/dist/cli.js", *map(str, argv)]

    def end_hosts(self):
        for project in self.projects:
            project.end_host()


class Project:
    """A folder with a host and a home of its own, so that hosts of others neither help nor disturb."""

    def __init__(self, nimbus, name, **variables):
        self.nimbus, self.variables = nimbus, variables
        self.server = None
        nimbus.projects.append(self)
        self.folder = nimbus.scratch / name
        self.folder.mkdir()
        subprocess.run(["git", "init", "-q"], cwd=self.folder, check=True)

    @property
    def home(self):
        return self.folder.parent / f"{self.folder.name}-home"

    @property
    def environment(self):
        return environment(NIMBUS_HOME=self.home, **self.variables)

    def run(self, *argv):
        """What a command of Nimbus answers with."""
        done = subprocess.run(
            self.nimbus.command(*argv, "--json"),
            cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=HUNG_SECONDS,
        )
        if done.returncode != 0:
            raise RuntimeError(f"nimbus {' '.join(map(str, argv))}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    def serve(self):
        """`nimbus serve`, which is the project's host from then on; its output is in `serve.log`."""
        with open(self.folder / "serve.log", "wb") as log:
            self.server = subprocess.Popen(
                self.nimbus.command("serve"), cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )

    def end_host(self):
        """Ends the host, be it `serve` or one that a command left running, and waits until it is gone."""
        if self.server:
            self.server.terminate()
            self.server.wait()
            self.server = None
        host = ("--project", str(self.folder))
        for pid in processes_with(*host):
            os.kill(pid, signal.SIGTERM)
        while processes_with(*host):
            time.sleep(0.02)


class Connection:
    """One kept-alive connection to 127.0.0.1; the same client for every side."""

    def __init__(self, port, timeout=60):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.port = port

    def post(self, path, body):
        """Status and body of one POST of JSON bytes."""
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.socket.sendall(head.encode() + body)
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, rest = self.buffer.split(b"\r\n\r\n", 1)
        length = int(re.search(rb"content-length:\s*(\d+)", head.lower())[1])
        self.buffer = rest
        while len(self.buffer) < length:
            self._more()
        answer, self.buffer = self.buffer[:length], self.buffer[length:]
        return int(head[9:12]), answer

    def _more(self):
        data = self.socket.recv(1 << 20)
        if not data:
            raise ConnectionError("the server closed the connection")
        self.buffer += data


def tree(pid):
    """A process and all its descendants."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as stat:
                    parent = int(stat.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry))
    found, todo = [], [pid]
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], [])
    return found


def processes_with(*arguments):
    """Ids of the processes whose command line has these arguments, one after another."""
    wanted = b"\0".join(argument.encode() for argument in arguments) + b"\0"
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid():
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as command:
                    if wanted in command.read():
                        found.append(int(entry))
            except OSError:
                continue
    return found


def pss_mb(pid):
    """Proportional set size of a process tree, in MB of 10^6 bytes."""
    total = 0
    for member in tree(pid):
        try:
            with open(f"/proc/{member}/smaps_rollup") as rollup:
                total += int(re.search(r"^Pss:\s+(\d+)", rollup.read(), re.M)[1])
        except (OSError, TypeError):
            continue
    return total * 1024 / 1e6


def end(process):
    for member in reversed(tree(process.pid)):
        try:
            os.kill(member, 9)
        except OSError:
            pass
    process.wait()


def launch(command, port, path, body, expected, env, log, timeout=90, cwd=None):
    """Starts a server; answers with it, a connection, and the seconds until its first correct answer."""
    with open(log, "wb") as output:
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=env, cwd=cwd, start_new_session=True)
    while time.perf_counter() - begin < timeout:
        if process.poll() is not None:
            break
        try:
            connection = Connection(port)
            status, answer = connection.post(path, body)
            if status == 200 and expected in answer:
                return process, connection, time.perf_counter() - begin
        except OSError:
            pass
        time.sleep(0.004)
    end(process)
    with open(log, errors="replace") as output:
        raise RuntimeError(f"{command[0]} did not answer:\n{output.read()[-2000:]}")
