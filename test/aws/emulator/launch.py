"""Starts ministack, an emulator of AWS, on the port of GATEWAY_PORT, made stricter where it is laxer than AWS.

Without what is patched here, tests would pass that fail on AWS: an image that was never pushed, an OCI index, a limit
that no function has. RUNTIME_INTERFACE_EMULATOR is the path of the program that answers invocations in a container.
"""

import asyncio
import contextvars
import json
import os
import re
import time

from docker.models.containers import ContainerCollection
from ministack.core.responses import error_response_json
from ministack.services import apigateway_v1, ecr, lambda_svc
from ministack.services.cloudformation import _stacks, changesets, handlers, provisioners, stacks

LOCAL = f"localhost:{os.environ['GATEWAY_PORT']}"
EMULATOR = os.environ["RUNTIME_INTERFACE_EMULATOR"]
EMULATOR_IN_CONTAINER = "/aws-lambda/aws-lambda-rie"
# Of new accounts 3,008: https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-deployment.html
MOST_MEMORY = int(os.environ.get("MOST_MEMORY", 10240))
# One vCPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
MEGABYTES_PER_CPU = 1769
IMAGE = re.compile(
    r"^(?:\d{12}\.dkr\.ecr\.[a-z0-9-]+\.(?:amazonaws\.com(?:\.cn)?|localhost)|localhost:\d+)/"
    r"(?P<repository>[^@:]+)(?:@(?P<digest>sha256:[0-9a-f]{64})|:(?P<tag>[\w.-]+))?$"
)


def changed(answer, change):
    """An answer of the emulator with another body."""
    status, headers, body = answer
    if status != 200:
        return answer
    document = json.loads(body)
    change(document)
    headers = {name: value for name, value in headers.items() if name.lower() != "content-length"}
    return status, headers, json.dumps(document).encode()


def wrap(holder, name):
    """Puts a function in the place of `holder.name`, which it gets as its first argument."""

    def decorate(function):
        before = getattr(holder, name)
        setattr(holder, name, lambda *arguments, **named: function(before, *arguments, **named))
        return function

    return decorate


# The repository is the emulator's own registry, which an engine on this machine reaches without TLS.
ecr._repo_uri = lambda name: f"{LOCAL}/{name}"


@wrap(ecr, "_get_authorization_token")
def get_authorization_token(before, data):
    def change(document):
        document["authorizationData"][0]["proxyEndpoint"] = f"http://{LOCAL}"

    return changed(before(data), change)


@wrap(ecr, "_describe_images")
def describe_images(before, data):
    """Fails for an image that is not there, as AWS does: who asks whether to push would push nothing otherwise."""
    repository = data.get("repositoryName", "")
    for image in data.get("imageIds") or []:
        if repository in ecr._repositories and not ecr._find_image(repository, image):
            what = f"The image with imageId {json.dumps(image)} does not exist within the repository with name '{repository}'"
            return error_response_json("ImageNotFoundException", what, 400)

    def change(document):
        for image in document["imageDetails"]:
            manifest = json.loads(ecr._manifest_blobs[repository][image["imageDigest"]])
            image["imageSizeInBytes"] = sum(layer["size"] for layer in manifest.get("layers", []))

    return changed(before(data), change)


@wrap(ecr, "_batch_delete_image")
def batch_delete_image(before, data):
    """A tag goes by itself, an image with the last of its tags; the emulator would remove the image of any tag.
    https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchDeleteImage.html
    """
    repository = data.get("repositoryName", "")
    untagged, rest = [], []
    for wanted in data.get("imageIds") or []:
        tag, image = wanted.get("imageTag"), ecr._find_image(repository, wanted)
        if image and tag and not wanted.get("imageDigest") and len(image["imageTags"]) > 1:
            image["imageTags"].remove(tag)
            image["imageId"]["imageTag"] = image["imageTags"][-1]
            untagged.append({"imageTag": tag, "imageDigest": image["imageDigest"]})
        else:
            rest.append(wanted)
    return changed(before({**data, "imageIds": rest}), lambda document: document["imageIds"].extend(untagged))


