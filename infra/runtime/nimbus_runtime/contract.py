"""The HTTP contract without any model: reading a request's body and writing an answer."""

import json

from .problems import Problem
from .results import encode

GZIP_FROM_BYTES = 1024
"""Below this an answer is one network packet anyway, and gzip would only cost time."""

GZIP_MAGIC = b"\x1f\x8b"
"""What every gzip file begins with: RFC 1952, 2.3.1."""

INFLATED_TIMES = 10
"""A gzip body may unpack to this many times the payload limit: a bound on what a small request can make us hold."""


class Base64Bytes(bytes):
    """The bytes of a `{"$base64", "contentType"}` input; `content_type` is None where the caller gave none."""

    content_type = None


EVENT_HINT = 'Send an event such as {"httpMethod": "POST", "path": "/predict", "body": "{\\"text\\": \\"…\\"}"}.'

_EVENT_TYPES = {
    "headers": dict,
    "requestContext": dict,
    "pathParameters": dict,
    "path": str,
    "resource": str,
    "httpMethod": str,
    "body": str,
}


def event_fault(event):
    """Why an event is none of API Gateway's REST proxy (v1), as a sentence; None where it may be one."""
    if not isinstance(event, dict):
        return "The event must be an API Gateway REST-proxy event, a JSON object, not %s." % json_type(event)
    for field, kind in _EVENT_TYPES.items():
        value = event.get(field)
        if value is not None and not isinstance(value, kind):
            wanted = "an object" if kind is dict else "a string"
            return "%s of the event must be %s, not %s." % (field, wanted, json_type(value))
    return None


def lower_keys(headers):
    """Headers by their lower-case names; API Gateway passes them as the client wrote them, or None for none."""
    return {name.lower(): value for name, value in (headers or {}).items()}


def read_json(event, headers, limit_bytes):
    """The request's body as a dict, and whether it names `$base64` anywhere. Raises Problem."""
    _check_media_type(headers.get("content-type"))
    text = _decode(event, headers, limit_bytes)
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        where = "%s at line %d column %d" % (error.msg, error.lineno, error.colno)
        raise Problem("invalid-json", "The body is not valid JSON: %s." % where if text.strip() else "The body is empty.")
    except RecursionError:
        raise Problem("invalid-json", "The body is nested too deeply.")
    except ValueError as error:
        raise Problem("invalid-json", "The body is not valid JSON: %s." % error)
    if not isinstance(document, dict):
        raise Problem("invalid-input", "The body must be a JSON object, not %s." % json_type(document), field="")
    return document, "$base64" in text


def input_of(document):
    """The one input of a `/predict` body, and the name of the field that it came in. Raises Problem."""
    if "text" in document and "input" in document:
        raise Problem("text-and-input", "Give either text or input, not both.", field="text")
    if "input" in document:
        return document["input"], "input"
    if "text" not in document:
        raise Problem("missing-input", 'The body needs "input", or "text" for a model that reads text.', field="input")
    if not isinstance(document["text"], str):
        raise Problem("invalid-input", "text must be a string, not %s." % json_type(document["text"]), field="text")
    return document["text"], "text"


def inputs_of(document, most):
    """The list of inputs of a `/batch` body. Raises Problem."""
    if "inputs" not in document:
        raise Problem("missing-input", 'The body needs "inputs", a list.', field="inputs")
    inputs = document["inputs"]
    if not isinstance(inputs, list):
        raise Problem("invalid-input", "inputs must be a list, not %s." % json_type(inputs), field="inputs")
    if len(inputs) > most:
        raise Problem("invalid-input", "inputs holds %d inputs; at most %d fit one batch." % (len(inputs), most), "inputs")
    return inputs


def parameters_of(document):
    """The `parameters` of a body, {} where there are none. Raises Problem."""
    parameters = document.get("parameters")
    if parameters is None:
        return {}
    if not isinstance(parameters, dict):
        raise Problem("invalid-input", "parameters must be an object, not %s." % json_type(parameters), "parameters")
    return parameters


