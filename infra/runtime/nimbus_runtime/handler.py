"""The function: API Gateway REST-proxy (v1) event in, proxy response out, as AWS Lambda calls it.

`initialise()` loads the model once; `handle(event, context)` answers `/predict`, `/batch`, `/health` and `/`.
"""

import json
import os
import re
import sys
from time import perf_counter, time

from . import contract, frameworks, results
from .problems import Problem, describe, frames_of, remedy_of

PATHS = "There are POST /predict, POST /batch, GET /health and GET /."


class _State:
    """One function per process."""

    function = None
    framework = None
    model = None
    parameters = None
    card = None
    ready_at_ms = 0
    init_ms = 0.0
    phases_ms = None
    answered = False


def function():
    """The function's description, the JSON that NIMBUS_FUNCTION names, read once."""
    if _State.function is None:
        with open(os.environ["NIMBUS_FUNCTION"], encoding="utf-8") as file:
            _State.function = json.load(file)
    return _State.function


def initialise(started=None):
    """Imports the framework and loads the model; returns `{"importsMs", "loadMs", "card"}`.

    `started` is the `time.perf_counter()` of the runtime's first line. Raises whatever the model's own code raises.
    """
    began = perf_counter()
    spec = function()
    sys.path[:0] = spec.get("modulePaths") or []
    framework = frameworks.find(spec["framework"])
    framework.imports(spec["path"])
    imported = perf_counter()
    model = framework.load(spec["path"])
    loaded = perf_counter()
    inner = getattr(framework, "imports_during_load_s", 0.0)
    _State.framework = framework
    _State.model = model
    declared = getattr(framework, "parameters", None)
    _State.parameters = declared(model) if declared else None
    _State.card = _card(spec, framework.card(model))
    _State.phases_ms = {
        "importsMs": _round((imported - began + inner) * 1000),
        "loadMs": _round((loaded - imported - inner) * 1000),
    }
    _State.init_ms = _round((perf_counter() - (began if started is None else started)) * 1000)
    _State.ready_at_ms = int(time() * 1000)  # whole, as arrival times are: one within the same ms is no cold start
    return dict(_State.phases_ms, card=_State.card)


def handle(event, context):
    """Answers one request. Never raises for what the caller or the model did wrong."""
    fault = contract.event_fault(event)
    if fault:
        event = {}  # of which nothing can be read; it is not served
    start = _start_of(event, context)
    request = _Request(event, context, start)
    _log_gateway_id(request)
    try:
        if fault:
            raise Problem("invalid-event", fault, next=contract.EVENT_HINT)
        body = _route(request)
        response = request.respond(200, body)
        limit = _State.function["limits"]["payloadBytes"]
        if len(response["body"]) * 6 > limit and contract.encoded_bytes(response) > limit:  # \uXXXX is six bytes
            raise Problem("payload-too-large", "The result is over %d bytes." % limit, next="Ask for less at once.")
        return response
    except Problem as problem:
        return request.respond(problem.status, results.encode(problem.document(request.id)))
    finally:
        # The card and the health of a function are no use of it: what comes after is still its first request.
        _State.answered = _State.answered or event.get("httpMethod") == "POST"


class _Request:
    """What is known of the request under way."""

    def __init__(self, event, context, start):
        gateway = event.get("requestContext") or {}
        self.event = event
        self.id = getattr(context, "aws_request_id", None) or gateway.get("requestId") or ""
        self.headers = contract.lower_keys(event.get("headers"))
        self.start = start
        self.handler_ms = 0.0

    @property
    def timings(self):
        init_ms = 0.0 if self.start == "warm" else _State.init_ms
        return {"start": self.start, "initMs": init_ms, "handlerMs": self.handler_ms}

    def respond(self, status, body):
        timing = "handler;dur=%s" % self.handler_ms
        if self.start != "warm":
            timing = "imports;dur=%(importsMs)s, load;dur=%(loadMs)s, " % _State.phases_ms + timing
        headers = contract.cross_origin(os.environ.get("NIMBUS_CORS_ORIGINS"), self.headers.get("origin"))
        headers.update({"x-request-id": self.id, "server-timing": timing})
        return contract.respond(status, body, headers, self.headers.get("accept-encoding"))


