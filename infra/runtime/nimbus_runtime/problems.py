"""The failures that callers see: RFC 9457 problem details, the table of docs/architecture.md."""

TABLE = {
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


def frames_of(error):
    """Type and stack of an exception and of what caused it, as lines without any message.

    Messages are left out since models put the text that they were given into them, and lines go to the log.
    """
    lines = []
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        lines.append(type(error).__module__ + "." + type(error).__qualname__ + " at")
        step = error.__traceback__
        while step is not None:
            code = step.tb_frame.f_code
            lines.append('  File "%s", line %d, in %s' % (code.co_filename, step.tb_lineno, code.co_name))
            step = step.tb_next
        if error.__cause__ is not None or not error.__suppress_context__:
            error = error.__cause__ or error.__context__
            if error is not None and id(error) not in seen:
                lines.append("because of")
        else:
            error = None
    return lines