def decode_base64(value, field):
    """`value` with each `{"$base64", "contentType"}` in it replaced by Base64Bytes. Raises Problem naming the field."""
    if isinstance(value, dict):
        if "$base64" in value and set(value) <= {"$base64", "contentType"}:
            return _binary(value, field)
        return {key: decode_base64(item, "%s.%s" % (field, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [decode_base64(item, "%s[%d]" % (field, index)) for index, item in enumerate(value)]
    return value


def cross_origin(allowed, origin):
    """Headers by which a browser lets a page of `origin` read the answer (https://fetch.spec.whatwg.org/#http-cors-protocol).

    `allowed` is NIMBUS_CORS_ORIGINS: origins with commas between, or `*`; None or empty for none. The gateway answers what
    a browser asks before it calls, and hands on the function's own answers as they are.
    """
    origins = [one.strip() for one in (allowed or "").split(",") if one.strip()]
    if not origins:
        return {}
    headers = {} if "*" in origins else {"vary": "origin"}
    if "*" in origins or origin in origins:
        headers["access-control-allow-origin"] = "*" if "*" in origins else origin
        headers["access-control-expose-headers"] = "server-timing, x-request-id"
    return headers


def respond(status, body, headers, accept_encoding, more_headers=None):
    """The proxy response for `body`, JSON text; gzip where the caller takes it and it pays."""
    if status < 400:
        headers["content-type"] = "application/json"
    else:
        headers["content-type"] = "application/problem+json"
    headers["cache-control"] = "no-store"
    headers.update(more_headers or {})
    is_base64 = False
    if len(body) > GZIP_FROM_BYTES:
        headers["vary"] = ", ".join(filter(None, ["accept-encoding", headers.get("vary")]))
        if takes_gzip(accept_encoding):
            headers["content-encoding"] = "gzip"
            body, is_base64 = _gzip_base64(body), True
    return {"statusCode": status, "headers": headers, "body": body, "isBase64Encoded": is_base64}


def encoded_bytes(response):
    """Bytes of a proxy response as the platform counts them: its own JSON, in which the body is a string."""
    return len(encode(response).encode())


def takes_gzip(accept_encoding):
    """Whether an Accept-Encoding header (or None) allows gzip: RFC 9110, 12.5.3."""
    qualities = {}
    for part in (accept_encoding or "").lower().split(","):
        coding, _, weight = part.partition(";")
        name, _, number = weight.strip().partition("=")
        try:
            qualities[coding.strip()] = float(number) if name.strip() == "q" else 1.0
        except ValueError:
            qualities[coding.strip()] = 0.0
    return qualities.get("gzip", qualities.get("*", 0.0)) > 0


def json_type(value):
    """What JSON calls a decoded value, with its article."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, bytes):
        return "binary"
    return "a list" if isinstance(value, list) else "an object"


def shown(value):
    """`json_type` with a text itself, which says more than its type: `a string: "90,5"`."""
    if not isinstance(value, str):
        return json_type(value)
    return "a string: %s" % json.dumps(value if len(value) <= 40 else value[:40] + "…", ensure_ascii=False)


def _check_media_type(content_type):
    if not content_type:
        return
    media, _, parameters = content_type.lower().partition(";")
    media = media.strip()
    if media != "application/json" and not (media.startswith("application/") and media.endswith("+json")):
        raise Problem("unsupported-media-type", "The body must be application/json, not %s." % media)
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name == "charset" and value.strip('" ') not in ("utf-8", "utf8", "us-ascii"):
            raise Problem("unsupported-media-type", "JSON must be sent as UTF-8.")


def _decode(event, headers, limit_bytes):
    body = event.get("body") or ""
    if len(body) > limit_bytes:
        raise Problem("payload-too-large", "The body is over %d bytes." % limit_bytes)
    coding = (headers.get("content-encoding") or "identity").strip().lower()
    if coding not in ("identity", "gzip"):
        raise Problem("unsupported-media-type", "Content-Encoding may be gzip, not %s." % coding)
    if not event.get("isBase64Encoded"):
        if coding == "gzip" and not body.lstrip().startswith("{"):
            raise _not_gzip()
        return body
    import binascii

    try:
        raw = binascii.a2b_base64(body)
    except binascii.Error:
        raise Problem("invalid-json", "The body is not valid base64.")
    if coding == "gzip":
        if raw.startswith(GZIP_MAGIC):
            raw = _gunzip(raw, limit_bytes * INFLATED_TIMES)
        elif not raw.lstrip().startswith(b"{"):
            raise _not_gzip()
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Problem("invalid-json", "The body is not UTF-8 (byte %d)." % error.start)


def _not_gzip():
    """Of a body that is no JSON either: API Gateway inflates one and leaves the header that says gzip."""
    return Problem("invalid-json", "Content-Encoding says gzip, but the body is neither gzip nor a JSON object.")


def _gunzip(raw, most):
    import zlib

    stream = zlib.decompressobj(wbits=31)
    try:
        plain = stream.decompress(raw, most)
    except zlib.error:
        raise Problem("invalid-json", "The gzip body is damaged.")
    if stream.unconsumed_tail:
        raise Problem("payload-too-large", "The body unpacks to over %d bytes." % most)
    if not stream.eof:
        raise Problem("invalid-json", "The gzip body is cut short.")
    return plain


def _gzip_base64(text):
    import zlib
    from binascii import b2a_base64

    stream = zlib.compressobj(level=1, wbits=31)  # most callers are near: time counts more than the last bytes
    packed = stream.compress(text.encode()) + stream.flush()
    return b2a_base64(packed, newline=False).decode("ascii")


def _binary(value, field):
    content_type = value.get("contentType")
    try:
        data = Base64Bytes(_from_base64(value["$base64"]))
    except (AttributeError, ValueError):  # not a string, not ASCII, not base64
        raise Problem("invalid-input", "$base64 must be a string of base64.", field=field + ".$base64")
    if content_type is not None and not isinstance(content_type, str):
        raise Problem("invalid-input", "contentType must be a string.", field=field + ".contentType")
    data.content_type = content_type
    return data


def _from_base64(text):
    """Raises ValueError for anything but base64 with its padding, of which binascii alone skips what it does not know."""
    import binascii

    data = text.encode("ascii")
    digits = data.rstrip(b"=")
    if len(data) % 4 or len(data) - len(digits) > 2 or digits.translate(None, _BASE64_DIGITS):
        raise ValueError("not base64")
    return binascii.a2b_base64(data)


_BASE64_DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def _refuse_constant(name):
    raise ValueError("%s is not JSON" % name)
