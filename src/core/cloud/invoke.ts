/** A prediction of a deployment on AWS past the gateway, by Lambda's own Invoke. */
import type { InvokeCommandOutput, LambdaClient } from '@aws-sdk/client-lambda';
import { ALIAS } from '../../../infra/app/published.ts';
import type { Problem } from '../../shared/contract.ts';
import { CANCELLED } from '../../shared/outcome.ts';
import type { PlaygroundInput } from '../../shared/playground.ts';
import { proxyAnswer, proxyEvent, type ProxyAnswer } from '../host/gateway.ts';
import type { Answer } from '../invoke/predict.ts';
import { phasesOf, readAnswer } from '../invoke/request.ts';
import type { AwsConfig } from './aws.ts';
import { awsError } from './errors.ts';
import { codeOf, retryOptions, type CloudAnswer, type CloudRequestOptions } from './predict.ts';
import { invocationReport, platformLine, startOf, type InvocationReport } from './report.ts';
import { withRetries, type Again } from './retries.ts';
import { NOT_ACTIVE, waking } from './inactive.ts';

export interface InvokeQuery {
  functionName: string;
  /** Alias or version of the function. Default: `live`. */
  qualifier?: string;
}

/**
 * Past the gateway, with the right `lambda:InvokeFunction`. Tried again where the network failed and where Lambda had no room
 * or failed itself; nothing that the function did is. The kind of start is by Lambda's own figures. Never rejects.
 */
export async function predictThroughInvoke(
  config: AwsConfig,
  query: InvokeQuery,
  body: PlaygroundInput,
  options: CloudRequestOptions = {},
): Promise<CloudAnswer> {
  const { signal, timeoutMs } = options;
  const { LambdaClient } = await import('@aws-sdk/client-lambda');
  // The client's own tries would be hidden in the latency.
  const client = new LambdaClient({ ...config, maxAttempts: 1 });
  const payload = Buffer.from(JSON.stringify(body));
  try {
    const attempt = (): Promise<CloudAnswer> => {
      const late = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
      return invoke(client, config, query, payload, { signal, late });
    };
    const tried = waking(attempt, options.wake);
    const { last, retries } = await withRetries(tried, againThroughInvoke, retryOptions(options));
    return { ...last, retries };
  } finally {
    client.destroy();
  }
}

function againThroughInvoke({ status, problem, liveVersion, retryAfterMs }: CloudAnswer): Again | undefined {
  // With a version it reached the function.
  if (!problem || liveVersion !== undefined) return undefined;
  const reason = codeOf(problem);
  if (reason === NOT_ACTIVE) return undefined;
  if (reason !== 'unreachable' && status !== 429 && status !== 502 && status !== 503) return undefined;
  return { reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** What ends one try: the user, or its time. */
interface Ends {
  signal: AbortSignal | undefined;
  late: AbortSignal | undefined;
}

async function invoke(
  client: LambdaClient,
  config: AwsConfig,
  { functionName, qualifier = ALIAS }: InvokeQuery,
  payload: Buffer,
  ends: Ends,
): Promise<CloudAnswer> {
  const { InvokeCommand } = await import('@aws-sdk/client-lambda');
  const command = new InvokeCommand({
    FunctionName: functionName,
    Qualifier: qualifier,
    LogType: 'Tail',
    Payload: Buffer.from(eventOf('POST', '/predict', payload)),
  });
  const startedAt = performance.now();
  try {
    const abortSignal = AbortSignal.any([ends.signal, ends.late].filter((one) => one !== undefined));
    const output = await client.send(command, { abortSignal });
    return answerOf(output, performance.now() - startedAt);
  } catch (error) {
    return refused(error, config, performance.now() - startedAt, ends);
  }
}

/** What the gateway would make of a request. There is none here, so that its id is none that a log would name. */
export function eventOf(method: string, path: string, body: Buffer): string {
  return proxyEvent({
    method,
    path,
    query: '',
    rawHeaders: body.length === 0 ? [] : ['content-type', 'application/json'],
    body,
    arrivedMs: Date.now(),
    requestId: 'invoke',
    sourceIp: '127.0.0.1',
    stage: 'invoke',
    apiId: 'invoke',
    domainName: 'invoke',
  });
}

function answerOf(output: InvokeCommandOutput, totalMs: number): CloudAnswer {
  const { Payload: payload = new Uint8Array(), FunctionError: failed, ExecutedVersion: liveVersion = '' } = output;
  const requestId = output.$metadata.requestId ?? '';
  const lines = Buffer.from(output.LogResult ?? '', 'base64')
    .toString()
    .split('\n');
  const report = lines.map(invocationReport).findLast((one) => one !== undefined);
  const common = { retries: [], liveVersion, ...(report ? { report } : {}) };
  const proxied = failed === undefined ? proxyAnswer(Buffer.from(payload)) : undefined;
  if (!proxied) {
    const problem = functionProblem(Buffer.from(payload).toString(), lines, requestId);
    const phases = phasesOf('', 0, totalMs);
    const start = report && startOf(report, { lines, said: undefined, totalMs });
    return { ...common, status: problem.status, phases, problem, requestId, ...(start ? { start } : {}) };
  }
  const headers = headersOf(proxied);
  const answer = readAnswer({ status: proxied.status, headers }, proxied.body.toString(), 0, totalMs);
  if (!report) return { ...answer, ...common };
  const start = startOf(report, { lines, said: answer.start, totalMs });
  return { ...answer, ...common, start, phases: withInitialisation(answer, report, start === 'cold') };
}

function headersOf({ headers }: ProxyAnswer): Record<string, string> {
  return Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), String(value)]));
}