def _route(request):
    event = request.event
    path = event.get("path") or "/"
    if "{proxy+}" in (event.get("resource") or ""):  # a custom domain's base path is in `path`, never in here
        path = "/" + ((event.get("pathParameters") or {}).get("proxy") or "")
    route = (event.get("httpMethod"), path.rstrip("/") or "/")
    if route == ("POST", "/predict"):
        return _predict(request)
    if route == ("POST", "/batch"):
        return _batch(request)
    if route == ("GET", "/health"):
        spec = _State.function
        return results.encode(dict(_names(), status="healthy", framework=spec["framework"]))
    if route == ("GET", "/"):
        return results.encode(_State.card)
    raise Problem("not-found", "There is no %s %s. %s" % (route + (PATHS,)))


def _predict(request):
    document, has_binary = _body(request)
    value, field = contract.input_of(document)
    parameters = _parameters_of(document)
    if has_binary:
        value = contract.decode_base64(value, field)
    began = perf_counter()
    try:
        [result] = _run([value], parameters)
        if isinstance(result, frameworks.Failed):
            raise result.error
    except frameworks.InputError as error:
        raise _bad_input(error, field)
    except BaseException as error:  # SystemExit too: a model must not end the function
        _log_failure(error, request.id)
        raise Problem("handler-failed", describe(error), next=remedy_of(error, _State.function["framework"]))
    request.handler_ms = _round((perf_counter() - began) * 1000)
    answer = dict(_names(), result=result, timings=request.timings, requestId=request.id)
    try:
        return results.encode(answer)
    except (TypeError, ValueError, RecursionError):
        try:
            return results.encode(dict(answer, result=results.plain(result)))
        except results.NotJson as fault:
            raise Problem("result-not-json", fault.detail, next=_sentence(fault.hint))


def _batch(request):
    document, has_binary = _body(request)
    inputs = contract.inputs_of(document, _State.function["limits"]["batchInputs"])
    parameters = _parameters_of(document)
    outcome = [None] * len(inputs)
    positions = list(range(len(inputs)))
    if has_binary:
        inputs, positions = _decode_each(inputs, outcome)
    began = perf_counter()
    _run_parts(request, inputs, positions, parameters, outcome)
    request.handler_ms = _round((perf_counter() - began) * 1000)

    def answer():
        return results.encode(
            dict(
                _names(),
                success=[{"index": i, "result": r[0]} for i, r in enumerate(outcome) if isinstance(r, tuple)],
                failed=[{"index": i, "error": e} for i, e in enumerate(outcome) if isinstance(e, dict)],
                timings=request.timings,
                requestId=request.id,
            )
        )

    try:
        return answer()
    except (TypeError, ValueError, RecursionError):
        for index, result in enumerate(outcome):
            if isinstance(result, tuple):
                try:
                    outcome[index] = (results.plain(result[0]),)
                except results.NotJson as fault:
                    outcome[index] = {"type": "result-not-json", "detail": fault.detail}
        return answer()


def _run_parts(request, inputs, positions, parameters, outcome):
    """Fills `outcome` with `(result,)` or an error's dict; no input fails for another one's fault.

    A part that fails is halved until the input that it failed for is alone; what follows goes on from one input, doubling
    with each part that succeeds. So one bad input of n costs about 2 log2(n) calls more, and however many are bad, no
    input is run more than a few times: halving alone would run each log2(n) times. Where the framework can check
    inputs without running them, those that it refuses never reach a second call.
    """
    total = len(inputs)
    at, size = 0, total
    bad_before = 0  # a part that ends here has failed: what is left of it need not be tried as a whole
    unchecked = hasattr(_State.framework, "check")
    log = _OnceLogger(request.id)
    while at < total:
        end = min(at + max(1, size), total)
        if at < bad_before < end:
            end = bad_before
        if end == bad_before and end - at > 1:
            end = at + (end - at) // 2
        try:
            found = _run(inputs[at:end], parameters)
        except BaseException as error:
            if _is_about_parameters(error):
                raise _bad_input(error, "input")
            if unchecked and isinstance(error, frameworks.InputError):
                unchecked = False
                inputs, positions = _refuse_each(inputs[at:], positions[at:], outcome)
                at, total, size, bad_before = 0, len(inputs), len(inputs), 0
                continue
            if end - at > 1:
                size, bad_before = (end - at) // 2, end
                continue
            found = [frameworks.Failed(error)]
        if end - at == 1 and isinstance(found[0], frameworks.Failed):
            size, bad_before = 0, 0
        for position, result in zip(positions[at:end], found):
            outcome[position] = _outcome_of(result, log)
        at, size = end, max(1, size * 2)


