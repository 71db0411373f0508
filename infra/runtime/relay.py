"""Process 1 of a container worker: the AWS Lambda Runtime API on the container's loopback, frames on stdin and stdout.

The host starts an image with this text as the entrypoint, `python -I -S -c TEXT ENTRYPOINT [ARGUMENT...]`, so that the
image itself stays what AWS Lambda gets, and needs neither a port nor a network. It starts the image's own entrypoint as
its child, whose runtime client asks this program for events as it would ask AWS Lambda.

Frames are those of docs/architecture.md: `u32be n | u8 kind | u32be m | m bytes of JSON meta | payload`.
To it: `I` invoke {id, deadlineMs, arn}. From it: `H` hello, `R` the runtime client asks for its first event, `O` result
{id, bytes, peakBytes}, `E` error {id, type}, `F` initialisation failed {type}, `X` the runtime ended {code, signal, oom, id}.
The end of stdin ends everything.
"""

import fcntl
import json
import os
import signal
import socket
import struct
import sys
import threading
from contextlib import suppress
from queue import SimpleQueue

HEAD = struct.Struct(">IBI")
API = "/2018-06-01/runtime/"
PORT = 9001
"""Where AWS Lambda's own Runtime API listens."""
MAX_FRAME_BYTES = 8 * 1024 * 1024 + 64 * 1024
F_SETPIPE_SZ = 1031

ERROR_TYPE = "lambda-runtime-function-error-type"


class Frames:
    """The two ends towards the host, out of reach of the runtime: its stdin is empty, its stdout is the log."""

    def __init__(self):
        self.input, self.output = os.dup(0), os.dup(1)  # os.dup makes them close-on-exec
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(2, 1)  # what the runtime prints can no longer be taken for a frame
        for end in (self.input, self.output):
            with suppress(OSError):  # a socket, or over the user's limit for pipes
                fcntl.fcntl(end, F_SETPIPE_SZ, 1 << 20)  # large payloads wake the other side less often
        self.lock = threading.Lock()

    def send(self, kind, meta, payload=b""):
        head = json.dumps(meta).encode()
        parts = [HEAD.pack(5 + len(head) + len(payload), ord(kind), len(head)) + head, payload]
        with self.lock:
            for part in parts if len(payload) > 65536 else [b"".join(parts)]:
                rest = memoryview(part)
                while rest:
                    rest = rest[os.write(self.output, rest) :]

    def read(self):
        """Yields `(meta, payload)` of each `I`; ends with the input, or with what is no frame of the host's."""
        with os.fdopen(self.input, "rb", 1 << 16) as stream:
            while True:
                head = stream.read(HEAD.size)
                if len(head) < HEAD.size:
                    return
                size, kind, meta_size = HEAD.unpack(head)
                if kind != ord("I") or size > MAX_FRAME_BYTES or meta_size > size - 5:
                    return
                body = stream.read(size - 5)
                if len(body) < size - 5:
                    return
                yield json.loads(body[:meta_size]), memoryview(body)[meta_size:]


