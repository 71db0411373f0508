"""A process worker: answers requests that come as frames on fd 3 with frames on fd 4, one at a time.

Run as `python worker.py` with NIMBUS_FUNCTION naming the function's JSON file. The frames are those of
docs/architecture.md: `u32be n | u8 kind | u32be m | m bytes of JSON meta | payload`, n = 5 + m + length of payload.

This file is the cold path: until the hello frame is out it imports nothing that the interpreter has not loaded, and
afterwards only what each worker needs.
"""

import os
import sys
import time

STARTED = time.perf_counter()

MAX_FRAME_BYTES = 8 * 1024 * 1024 + 64 * 1024
"""Largest n of a frame, the host's own limit."""

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
SIGKILL = 9


class Context:
    """What AWS Lambda passes to a handler, as far as a process worker can know it."""

    def __init__(self, meta, function):
        self.aws_request_id = meta["id"]
        self.arrived_ms = meta.get("arrivedMs")
        self.function_name = function["model"]
        self.memory_limit_in_mb = function["limits"]["memoryMb"]
        self._deadline_ms = meta.get("deadlineMs") or 0

    def get_remaining_time_in_millis(self):
        return max(0, int(self._deadline_ms - time.time() * 1000))


class Channel:
    """The two ends of the pipe to the host, moved away from fds 3 and 4 so that no program started here gets them."""

    def __init__(self):
        self.input = os.dup(3)  # os.dup makes them close-on-exec
        self.output = os.dup(4)
        os.close(3)
        os.close(4)
        self.forked = False
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._close_in_child)

    def _close_in_child(self):
        # A fork is not an exec: without this a child would hold the pipe open after the worker's end.
        self.forked = True
        os.close(self.input)
        os.close(self.output)

    def send(self, kind, meta, payload=b""):
        """Writes one frame. `kind` is one ASCII letter, `meta` and `payload` are bytes of JSON."""
        size = 5 + len(meta) + len(payload)
        head = size.to_bytes(4, "big") + kind + len(meta).to_bytes(4, "big") + meta
        if len(payload) < 65536:
            head += payload
            payload = b""
        for part in (head, payload):
            rest = memoryview(part)
            while rest:
                rest = rest[os.write(self.output, rest) :]

    def read_frames(self, put):
        """Reads until the end of file, which ends the process even while a handler computes. Runs on its own thread."""
        with os.fdopen(self.input, "rb", buffering=65536, closefd=False) as stream:
            while True:
                head = stream.read(9)
                if len(head) < 9:
                    leave(0)
                size = int.from_bytes(head[:4], "big")
                meta_size = int.from_bytes(head[5:], "big")
                if size > MAX_FRAME_BYTES or meta_size > size - 5:
                    leave(70, "nimbus: a frame of %d bytes with %d of meta is not one of the host's" % (size, meta_size))
                body = stream.read(size - 5)
                if len(body) < size - 5:
                    leave(0)
                put((head[4:5], body[:meta_size], memoryview(body)[meta_size:]))


def leave(status, message=None):
    """Ends the process at once, from any thread: interpreter shutdown would only unload what the system takes back.

    It touches no Python stream, whose lock a handler may hold while it waits for a reader that is gone.
    """
    if message:
        os.write(2, message.encode() + b"\n")
    os._exit(status)


def flush():
    """Hands over what the handler printed, so that the host can tell which request a line belongs to."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # the handler may have replaced or closed it
            pass


def own_streams():
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.close(null)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)


def end_with_host():
    """Linux: the kernel kills this process with its host, and orphans of a handler stay children of this process."""
    if sys.platform != "linux":
        return
    try:
        # What ctypes itself is made of: the whole of it takes milliseconds, before the model is even looked at.
        import _ctypes

        prctl = _ctypes.dlsym(_ctypes.dlopen(None, 0), "prctl")
        _ctypes.call_cdeclfunction(prctl, (PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
        _ctypes.call_cdeclfunction(prctl, (PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
    except (ImportError, OSError, AttributeError):  # a Python without ctypes: the end of the pipe remains
        pass


def failure(error, next=None):
    """The payload of `F` and `E` as AWS Lambda writes it: type, message and stack of an exception.

    The stack is that of the model and its framework; `next` is what to do about it.
    """
    import json
    import traceback

    from nimbus_runtime.problems import is_own_file

    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not is_own_file(frame.filename)]
    stack = traceback.format_list(frames)
    kind = type(error).__name__
    return (
        json.dumps(dict({"type": kind}, **({"next": next} if next else {}))).encode(),
        json.dumps({"errorType": kind, "errorMessage": str(error), "stackTrace": stack}).encode(),
    )


def give_up_network():
    """None where it was not asked for, else whether it worked; says so where the log of the model is read."""
    if os.environ.pop("NIMBUS_NETWORK", None) != "none":
        return None
    import isolation

    left = isolation.leave_network()
    without = "runs without a network" if left else "should run without a network, which this system does not allow"
    os.write(2, b"nimbus: the model %s: loading it needed your consent\n" % without.encode())
    return left


def remedy(error):
    try:
        from nimbus_runtime import handler, problems

        return problems.remedy_of(error, handler.function()["framework"])
    except Exception:  # the function's file itself could not be read
        return None


def serve():
    network_left = give_up_network()  # before the first thread
    channel = Channel()
    import _thread

    try:
        from _queue import SimpleQueue
    except ImportError:
        from queue import SimpleQueue
    frames = SimpleQueue()
    _thread.start_new_thread(channel.read_frames, (frames.put,))
    own_streams()
    end_with_host()  # before the model: loading may stay in C code, where the end of the pipe is not noticed
    import faulthandler
    import gc

    faulthandler.enable()  # a crash in C leaves the Python stack, without any values, as the last lines of the log
    gc.disable()  # imports and unpickling make garbage collectors busy for nothing
    try:
        from nimbus_runtime import handler

        # The user's modules must not find worker.py and its neighbours under their plain names.
        sys.path.remove(os.path.dirname(os.path.abspath(__file__)))
        ready = dict(handler.initialise(STARTED), networkLeft=network_left)
    except BaseException as error:
        flush()
        channel.send(b"F", *failure(error, remedy(error)))
        leave(1)
    import json

    channel.send(b"R", json.dumps(ready).encode())
    gc.freeze()  # what lives now lives as long as the worker: later collections need not look at it
    gc.enable()
    while True:
        kind, meta, payload = frames.get()
        if kind != b"I":
            leave(70, "nimbus: a frame of kind %r is not one of the host's" % kind)
        answer(channel, handler, json.loads(meta), payload)


def answer(channel, handler, meta, payload):
    import json

    flush()
    try:
        event = json.loads(str(payload, "utf-8"))
        result = handler.handle(event, Context(meta, handler.function()))
        kind, head = b"O", json.dumps({"id": meta["id"]}).encode()
        body = json.dumps(result, ensure_ascii=False, separators=(",", ":")).encode()
    except Exception as error:
        kind, (_, body) = b"E", failure(error)
        head = json.dumps({"id": meta["id"], "type": type(error).__name__}).encode()
    flush()
    if channel.forked:  # a handler's forked child that came back here
        os._exit(0)
    channel.send(kind, head, body)


if __name__ == "__main__":  # multiprocessing imports this file again in its children
    hello = b'{"pid":%d}' % os.getpid()
    os.write(4, (5 + len(hello)).to_bytes(4, "big") + b"H" + len(hello).to_bytes(4, "big") + hello)
    serve()