def _refuse_each(inputs, positions, outcome):
    """Those that the framework's check lets pass, and their positions; the others have failed."""
    passed = []
    for value, position in zip(inputs, positions):
        try:
            _State.framework.check(_State.model, value)
        except frameworks.InputError as error:
            outcome[position] = {"type": "invalid-input", "detail": error.detail}
        else:
            passed.append((value, position))
    return [value for value, _ in passed], [position for _, position in passed]


def _outcome_of(result, log):
    if not isinstance(result, frameworks.Failed):
        return (result,)
    error = result.error
    if _is_about_parameters(error):
        raise _bad_input(error, "input")
    if isinstance(error, frameworks.InputError):
        return {"type": "invalid-input", "detail": error.detail}
    log(error)
    return {"type": "handler-failed", "detail": describe(error)}


class _OnceLogger:
    """Logs the first failure of a request: a thousand times the same stack would hide everything else in the log."""

    def __init__(self, request_id):
        self.request_id = request_id

    def __call__(self, error):
        if self.request_id is not None:
            _log_failure(error, self.request_id)
        self.request_id = None


def _is_about_parameters(error):
    return isinstance(error, frameworks.InputError) and error.field.startswith("parameters")


def _decode_each(inputs, outcome):
    decoded, positions = [], []
    for index, value in enumerate(inputs):
        try:
            decoded.append(contract.decode_base64(value, "inputs[%d]" % index))
            positions.append(index)
        except Problem as problem:
            outcome[index] = {"type": problem.code, "detail": problem.detail}
    return decoded, positions


def _run(inputs, parameters):
    found = _State.framework.predict(_State.model, inputs, parameters)
    if len(found) != len(inputs):
        raise ValueError("the model returned %d results for %d inputs" % (len(found), len(inputs)))
    return found


def _body(request):
    return contract.read_json(request.event, request.headers, _State.function["limits"]["payloadBytes"])


def _parameters_of(document):
    given = contract.parameters_of(document)
    if _State.parameters is None:
        return given
    try:
        return _State.parameters.read(given)
    except frameworks.InputError as error:
        raise _bad_input(error, "input")


def _bad_input(error, field):
    where = error.field
    if where.startswith("input"):
        where = field + where[len("input") :]
    return Problem("invalid-input", error.detail, field=where)


def _log_failure(error, request_id):
    """Writes type and stack of a failure to the log; its message, which may hold a user's text, only the caller gets."""
    _log(["nimbus: request %s failed" % request_id] + frames_of(error))


def _log_gateway_id(request):
    """Has the log know a request by the gateway's id too, which is all that the gateway tells where the function ends
    without an answer. Nothing else gets in: a client may choose that id.
    """
    gateway_id = (request.event.get("requestContext") or {}).get("requestId")
    if isinstance(gateway_id, str) and gateway_id != request.id and _UUID.match(gateway_id):
        _log(["nimbus: request %s is %s of the gateway" % (request.id, gateway_id)])


_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")


def _log(lines):
    text = "\n".join(lines + [""])
    try:
        sys.stderr.write(text)
    except (AttributeError, OSError, ValueError):  # the handler has closed it or put something else in its place
        os.write(2, text.encode("utf-8", "backslashreplace"))


def _start_of(event, context):
    arrived_ms = getattr(context, "arrived_ms", None)
    if arrived_ms is None:
        arrived_ms = (event.get("requestContext") or {}).get("requestTimeEpoch")
    if arrived_ms is not None and arrived_ms < _State.ready_at_ms:
        return "cold"
    if _State.answered:
        return "warm"
    return "restored" if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start" else "preinitialised"


def _names():
    return {"model": _State.function["model"], "version": _State.function["version"]}


def _card(spec, card):
    whole = dict(_names(), framework=spec["framework"], python="%d.%d.%d" % sys.version_info[:3])
    if spec.get("description"):
        whole["description"] = spec["description"]
    whole.update(card)
    if _State.parameters is not None:
        whole["parameters"] = _State.parameters.schema()
    if spec.get("madeWith"):
        whole["madeWith"] = spec["madeWith"]
    whole["examples"] = spec.get("examples") or []
    whole["limits"] = spec["limits"]
    return whole


def _round(ms):
    return round(ms, 3)


def _sentence(hint):
    return None if hint is None else hint[0].upper() + hint[1:] + "."
