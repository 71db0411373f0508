"""A stand-in for SageMaker Runtime and Comprehend on the loopback interface, held to botocore's own description of them.

It speaks their wire formats: REST JSON for InvokeEndpoint, Smithy RPC v2 CBOR and the older JSON 1.1 for Comprehend. Each
request must be signed for its service and must fit the service model's input; each answer must fit its output or be one of
its errors, else the stand-in itself fails with 500. What it answers is made up: no model and no rule of AWS is in it.

Prints its port, then one JSON line per request. The text or the endpoint's name says what happens: see FAILURES.
"""

import json
import os
import re
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import botocore.session
from botocore.validate import ParamValidator

SESSION = botocore.session.get_session()
SERVICES = {"sagemaker": SESSION.get_service_model("sagemaker-runtime"), "comprehend": SESSION.get_service_model("comprehend")}
ENDED = threading.Event()

COMMON = {"ThrottlingException": 400, "ExpiredTokenException": 403, "UnrecognizedClientException": 403, "AccessDeniedException": 400}
"""Errors that every service has and no model lists, with their status."""

FAILURES = {
    "throttled": ("ThrottlingException", "Rate exceeded"),
    "expired": ("ExpiredTokenException", "The security token included in the request is expired"),
    "denied": ("AccessDeniedException", "User is not authorized to perform this action"),
    "missing": ("ValidationError", "Endpoint missing of account 123456789012 not found."),
    "broken": ("ModelError", 'Received server error (500) from primary with message "no"'),
    "unready": ("ModelNotReadyException", "The model is not ready"),
    "refused": ("UnsupportedLanguageException", "Unsupported language"),
}
MORE = {"ModelError": {"OriginalStatusCode": 500, "OriginalMessage": "no", "LogStreamArn": "arn:aws:logs:x"}}


def sentiment(text):
    positive = 0.75 if "good" in text else 0.125
    scores = {"Positive": positive, "Negative": 0.875 - positive, "Neutral": 0.0625, "Mixed": 0.0625}
    return {"Sentiment": "POSITIVE" if positive > 0.5 else "NEGATIVE", "SentimentScore": scores}


def entities(text):
    found = re.finditer(r"\b[A-Z]\w+", text)
    return [
        {"Text": one.group(), "Type": "PERSON", "BeginOffset": one.start(), "EndOffset": one.end(), "Score": 0.5} for one in found
    ]


def batch(texts):
    failed = [index for index, text in enumerate(texts) if "broken" in text]
    return {
        "ResultList": [dict(sentiment(text), Index=index) for index, text in enumerate(texts) if index not in failed],
        "ErrorList": [{"Index": index, "ErrorCode": "INTERNAL_SERVER_ERROR", "ErrorMessage": "no"} for index in failed],
    }


def invoke(given):
    text = json.loads(given["Body"])["inputs"]
    if given["EndpointName"] == "odd" or text == "odd":
        return {"Body": b'{"error": "odd"}', "ContentType": "application/json"}
    good = 0.75 if "good" in text else 0.25
    body = [{"label": "POSITIVE", "score": good}, {"label": "NEGATIVE", "score": 1 - good}]
    return {"Body": json.dumps(body).encode(), "ContentType": "application/json", "InvokedProductionVariant": "primary"}


ANSWERS = {
    "InvokeEndpoint": invoke,
    "DetectSentiment": lambda given: sentiment(given["Text"]),
    "DetectEntities": lambda given: {"Entities": entities(given["Text"])},
    "BatchDetectSentiment": lambda given: batch(given["TextList"]),
}


def failure_of(operation, given):
    if operation == "BatchDetectSentiment":
        if len(given["TextList"]) > 25:
            return "BatchSizeLimitExceededException", "Batch size limit exceeded"
        said = " ".join(given["TextList"]) if "throttled" in " ".join(given["TextList"]) else ""
    else:
        said = given.get("EndpointName", "") + " " + given.get("Text", str(given.get("Body", "")))
    if "hang" in said:
        ENDED.wait()
    return next((failure for word, failure in FAILURES.items() if word in said), None)


