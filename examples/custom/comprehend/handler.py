"""A receptionist: has Amazon Comprehend say how a text sounds, or who and what it names.

`parameters`: `detect`, "sentiment" (the default) or "entities"; `language`, a code such as "de" (default "en"). Region and
credentials come from AWS's usual variables, named in `env` of models.json; no file of the model holds any.
"""

import os

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

MOST_BYTES = 5000
"""What Comprehend takes of one text, as UTF-8."""
MOST_TEXTS = 25
"""What one BatchDetect… call takes."""
LANGUAGES = "ar de en es fr hi it ja ko pt zh zh-TW".split()
TIMEOUT_SECONDS = 12.0
"""For one attempt. Two must end before the function's own limit, 29 s, so that the caller reads why."""

schema = {
    "task": "text-classification",
    "input": {"type": "string", "minLength": 1},
    "labels": ["positive", "negative", "neutral", "mixed"],
}


class Throttled(Exception):
    """More requests than the account may send."""


class NotAllowed(Exception):
    """No credentials, expired ones, or none that may ask Comprehend."""


class TimedOut(Exception):
    """No answer in time."""


class Unavailable(Exception):
    """Comprehend cannot be reached, or cannot answer now."""


def load(path):
    """Makes no call."""
    seconds = float(os.environ.get("COMPREHEND_TIMEOUT_SECONDS") or TIMEOUT_SECONDS)
    retries = {"mode": "standard", "total_max_attempts": 2}
    config = Config(connect_timeout=min(3.0, seconds), read_timeout=seconds, retries=retries)
    return boto3.client("comprehend", region_name=os.environ.get("AWS_REGION"), config=config)


def predict(model, input, parameters):
    detect, language = chosen(parameters)
    check(input)
    try:
        if detect == "sentiment":
            return sentiment(model.detect_sentiment(Text=input, LanguageCode=language))
        return entities(model.detect_entities(Text=input, LanguageCode=language))
    except (ClientError, BotoCoreError) as error:
        raise explained(error) from error


def predict_batch(model, inputs):
    """The sentiment of many texts, 25 in one call; a text that cannot be answered fails alone."""
    results = [refusal(one) for one in inputs]
    waiting = [index for index, failed in enumerate(results) if failed is None]
    for start in range(0, len(waiting), MOST_TEXTS):
        part = waiting[start : start + MOST_TEXTS]
        try:
            reply = model.batch_detect_sentiment(TextList=[inputs[index] for index in part], LanguageCode="en")
        except (ClientError, BotoCoreError) as error:
            # Not raised: the whole batch would be asked again in halves, of a service that has too much to do.
            for index in part:
                results[index] = Failed(explained(error))
            continue
        for one in reply["ResultList"]:
            results[part[one["Index"]]] = sentiment(one)
        for one in reply["ErrorList"]:
            results[part[one["Index"]]] = Failed(explained_one(one))
    return results


def chosen(parameters):
    for name in parameters:
        if name not in ("detect", "language"):
            raise InputError("parameters." + name, "There is no parameter %s: this model takes detect, language." % name)
    detect, language = parameters.get("detect", "sentiment"), parameters.get("language", "en")
    if detect not in ("sentiment", "entities"):
        raise InputError("parameters.detect", 'detect must be "sentiment" or "entities".')
    if language not in LANGUAGES:
        raise InputError("parameters.language", "language must be one of %s." % ", ".join(LANGUAGES))
    return detect, language


def check(input):
    if not isinstance(input, str) or not input.strip():
        raise InputError("input", "The input must be a text that is not empty.")
    size = len(input.encode())
    if size > MOST_BYTES:
        raise InputError("input", "The text has %d bytes as UTF-8; Comprehend takes at most %d." % (size, MOST_BYTES))


def refusal(input):
    try:
        check(input)
        return None
    except InputError as error:
        return Failed(error)


def sentiment(reply):
    scores = [{"label": name.lower(), "score": score} for name, score in reply["SentimentScore"].items()]
    return {"label": reply["Sentiment"].lower(), "scores": scores}


def entities(reply):
    """Comprehend counts characters as Nimbus does: Unicode code points."""
    found = [
        {"text": one["Text"], "label": one["Type"], "start": one["BeginOffset"], "end": one["EndOffset"], "score": one["Score"]}
        for one in reply["Entities"]
    ]
    return {"entities": found}


def explained_one(error):
    """One text of a batch that Comprehend did not answer."""
    if error["ErrorCode"] in ("TEXT_SIZE_LIMIT_EXCEEDED", "UNSUPPORTED_LANGUAGE", "INVALID_TEXT"):
        return InputError("input", "Comprehend does not take the text: %s" % error["ErrorMessage"])
    return Unavailable("Comprehend could not answer for this text (%s)." % error["ErrorCode"])


def explained(error):
    """What the caller can do about it, in the place of what the client raised."""
    if isinstance(error, (ReadTimeoutError, ConnectTimeoutError)):
        return TimedOut("Comprehend did not answer in time, twice.")
    if isinstance(error, (ConnectionError, HTTPClientError)):
        return Unavailable("Comprehend cannot be reached from here. Is there a network?")
    if not isinstance(error, ClientError):
        return NotAllowed("There are no usable AWS credentials: %s" % error)
    code = error.response["Error"]["Code"]
    if code in ("ThrottlingException", "TooManyRequestsException"):
        return Throttled("Comprehend gets more requests than this account may send. Try again in a moment.")
    if code in ("ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException", "InvalidSignatureException"):
        return NotAllowed("AWS does not take the credentials: they are wrong or have expired. Sign in again.")
    if code == "AccessDeniedException":
        return NotAllowed("The credentials do not allow what this model asks of Comprehend.")
    if code in ("TextSizeLimitExceededException", "UnsupportedLanguageException", "InvalidRequestException"):
        return InputError("input", "Comprehend does not take the text: %s" % error.response["Error"].get("Message", ""))
    return Unavailable("Comprehend answered %s." % code)