@wrap(ecr, "_batch_check_layer_availability")
def batch_check_layer_availability(before, data):
    """Says of a layer that was pushed that it is there, which the emulator says of none."""

    def change(document):
        blobs = ecr._layer_blobs.get(data["repositoryName"], {})
        for layer in document["layers"]:
            blob = blobs.get(layer["layerDigest"])
            if blob is not None:
                layer.update(layerAvailability="AVAILABLE", layerSize=len(blob))

    return changed(before(data), change)


def resolve(uri):
    """The digest of an image that a function may have, or why it may not: (digest, None) or (None, reason)."""
    named = IMAGE.match(uri or "")
    if not named:
        return None, f"Source image {uri} is not valid. Provide a valid source image."
    wanted = {"imageDigest": named["digest"]} if named["digest"] else {"imageTag": named["tag"] or "latest"}
    image = ecr._find_image(named["repository"], wanted)
    if not image:
        return None, f"Source image {uri} does not exist. Provide a valid source image."
    kind = (image.get("imageManifestMediaType") or "").split(";")[0]
    if "index" in kind or "manifest.list" in kind:
        what = "The image manifest, config or layer media type for the source image"
        return None, f"{what} {uri} is not supported."
    return image["imageDigest"], None


def refusal(uri, memory):
    """Why AWS would not have a function like this."""
    if memory is not None and not 128 <= int(memory) <= MOST_MEMORY:
        return f"'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to {MOST_MEMORY}"
    return resolve(uri)[1] if uri else None


def refused(what):
    return error_response_json("InvalidParameterValueException", what, 400)


def stamp(name):
    """A function's CodeSha256 is the digest of its image."""
    config = (lambda_svc._functions.get(name) or {}).get("config", {})
    digest, _ = resolve(config.get("ImageUri"))
    if digest:
        config["CodeSha256"] = digest.split(":")[1]


by_cloudformation = contextvars.ContextVar("by_cloudformation", default=False)
"""CloudFormation waits after each of its calls until the function is ready for the next, which the emulator's does not."""
# What of a function's configuration is no part of what a version holds.
MOVING = re.compile(r"^(RevisionId|LastModified|State.*|LastUpdateStatus.*|ImageUri)$")


def conflict(name):
    """Why AWS would not change or publish a function now: https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html"""
    config = (lambda_svc._functions.get(name) or {}).get("config", {})
    if by_cloudformation.get() or config.get("LastUpdateStatus") != "InProgress":
        return None
    what = "The operation cannot be performed at this time. An update is in progress for resource"
    return error_response_json("ResourceConflictException", f"{what}: {config['FunctionArn']}", 409)


def held(config):
    """What a version of this function would hold."""
    return json.dumps({name: value for name, value in config.items() if not MOVING.match(name)}, sort_keys=True, default=str)


def compare(name):
    """AWS publishes nothing where neither code nor configuration differ from the version that was published last: the
    emulator compares how often both were written, not what was.
    https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html
    """
    function = lambda_svc._functions.get(name) or {}
    latest = max(function.get("versions", {}), key=int, default=None)
    if latest and function.get("published") == (latest, held(function["config"])):
        function["versions"][latest]["function_revision"] = function["config"]["RevisionId"]


@wrap(lambda_svc, "_create_function")
def create_function(before, data):
    what = refusal(data.get("Code", {}).get("ImageUri"), data.get("MemorySize"))
    if what:
        return refused(what)
    answer = before(data)
    stamp(data.get("FunctionName"))
    return answer


@wrap(lambda_svc, "_update_code")
def update_code(before, name, data):
    what = refusal(data.get("ImageUri"), None)
    if what:
        return refused(what)
    answer = conflict(name) or before(name, data)
    stamp(name)
    compare(name)
    return answer


@wrap(lambda_svc, "_update_config")
def update_config(before, name, data):
    what = refusal(None, data.get("MemorySize"))
    if what:
        return refused(what)
    answer = conflict(name) or before(name, data)
    compare(name)
    return answer


@wrap(lambda_svc, "_publish_version")
def publish_version(before, name, data):
    """Not during an update, and only of the code that the caller knows."""
    config = (lambda_svc._functions.get(name) or {}).get("config", {})
    wanted, current = data.get("CodeSha256"), config.get("CodeSha256")
    if wanted and wanted != current:
        return refused(f"CodeSHA256 ({wanted}) is different from current CodeSHA256 in $LATEST ({current}).")
    answer = conflict(name) or before(name, data)
    if answer[0] == 201:
        lambda_svc._functions[name]["published"] = (json.loads(answer[2])["Version"], held(config))
    return answer


