/** The API Gateway REST-proxy (v1) event and its answer: what a handler behind API Gateway gets and returns on Lambda. */
import { isUtf8 } from 'node:buffer';

export interface HttpCall {
  method: string;
  /** Below the endpoint, with a leading slash: `/predict`. */
  path: string;
  /** Without the question mark. */
  query: string;
  /** Name and value in turn, as they came. */
  rawHeaders: readonly string[];
  body: Buffer;
  /** Milliseconds since the epoch. */
  arrivedMs: number;
  requestId: string;
  sourceIp: string;
  /** The deployment's name stands for API Gateway's stage. */
  stage: string;
  /** Identity of the API and of its domain: the project's id and the host's address. */
  apiId: string;
  domainName: string;
}

const TEXT = /^(?:text\/|application\/(?:json|xml|javascript|x-www-form-urlencoded|[\w.+-]+\+(?:json|xml))\b)/i;

/** The event of a `/predict` request that Nimbus itself makes, for nobody's client. `stage`: the deployment's name. */
export function exampleEvent(
  body: { input: unknown; parameters?: Record<string, unknown> },
  { requestId, arrivedMs, stage }: Pick<HttpCall, 'requestId' | 'arrivedMs' | 'stage'>,
): string {
  return proxyEvent({
    method: 'POST',
    path: '/predict',
    query: '',
    rawHeaders: ['Content-Type', 'application/json'],
    body: Buffer.from(JSON.stringify(body)),
    arrivedMs,
    requestId,
    sourceIp: '127.0.0.1',
    stage,
    apiId: 'example',
    domainName: 'localhost',
  });
}

/** The event as JSON. Bodies that are not text, or are compressed, are base64, as API Gateway does for `*\/*`. */
export function proxyEvent(call: HttpCall): string {
  const headers = named<string>();
  const multiValueHeaders = named<string[]>();
  let contentType = '';
  let userAgent: string | null = null;
  let encoded = false;
  const { rawHeaders } = call;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    const value = rawHeaders[index + 1]!;
    headers[name] = value;
    (multiValueHeaders[name] ??= []).push(value);
    switch (name.toLowerCase()) {
      case 'content-type':
        contentType = value;
        break;
      case 'content-encoding':
        encoded ||= value.toLowerCase() !== 'identity';
        break;
      case 'user-agent':
        userAgent = value;
        break;
      default:
    }
  }
  const text = !encoded && (contentType === '' || TEXT.test(contentType)) && isUtf8(call.body);
  const query = queryParameters(call.query);
  return JSON.stringify({
    resource: call.path,
    path: call.path,
    httpMethod: call.method,
    headers,
    multiValueHeaders,
    queryStringParameters: query && query.last,
    multiValueQueryStringParameters: query && query.all,
    pathParameters: null,
    stageVariables: null,
    requestContext: {
      accountId: '000000000000',
      apiId: call.apiId,
      domainName: call.domainName,
      domainPrefix: call.apiId,
      extendedRequestId: call.requestId,
      httpMethod: call.method,
      identity: {
        accessKey: null,
        accountId: null,
        caller: null,
        cognitoAuthenticationProvider: null,
        cognitoAuthenticationType: null,
        cognitoIdentityId: null,
        cognitoIdentityPoolId: null,
        principalOrgId: null,
        sourceIp: call.sourceIp,
        user: null,
        userAgent,
        userArn: null,
      },
      path: `/${call.stage}${call.path}`,
      protocol: 'HTTP/1.1',
      requestId: call.requestId,
      requestTime: requestTime(call.arrivedMs),
      requestTimeEpoch: call.arrivedMs,
      resourceId: call.path,
      resourcePath: call.path,
      stage: call.stage,
    },
    body: call.body.length === 0 ? null : call.body.toString(text ? 'utf8' : 'base64'),
    isBase64Encoded: call.body.length > 0 && !text,
  });
}

/** Without a prototype: a header may be called `constructor`. */
function named<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>;
}

function queryParameters(query: string): { last: Record<string, string>; all: Record<string, string[]> } | null {
  if (query === '') return null;
  const last = named<string>();
  const all = named<string[]>();
  for (const [name, value] of new URLSearchParams(query)) {
    last[name] = value;
    (all[name] ??= []).push(value);
  }
  return { last, all };
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `09/Apr/2026:12:34:56 +0000`. */
function requestTime(epochMs: number): string {
  const date = new Date(epochMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}`;
  return `${day}:${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
}

export interface ProxyAnswer {
  status: number;
  headers: [string, string | string[]][];
  body: Buffer;
}

/** Reads what the handler returned; undefined where it is no proxy answer. */
export function proxyAnswer(payload: Buffer): ProxyAnswer | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(payload.toString());
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const { statusCode, headers, multiValueHeaders, body, isBase64Encoded } = parsed as Record<string, unknown>;
  if (!Number.isInteger(statusCode) || (statusCode as number) < 200 || (statusCode as number) > 599) return undefined;
  if (body !== undefined && body !== null && typeof body !== 'string') return undefined;
  return {
    status: statusCode as number,
    headers: [
      ...Object.entries((headers ?? {}) as object).map(([name, value]): [string, string] => [name, String(value)]),
      ...Object.entries((multiValueHeaders ?? {}) as object).map(([name, values]): [string, string[]] => [
        name,
        (values as unknown[]).map(String),
      ]),
    ],
    body: Buffer.from((body as string | null) ?? '', isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}