class Relay:
    def __init__(self, command):
        self.frames = Frames()
        self.command = command
        self.todo = SimpleQueue()
        self.id = None  # of the event that the runtime works on
        self.ready = False
        self.child = 0
        self.oom_before = oom_kills()

    def run(self):
        server = socket.create_server(("127.0.0.1", PORT))
        signal.signal(signal.SIGTERM, lambda *_: self.leave())  # process 1 has no default action for it
        self.frames.send("H", {"pid": os.getpid()})
        environment = dict(os.environ, AWS_LAMBDA_RUNTIME_API="127.0.0.1:%d" % PORT)
        try:
            self.child = os.posix_spawnp(
                self.command[0], self.command, environment, setpgroup=0, setsigdef=[signal.SIGPIPE]
            )
        except OSError as error:
            text = json.dumps({"errorType": "Runtime.InvalidEntrypoint", "errorMessage": "%s: %s" % (self.command[0], error.strerror)})
            self.frames.send("F", {"type": "Runtime.InvalidEntrypoint"}, text.encode())
            os._exit(1)
        with suppress(OSError), open("/proc/%d/oom_score_adj" % self.child, "w") as file:
            file.write("500")  # out of memory, the kernel is to end the runtime and not this program
        start(self.take)
        start(self.accept, server)
        self.reap()

    def take(self):
        with suppress(Exception):
            for frame in self.frames.read():
                self.todo.put(frame)
        self.leave()

    def leave(self):
        """The host is gone, or wants an end of it."""
        if self.child:
            with suppress(OSError):
                os.killpg(self.child, signal.SIGKILL)
        os._exit(0)

    def reap(self):
        """Waits for the runtime, and for orphans, whose parent process 1 becomes."""
        while True:
            pid, status = os.waitpid(-1, 0)
            if pid != self.child:
                continue
            killed_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
            code = 0 if killed_by else os.WEXITSTATUS(status)
            end = {"code": code, "signal": killed_by, "oom": oom_kills() > self.oom_before, "id": self.id}
            self.frames.send("X", end)
            os._exit(code or (128 + killed_by if killed_by else 0))

    def accept(self, server):
        while True:
            connection, _ = server.accept()
            start(self.serve, connection)

    def serve(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(OSError), connection.makefile("rb", 1 << 16) as stream:
            while True:
                line = stream.readline(65536)
                if not line:
                    return
                method, path = line.decode("latin1").split()[:2]
                headers = read_headers(stream)
                if "expect" in headers:
                    connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                chunked = "transfer-encoding" in headers
                body = read_chunks(stream) if chunked else stream.read(int(headers.get("content-length", 0)))
                self.answer(connection, method, path, headers, body)

    def answer(self, connection, method, path, headers, body):
        part = path[len(API) :].split("/") if path.startswith(API) else []
        if method == "GET" and part == ["invocation", "next"]:
            return self.next(connection)
        if method == "POST" and part == ["init", "error"]:
            self.frames.send("F", {"type": headers.get(ERROR_TYPE, "")}, body)
            return reply(connection, "202 Accepted")
        if method == "POST" and len(part) == 3 and part[0] == "invocation" and part[2] in ("response", "error"):
            if part[1] != self.id:  # each event is answered once
                return reply(connection, "400 Bad Request")
            self.id = None
            # Before the reply: the runtime may end right after it.
            if part[2] == "response":
                self.frames.send("O", {"id": part[1], "bytes": used_bytes(), "peakBytes": peak_bytes()}, body)
            else:
                self.frames.send("E", {"id": part[1], "type": headers.get(ERROR_TYPE, "")}, body)
            return reply(connection, "202 Accepted")
        return reply(connection, "404 Not Found")

    def next(self, connection):
        if not self.ready:
            self.ready = True
            self.frames.send("R", {})
        meta, event = self.todo.get()
        self.id = meta["id"]
        headers = [
            "Lambda-Runtime-Aws-Request-Id: %s" % meta["id"],
            "Lambda-Runtime-Deadline-Ms: %d" % meta.get("deadlineMs", 0),
            "Lambda-Runtime-Invoked-Function-Arn: %s" % meta.get("arn", ""),
        ]
        reply(connection, "200 OK", headers, event)


def start(target, *arguments):
    threading.Thread(target=target, args=arguments, daemon=True).start()


def reply(connection, status, headers=(), body=b"{}"):
    lines = ["HTTP/1.1 " + status, *headers, "Content-Type: application/json", "Content-Length: %d" % len(body)]
    connection.sendall("\r\n".join(lines + ["", ""]).encode())
    connection.sendall(body)


def read_headers(stream):
    headers = {}
    while True:
        line = stream.readline(65536).decode("latin1").strip()
        if not line:
            return headers
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()


def read_chunks(stream):
    """A body in HTTP's chunked encoding."""
    body = bytearray()
    while True:
        size = int(stream.readline(1024).split(b";")[0], 16)
        if size == 0:
            break
        body += stream.read(size)
        stream.readline(8)
    while stream.readline(1024).strip():  # trailers
        pass
    return bytes(body)


def oom_kills():
    """How often the kernel ended a process of this container for want of memory, by cgroup v2 or v1; 0 where unknown."""
    for name in ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"):
        with suppress(OSError, KeyError, ValueError), open(name) as file:
            return int(dict(line.split() for line in file)["oom_kill"])
    return 0


def used_bytes():
    """What the container uses now, by cgroup v2 or v1; None where unknown."""
    return number_in("/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory/memory.usage_in_bytes")


def peak_bytes():
    """The most that the container has used; None where unknown."""
    return number_in("/sys/fs/cgroup/memory.peak", "/sys/fs/cgroup/memory/memory.max_usage_in_bytes")


def number_in(*names):
    for name in names:
        with suppress(OSError, ValueError), open(name) as file:
            return int(file.read())
    return None


Relay(sys.argv[1:]).run()