def fit(value, shape):
    report = ParamValidator().validate(value, shape)
    if report.has_errors():
        raise ValueError(report.generate_report())


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: apart, the second waits 40 ms for the first to be acknowledged

    def log_message(self, *_):
        pass

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            service, operation, given = self.read(raw)
            model = SERVICES[service].operation_model(operation)
            fit(given, model.input_shape)
            signed = re.match(r"AWS4-HMAC-SHA256 Credential=[^/]+/\d{8}/([a-z0-9-]+)/([a-z]+)/aws4_request", self.headers["Authorization"])
            assert signed.group(2) == service, signed.group()
            texts = given.get("TextList")
            seen = {"operation": operation, "region": signed.group(1), "texts": texts and len(texts)}
            os.write(1, (json.dumps(seen) + "\n").encode())  # in one piece: requests run at once
            failure = failure_of(operation, given)
            if failure:
                self.fail_with(model, *failure)
            else:
                answer = ANSWERS[operation](given)
                fit(answer, model.output_shape)
                self.answer_with(answer)
        except Exception as error:
            print("stand-in: %r" % error, file=sys.stderr, flush=True)
            self.send(500, b"the stand-in failed", {})

    def read(self, raw):
        """The service, the operation and its parameters as the service model names them."""
        found = re.fullmatch(r"/endpoints/([^/]+)/invocations", self.path)
        if found:
            self.wire = "rest-json"
            headers = {"ContentType": self.headers["Content-Type"], "Accept": self.headers["Accept"]}
            return "sagemaker", "InvokeEndpoint", dict(headers, EndpointName=found.group(1), Body=raw)
        target = self.headers["X-Amz-Target"]
        if target:
            self.wire = "json"
            assert self.headers["Content-Type"] == "application/x-amz-json-1.1"
            return "comprehend", target.partition("Comprehend_20171127.")[2], json.loads(raw)
        self.wire = "cbor"
        assert self.headers["smithy-protocol"] == "rpc-v2-cbor" and self.headers["Content-Type"] == "application/cbor"
        return "comprehend", re.fullmatch(r"/service/Comprehend_20171127/operation/(\w+)", self.path).group(1), decode(raw)

    def answer_with(self, answer):
        if self.wire == "rest-json":
            headers = {"Content-Type": answer["ContentType"]}
            if "InvokedProductionVariant" in answer:
                headers["x-Amzn-Invoked-Production-Variant"] = answer["InvokedProductionVariant"]
            self.send(200, answer["Body"], headers)
        else:
            self.send_document(200, answer)

    def fail_with(self, model, code, message):
        shape = next((one for one in model.error_shapes if one.name == code), None)
        status = shape.metadata["error"]["httpStatusCode"] if shape else COMMON[code]
        document = dict(MORE.get(code, {}), Message=message)
        if shape:
            fit(document, shape)
        if self.wire == "rest-json":
            self.send(status, json.dumps(document).encode(), {"Content-Type": "application/json", "x-amzn-errortype": code})
        else:
            self.send_document(status, dict(document, __type="com.amazonaws.comprehend#" + code))

    def send_document(self, status, document):
        if self.wire == "json":
            self.send(status, json.dumps(document).encode(), {"Content-Type": "application/x-amz-json-1.1"})
        else:
            self.send(status, encode(document), {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"})

    def send(self, status, body, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def head(kind, size):
    """The first bytes of a CBOR item (RFC 8949): its major type and its length or value."""
    if size < 24:
        return bytes([kind << 5 | size])
    return bytes([kind << 5 | 26]) + size.to_bytes(4, "big")


def encode(value):
    if isinstance(value, dict):
        return head(5, len(value)) + b"".join(encode(key) + encode(item) for key, item in value.items())
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(encode(item) for item in value)
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    assert isinstance(value, int) and value >= 0, value
    return head(0, value)


def decode(raw):
    value, rest = decode_item(raw)
    assert rest == b"", rest
    return value


def decode_item(raw):
    """The item that bytes begin with, of the types that requests have, and the bytes after it."""
    kind, size, raw = raw[0] >> 5, raw[0] & 31, raw[1:]
    if size >= 24:
        assert size < 28, "an indefinite length"
        width = 1 << (size - 24)
        size, raw = int.from_bytes(raw[:width], "big"), raw[width:]
    if kind == 0:
        return size, raw
    if kind == 3:
        return raw[:size].decode(), raw[size:]
    items = []
    for _ in range(size * (2 if kind == 5 else 1)):
        item, raw = decode_item(raw)
        items.append(item)
    assert kind in (4, 5), kind
    return (dict(zip(items[::2], items[1::2])) if kind == 5 else items), raw


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_port, flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()  # until the test has ended
