/** Lambda's own `Invoke`, so that the AWS CLI and SDKs work against the host with an endpoint override. */
import { PAYLOAD_BYTES } from '../../shared/contract.ts';
import { keyText } from '../../shared/spec.ts';
import { functionName } from '../models/function-name.ts';
import { readBody } from './body.ts';
import { serverTiming, submit, type Call, type Endpoint } from './call.ts';
import type { Failure } from './problems.ts';
import type { Served } from './scheduler.ts';

export const INVOKE_PATH = '/2015-03-31/functions/';

/** Answers `POST /2015-03-31/functions/<name, ARN or name:qualifier>/invocations` as Lambda does. */
export async function answerInvoke(call: Call, endpoints: Endpoint[]): Promise<void> {
  const { request, response } = call;
  response.setHeader('x-amzn-requestid', call.requestId);
  const found = /^\/2015-03-31\/functions\/([^/]+)\/invocations\/?$/.exec(call.path);
  if (!found || request.method !== 'POST') return refuse(call, 404, 'UnknownOperationException', 'Unknown operation.');
  const name = plainName(found[1]!);
  const [endpoint, other] = endpoints.filter((one) => functionName(one) === name);
  if (!endpoint) return refuse(call, 404, 'ResourceNotFoundException', `Function not found: ${name.slice(0, 200)}`);
  // Deploying refuses this; a models.json that was edited by hand may hold it all the same.
  if (other) {
    const message = `${name} is both ${keyText(endpoint)} and ${keyText(other)}: rename one of them.`;
    return refuse(call, 409, 'ResourceConflictException', message);
  }
  const failure = endpoint.unavailable ?? endpoint.pool.refusal;
  if (failure) return refuseFailure(call, failure);
  const read = await readBody(call, PAYLOAD_BYTES);
  if (!read) return;
  if ('failure' in read) return refuse(call, 413, 'RequestTooLargeException', read.failure.detail);
  // An empty payload is an empty event, as the AWS CLI sends it without --payload.
  const payload = read.body.length === 0 ? Buffer.from('{}') : read.body;
  if (!isJson(payload)) {
    return refuse(call, 400, 'InvalidRequestContentException', 'Could not parse request body into json.');
  }
  switch (request.headers['x-amz-invocation-type'] ?? 'RequestResponse') {
    case 'DryRun':
      return answer(call, 204, Buffer.alloc(0));
    case 'Event': {
      const { requestId: id, arrivedMs, arrivedAt } = call;
      endpoint.pool.submit({ id, payload, arrivedMs, arrivedAt }, () => undefined);
      return answer(call, 202, Buffer.alloc(0));
    }
    case 'RequestResponse':
      return submit(call, endpoint, payload, (served) => answerServed(call, served));
    default:
      return refuse(call, 400, 'InvalidParameterValueException', 'Unknown X-Amz-Invocation-Type.');
  }
}

function plainName(segment: string): string {
  let decoded = segment;
  try {
    decoded = decodeURIComponent(segment);
  } catch {
    // Not encoded: taken as it is.
  }
  const arn = /^arn:[^:]*:lambda:[^:]*:[^:]*:function:([^:]+)/.exec(decoded);
  return arn?.[1] ?? decoded.split(':')[0]!;
}

function isJson(payload: Buffer): boolean {
  try {
    JSON.parse(payload.toString());
    return true;
  } catch {
    return false;
  }
}

function answerServed(call: Call, served: Served): void {
  const { response, requestId } = call;
  const { answer: given } = served;
  response.setHeader('server-timing', serverTiming(served.phases, call.arrivedAt));
  if (given.kind === 'result') {
    if (given.payload.length <= PAYLOAD_BYTES) return answer(call, 200, given.payload);
    return answerFunctionError(call, {
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: `Response payload size (${given.payload.length} bytes) exceeded maximum allowed payload size (${PAYLOAD_BYTES} bytes).`,
    });
  }
  if (given.kind === 'error') {
    response.setHeader('x-amz-function-error', 'Unhandled');
    return answer(call, 200, given.payload);
  }
  const { failure } = given;
  const said = `RequestId: ${requestId} Error: ${failure.detail}`;
  switch (failure.code) {
    case 'timed-out':
      return answerFunctionError(call, { errorType: 'Sandbox.Timedout', errorMessage: said });
    case 'out-of-memory':
      return answerFunctionError(call, { errorType: 'Runtime.OutOfMemory', errorMessage: said });
    case 'worker-died':
      return answerFunctionError(call, { errorType: 'Runtime.ExitError', errorMessage: said });
    case 'init-failed':
      return answerFunctionError(call, { errorType: 'Runtime.InitError', errorMessage: said });
    default:
      return refuseFailure(call, failure);
  }
}

function refuseFailure(call: Call, failure: Failure): void {
  if (failure.code === 'too-many-requests') return refuse(call, 429, 'TooManyRequestsException', failure.detail);
  return refuse(call, 502, 'ResourceNotReadyException', failure.detail);
}

function answerFunctionError(call: Call, error: { errorType: string; errorMessage: string }): void {
  call.response.setHeader('x-amz-function-error', 'Unhandled');
  answer(call, 200, Buffer.from(JSON.stringify(error)));
}

function refuse(call: Call, status: number, type: string, message: string): void {
  call.response.setHeader('x-amzn-errortype', type);
  answer(call, status, Buffer.from(JSON.stringify({ Type: status < 500 ? 'User' : 'Service', Message: message })));
}

function answer({ response }: Call, status: number, body: Buffer): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(status === 204 ? {} : { 'content-length': body.length }),
    'x-amz-executed-version': '$LATEST',
  });
  response.end(body);
}
