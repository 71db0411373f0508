"""The failures that callers see: RFC 9457 problem details, the table of docs/architecture.md."""

import os
import re
import sys

TABLE = {
    "invalid-event": (400, "Not an event of API Gateway"),
    "invalid-json": (400, "The body is not valid JSON"),
    "missing-input": (400, "The input is missing"),
    "text-and-input": (400, "Both text and input are given"),
    "invalid-input": (400, "The input is not valid for this model"),
    "not-found": (404, "Not found"),
    "payload-too-large": (413, "The payload is too large"),
    "unsupported-media-type": (415, "Unsupported media type"),
    "handler-failed": (500, "The model failed"),
    "result-not-json": (500, "The result is not JSON"),
}
"""Status and title by code. The codes of the host and the gateways (429, 502, 503, 504) never come from here."""


class Problem(Exception):
    """One failed request. `code` is a key of TABLE, `detail` one sentence for the caller, `field` where it is."""

    def __init__(self, code, detail, field=None, next=None):
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.field = field
        self.next = next

    @property
    def status(self):
        return TABLE[self.code][0]

    def document(self, request_id):
        """The problem's JSON as a dict."""
        document = {
            "type": "urn:nimbus:problem:" + self.code,
            "title": TABLE[self.code][1],
            "status": self.status,
            "detail": self.detail,
            "requestId": request_id,
        }
        if self.field is not None:
            document["field"] = self.field
        if self.next is not None:
            document["next"] = self.next
        return document


def describe(error):
    """`ValueError: message` of an exception whose own text may fail to be made."""
    kind = type(error).__name__
    try:
        message = str(error)
    except Exception:
        message = ""
    return kind + ": " + message if message else kind


RUNTIME = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def is_own_file(name):
    """Whether a stack's file is one of Nimbus, or of Python's import system: neither helps who wrote the model."""
    return name.startswith((RUNTIME, "<frozen importlib"))


def remedy_of(error, framework):
    """What puts right why a model did not load or answer, as a sentence; None where only its author can know."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        install = "install it into the Python that runs the model: %s -m pip install %s" % (sys.executable, error.name)
        if framework == "custom":
            return "Add the package of %s to requirements.txt beside handler.py and redeploy, or %s." % (error.name, install)
        return "%s. A module of your own must be importable from the project's folder." % (install[0].upper() + install[1:])
    if type(error).__name__ == "NotFittedError":
        return "Call fit, save the fitted estimator with joblib.dump, and redeploy."
    return None


def shorter(name):
    """A file of a snapshot by its path in the model's folder or among the project's modules, as whoever wrote it knows it."""
    return _SNAPSHOT.sub("", name)


_SNAPSHOT = re.compile(r"^.*[/\\]snapshots[/\\][0-9a-f]{64}[/\\](?:modules[/\\])?")


def frames_of(error):
    """Type and stack of an exception and of what caused it, as lines without any message.

    Messages are left out since models put the text that they were given into them, and lines go to the log.
    """
    lines = []
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        kind = type(error)
        lines.append(("" if kind.__module__ == "builtins" else kind.__module__ + ".") + kind.__qualname__ + " at")
        step = error.__traceback__
        while step is not None:
            code = step.tb_frame.f_code
            if is_own_file(code.co_filename):
                step = step.tb_next
                continue
            lines.append('  File "%s", line %d, in %s' % (shorter(code.co_filename), step.tb_lineno, code.co_name))
            step = step.tb_next
        if error.__cause__ is not None or not error.__suppress_context__:
            error = error.__cause__ or error.__context__
            if error is not None and id(error) not in seen:
                lines.append("because of")
        else:
            error = None
    return lines