@wrap(lambda_svc, "_update_alias")
def update_alias(before, name, alias, data):
    """An alias is of a version that is there."""
    version, function = data.get("FunctionVersion", "$LATEST"), lambda_svc._functions.get(name)
    if function and version != "$LATEST" and version not in function["versions"]:
        return error_response_json("ResourceNotFoundException", f"Function not found: {lambda_svc._func_arn(name)}:{version}", 404)
    return before(name, alias, data)


@wrap(lambda_svc, "_get_function")
def get_function(before, name, qualifier=None):
    def change(document):
        code = document.get("Code", {})
        digest, _ = resolve(code.get("ImageUri"))
        if digest:
            code["ResolvedImageUri"] = re.sub(r"(@|:[\w.-]+$).*", "", code["ImageUri"]) + "@" + digest

    return changed(before(name, qualifier), change)


def checked(properties):
    what = refusal(properties.get("Code", {}).get("ImageUri"), properties.get("MemorySize"))
    if what:
        raise ValueError(
            f'Resource handler returned message: "{what} (Service: Lambda, Status Code: 400)" (HandlerErrorCode: InvalidRequest)'
        )


# CloudFormation makes functions past the API above.
function_resource = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
create_resource, update_resource = function_resource["create"], function_resource["update"]


def waits(name):
    """When CloudFormation goes on to the next resource the function is ready."""
    lambda_svc._functions[name]["config"].update(State="Active", LastUpdateStatus="Successful")


def create_checked(logical_id, properties, stack):
    checked(properties)
    made = create_resource(logical_id, properties, stack)
    stamp(made[0])
    waits(made[0])
    return made


def update_checked(physical_id, old, new, stack, logical_id=None):
    checked(new)
    token = by_cloudformation.set(True)
    try:
        made = update_resource(physical_id, old, new, stack, logical_id=logical_id)
    finally:
        by_cloudformation.reset(token)
    stamp(made[0])
    waits(made[0])
    return made


function_resource["create"], function_resource["update"] = create_checked, update_checked


storage = contextvars.ContextVar("storage", default=512)
"""Megabytes of /tmp of the function whose container is started."""


@wrap(lambda_svc, "_spawn_lambda_container")
def spawn_lambda_container(before, config, *arguments, **named):
    """Runs the image by its digest from the emulator's registry, behind the runtime interface emulator."""
    storage.set(int((config.get("EphemeralStorage") or {}).get("Size", 512)))
    uri = config.get("ImageUri")
    if uri:
        digest, what = resolve(uri)
        if what:
            raise RuntimeError(what)
        reference = f"{LOCAL}/{IMAGE.match(uri)['repository']}@{digest}"
        image = lambda_svc._get_docker_client().images.pull(reference)
        given = dict((config.get("ImageConfigResponse") or {}).get("ImageConfig") or {})
        of_image = image.attrs["Config"]
        entrypoint = given.get("EntryPoint") or of_image.get("Entrypoint") or []
        # AWS's own entrypoint starts its own emulator, unless there is one already.
        given["EntryPoint"] = [EMULATOR_IN_CONTAINER, *entrypoint]
        given["Command"] = given.get("Command") or of_image.get("Cmd") or []
        config = {**config, "ImageUri": reference, "ImageConfigResponse": {"ImageConfig": given}}
    return before(config, *arguments, **named)