/** What of Lambda's initialisation is neither imports nor loading is Python's own start. */
function withInitialisation({ phases }: Answer, { initMs = 0 }: InvocationReport, isCold: boolean): Answer['phases'] {
  if (!isCold) return phases;
  const { importsMs, loadMs, restMs } = phases;
  const interpreterMs = Math.min(restMs, Math.max(0, initMs - importsMs - loadMs));
  return { ...phases, interpreterMs, restMs: restMs - interpreterMs };
}

const LAST_LINES = 20;

/**
 * Of a function that ended without an answer.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-retries.html and, for the types, the reports of `report.ts`
 */
function functionProblem(payload: string, lines: readonly string[], requestId: string): Problem {
  let said: { errorType?: unknown; errorMessage?: unknown } = {};
  try {
    said = (JSON.parse(payload) ?? {}) as typeof said;
  } catch {
    // Not even that.
  }
  const type = String(said.errorType ?? '');
  const message = String(said.errorMessage ?? payload.slice(0, 200));
  const lastLines = lines.filter((line) => line !== '' && !platformLine(line)).slice(-LAST_LINES);
  const [code, title, status] = kindOf(type, message);
  return {
    type: `urn:nimbus:problem:${code}`,
    title,
    status,
    detail: message === '' ? 'The function ended without an answer.' : message,
    requestId,
    next: 'Read its log.',
    ...(lastLines.length === 0 ? {} : { lastLines }),
  };
}

function kindOf(type: string, message: string): readonly [code: string, title: string, status: number] {
  if (type === 'Sandbox.Timedout' || /Task timed out/.test(message)) return ['timed-out', 'Timed out', 504];
  if (type === 'Runtime.OutOfMemory' || /signal: killed/.test(message)) return ['out-of-memory', 'Out of memory', 502];
  if (/^Runtime\.(InitError|ImportModuleError|HandlerNotFound|InvalidEntrypoint|InvalidWorkingDir)/.test(type)) {
    return ['init-failed', 'The model did not load', 502];
  }
  if (type === 'Function.ResponseSizeTooLarge') return ['payload-too-large', 'The payload is too large', 413];
  return ['worker-died', 'The worker died', 502];
}

/** By the name of Lambda's error: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors */
const REFUSALS: Record<string, readonly [code: string, title: string, status: number, next: string]> = {
  ResourceNotFoundException: ['not-found', 'Not found', 404, 'See whether it was deleted elsewhere.'],
  TooManyRequestsException: [
    'too-many-requests',
    'Too many requests',
    429,
    'Try again, or ask AWS for more concurrency.',
  ],
  RequestTooLargeException: ['payload-too-large', 'The payload is too large', 413, 'Send less at once.'],
  ResourceConflictException: ['starting', 'Not ready yet', 503, 'Wait until it is active.'],
  ResourceNotReadyException: ['starting', 'Not ready yet', 502, 'Wait until it is active.'],
  ServiceException: ['unreachable', 'AWS Lambda failed', 502, 'Try again.'],
};

function refused(error: unknown, config: AwsConfig, totalMs: number, { signal, late }: Ends): CloudAnswer {
  const { name, message, retryAfterSeconds, $metadata } = error as Error & {
    retryAfterSeconds?: string;
    $metadata?: { requestId?: string };
  };
  const requestId = $metadata?.requestId ?? '';
  const made = (code: string, title: string, status: number, detail: string, next?: string): CloudAnswer => ({
    status,
    phases: phasesOf('', 0, totalMs),
    problem: { type: `urn:nimbus:problem:${code}`, title, status, detail, requestId, ...(next ? { next } : {}) },
    retries: [],
    ...(requestId === '' ? {} : { requestId }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterMs: Number(retryAfterSeconds) * 1000 }),
  });
  if (signal?.aborted) return made(CANCELLED, 'Cancelled', 0, 'You cancelled it.');
  if (late?.aborted) return made('timed-out', 'Timed out', 0, 'AWS Lambda did not answer in time.');
  const refusal = REFUSALS[name];
  if (refusal) return made(refusal[0], refusal[1], refusal[2], message, refusal[3]);
  const known = awsError(error, config);
  if (!known) throw error;
  return made(known.code, known.what, 0, known.why ?? known.what, known.next);
}
