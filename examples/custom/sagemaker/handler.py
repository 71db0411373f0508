"""A receptionist: checks the text, asks a text classifier behind a SageMaker endpoint, and says what it answered.

It wants SAGEMAKER_ENDPOINT, the endpoint's name, in `env` of models.json, and AWS's usual variables there for region and
credentials (AWS_REGION, AWS_PROFILE, …); no file of the model holds any. The endpoint speaks as the containers of Hugging
Face do: {"inputs": text} in, [{"label", "score"}] out.
"""

import json
import os
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    ConnectTimeoutError,
    HTTPClientError,
    ReadTimeoutError,
)
from nimbus_runtime.frameworks import Failed, InputError

MOST_CHARACTERS = 5000
AT_ONCE = 8
"""Requests of a batch under way at once; the endpoint's instances decide what pays."""
TIMEOUT_SECONDS = 12.0
"""For one attempt. Two must end before the function's own limit, 29 s, so that the caller reads why."""

schema = {
    "task": "text-classification",
    "input": {"type": "string", "minLength": 1, "maxLength": MOST_CHARACTERS},
    "output": {"type": "object", "properties": {"label": {"type": "string"}, "scores": {"type": "array"}}},
}


class Throttled(Exception):
    """More requests than the account or the endpoint takes."""


class ModelFailed(Exception):
    """The model on the endpoint raised, or answered something else."""


class EndpointMissing(Exception):
    """No such endpoint in this account and region."""


class NotAllowed(Exception):
    """No credentials, expired ones, or none that may invoke the endpoint."""


class TimedOut(Exception):
    """No answer in time."""


class Unavailable(Exception):
    """SageMaker cannot be reached, or cannot answer now."""


class Endpoint:
    def __init__(self, name, client):
        self.name = name
        self.client = client


def load(path):
    """Makes no call: the first request tells whether the endpoint is there."""
    name = os.environ.get("SAGEMAKER_ENDPOINT")
    if not name:
        raise RuntimeError('SAGEMAKER_ENDPOINT is not set. Name it in "env" of models.json, and set it.')
    seconds = float(os.environ.get("SAGEMAKER_TIMEOUT_SECONDS") or TIMEOUT_SECONDS)
    config = Config(
        connect_timeout=min(3.0, seconds),
        read_timeout=seconds,
        retries={"mode": "standard", "total_max_attempts": 2},
        max_pool_connections=AT_ONCE,
    )
    return Endpoint(name, boto3.client("sagemaker-runtime", region_name=os.environ.get("AWS_REGION"), config=config))


def predict(model, input):
    check(input)
    return ask(model, input)


def predict_batch(model, inputs):
    """InvokeEndpoint takes one request, so several are under way at once; each fails alone."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda input: outcome(model, input), inputs))


def outcome(model, input):
    try:
        return predict(model, input)
    except Exception as error:
        return Failed(error)


def check(input):
    if not isinstance(input, str) or not input.strip():
        raise InputError("input", "The input must be a text that is not empty.")
    if len(input) > MOST_CHARACTERS:
        raise InputError("input", "The text has %d characters; at most %d are taken." % (len(input), MOST_CHARACTERS))


def ask(model, text):
    try:
        reply = model.client.invoke_endpoint(
            EndpointName=model.name,
            ContentType="application/json",
            Accept="application/json",
            Body=json.dumps({"inputs": text}).encode(),
        )
        body = reply["Body"].read()
    except (ClientError, BotoCoreError) as error:
        raise explained(model, error) from error
    return answer_of(model, body)


def answer_of(model, body):
    try:
        scores = [{"label": str(one["label"]), "score": float(one["score"])} for one in json.loads(body)]
        return {"label": max(scores, key=lambda one: one["score"])["label"], "scores": scores}
    except (ValueError, TypeError, KeyError):
        raise ModelFailed("%s did not answer a list of label and score." % model.name) from None


def explained(model, error):
    """What the caller can do about it, in the place of what the client raised."""
    if isinstance(error, (ReadTimeoutError, ConnectTimeoutError)):
        return TimedOut("%s did not answer in time, twice." % model.name)
    if isinstance(error, (ConnectionError, HTTPClientError)):
        return Unavailable("SageMaker cannot be reached from here. Is there a network?")
    if not isinstance(error, ClientError):
        return NotAllowed("There are no usable AWS credentials: %s" % error)
    code = error.response["Error"]["Code"]
    message = error.response["Error"].get("Message", "")
    if code in ("ThrottlingException", "TooManyRequestsException"):
        return Throttled("%s gets more requests than it takes. Try again in a moment." % model.name)
    if code == "ModelError":
        status = error.response.get("OriginalStatusCode", "no")
        return ModelFailed("The model behind %s failed with status %s; CloudWatch has its log." % (model.name, status))
    if code == "ValidationError" and "not found" in message:
        return EndpointMissing("There is no endpoint %s in %s." % (model.name, model.client.meta.region_name))
    if code in ("ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException", "InvalidSignatureException"):
        return NotAllowed("AWS does not take the credentials: they are wrong or have expired. Sign in again.")
    if code == "AccessDeniedException":
        return NotAllowed("The credentials do not allow sagemaker:InvokeEndpoint on %s." % model.name)
    return Unavailable("SageMaker answered %s: %s" % (code, message))