@wrap(ContainerCollection, "run")
def run(before, collection, image, *arguments, **named):
    """A function's container has the limits that AWS gives it."""
    environment = named.get("environment") or {}
    if "AWS_LAMBDA_FUNCTION_MEMORY_SIZE" in environment:
        memory = int(environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"])
        named.update(
            mem_limit=f"{memory}m",
            memswap_limit=f"{memory}m",
            nano_cpus=max(int(memory / MEGABYTES_PER_CPU * 1e9), 50_000_000),
            read_only=True,
            tmpfs={"/tmp": f"size={storage.get()}m"},
        )
        named.setdefault("volumes", {})[EMULATOR] = {"bind": EMULATOR_IN_CONTAINER, "mode": "ro"}
    return before(collection, image, *arguments, **named)


@wrap(lambda_svc, "_warm_pool_key")
def warm_pool_key(before, name, config):
    """Each version of a function has environments of its own, also where another has the same image."""
    return f"{before(name, config)}:{config.get('Version', '$LATEST')}"


STARTED = re.compile(r"^START RequestId: (\S+)", re.MULTILINE)
REPORTED = re.compile(r"^REPORT RequestId: ", re.MULTILINE)
# What is written to a container's log is read from the engine a moment later.
REPORT_SECONDS = 5


@wrap(lambda_svc, "_invoke_rie")
def invoke_rie(before, container, *arguments, **named):
    """The log of an invocation ends with its report."""
    began = time.time()
    result = before(container, *arguments, **named)
    answered = time.time()
    while not result.get("error") and time.time() < answered + REPORT_SECONDS:
        log = container.logs(since=began).decode(errors="replace").strip()
        if REPORTED.search(log):
            result["log"] = log
            break
        time.sleep(0.01)
    return result


@wrap(lambda_svc, "_emit_lambda_logs")
def emit_lambda_logs(before, func, request_id, log_text, *arguments, **named):
    """The log knows a request by the id that the function gets, which is that of what runs its image, and the version."""
    started = STARTED.search(log_text or "")
    version = (func.get("config") or func).get("Version", "$LATEST")
    text = (log_text or "").replace("Version: $LATEST", f"Version: {version}")
    before(func, started[1] if started else request_id, text, *arguments, **named)


# It would ask the engine for a second of statistics after each invocation.
lambda_svc._probe_peak_memory_mb = lambda _function: 0

deploying = {}
"""By the id of a stack what makes it or updates it."""
deleting = set()
"""Names of stacks that wait for that to stop, to be deleted."""


def slow_seconds():
    with open(os.environ["SLOW_FILE"]) as file:
        return float(file.read())


@wrap(stacks, "run_reentrant")
async def run_reentrant(before, *arguments, **named):
    """A resource takes the seconds that the file SLOW_FILE holds at each moment: else nothing could be cancelled halfway."""
    begun = time.monotonic()
    while time.monotonic() - begun < slow_seconds():
        await asyncio.sleep(0.02)
    if arguments[0] is stacks._provision_keeping_seed and arguments[-1] in deleting:
        raise asyncio.CancelledError
    return await before(*arguments, **named)


async def deploy_stack(before, stack_name, stack_id, *arguments, **named):
    # The emulator would tell what it has made only when all of it is made.
    _stacks[stack_name].setdefault("_resources", {})
    deploying[stack_id] = asyncio.current_task()
    try:
        return await before(stack_name, stack_id, *arguments, **named)
    finally:
        deploying.pop(stack_id, None)


# Stacks are made from both.
wrap(handlers, "_deploy_stack_async")(deploy_stack)
wrap(changesets, "_deploy_stack_async")(deploy_stack)


@wrap(handlers, "_delete_stack_async")
async def delete_stack(before, stack_name, stack_id, *arguments, **named):
    """A stack that is deleted while it is made stops being made first: the emulator would go on, and leave it all behind."""
    if stack_id in deploying:
        deleting.add(stack_name)
        await asyncio.wait([deploying[stack_id]])
        deleting.discard(stack_name)
    return await before(stack_name, stack_id, *arguments, **named)


# Of resources that are made in no time, too.
stacks._runs_on_worker_thread = lambda _resource_type: True

# Answers of the gateway itself are templates, which the emulator hands out as they are.
requested = contextvars.ContextVar("requested")


@wrap(apigateway_v1, "_execute_in_scope")
async def execute(before, request, *arguments, **named):
    requested.set(request)
    return await before(request, *arguments, **named)


@wrap(apigateway_v1, "_invoke_mock_v1")
def answer_itself(before, integration):
    status, headers, body = before(integration)
    request = requested.get()
    values = {"context.requestId": request["request_id"]}
    for name, value in (request["stage"].get("variables") or {}).items():
        values[f"stageVariables.{name}"] = value
    headers = {name: values.get(value, value) for name, value in headers.items()}
    rendered = re.sub(rb"\$([\w.]+)", lambda found: values.get(found[1].decode(), "").encode(), body)
    return status, headers, rendered


if __name__ == "__main__":
    from ministack.app import main

    main()
