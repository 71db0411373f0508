/** What the gateway answers without the function: the card, the health, and its own problems. */
import type { DeploymentDescription } from './description.ts';
import { jsonTemplate } from './velocity.ts';

/**
 * The version that serves, as templates name it. It is a variable of the stage, so that an update outside of the stack
 * can set it (UpdateStage, `/variables/version`) with no new deployment of the API.
 */
export const VERSION_VARIABLE = 'version';
const VERSION = `stageVariables.${VERSION_VARIABLE}`;

export function cardTemplate(card: DeploymentDescription['card']): string {
  return jsonTemplate(card, { version: VERSION });
}

export function healthTemplate({ model, framework }: Pick<DeploymentDescription, 'model' | 'framework'>): string {
  return jsonTemplate({ status: 'healthy', model, framework }, { version: VERSION });
}

export interface GatewayProblem {
  code: string;
  title: string;
  status: number;
  detail: string;
  next?: string;
}

const ROUTES = 'There are POST /predict, POST /batch, GET /health and GET /.';
const FORBIDDEN = { code: 'forbidden', title: 'Not allowed', status: 403 };
const TOO_MANY = { code: 'too-many-requests', title: 'Too many requests', status: 429 };
const NO_ANSWER = { code: 'worker-died', title: 'The worker died', status: 502 };
const NO_ROUTE = { code: 'not-found', title: 'Not found', status: 404, detail: ROUTES };
const UNSIGNED = {
  ...FORBIDDEN,
  detail: `The request is not signed, or there is no such path and method. ${ROUTES}`,
  next: 'Sign it with Signature Version 4 as a principal that may execute-api:Invoke this API.',
};

/**
 * By type of API Gateway's own responses; those types that need an authoriser or a request validator cannot occur, and
 * would be answered as DEFAULT_4XX or DEFAULT_5XX.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
 *
 * An unknown path or method is MISSING_AUTHENTICATION_TOKEN, with 403. Where requests are signed, so is one without a
 * signature, and both can only get the same answer. A function that ends without an answer (it crashed, had no memory or
 * no time left) is not told apart either: all that fails in the integration is DEFAULT_5XX, which the log explains.
 */
export function gatewayProblems(auth: DeploymentDescription['auth']): Record<string, GatewayProblem> {
  return {
    DEFAULT_4XX: {
      code: 'bad-request',
      title: 'Not an HTTP request',
      status: 400,
      detail: 'API Gateway could not take the request as it is.',
    },
    DEFAULT_5XX: {
      ...NO_ANSWER,
      detail: 'The function ended without an answer: it crashed, ran out of memory or time, or AWS Lambda had no room.',
      next: 'Read its log; it knows this request by its id.',
    },
    API_CONFIGURATION_ERROR: {
      code: 'internal-error',
      title: 'Nimbus itself failed',
      status: 500,
      detail: 'API Gateway could not make an answer of what the function returned.',
    },
    INTEGRATION_FAILURE: { ...NO_ANSWER, detail: 'API Gateway could not reach the function.' },
    INTEGRATION_TIMEOUT: {
      code: 'timed-out',
      title: 'Timed out',
      status: 504,
      detail: 'There was no answer within 29 seconds, the time that API Gateway waits.',
    },
    ACCESS_DENIED: { ...FORBIDDEN, detail: 'The caller may not use this API.' },
    WAF_FILTERED: { ...FORBIDDEN, detail: 'A rule of AWS WAF refused the request.' },
    MISSING_AUTHENTICATION_TOKEN: auth === 'iam' ? UNSIGNED : NO_ROUTE,
    RESOURCE_NOT_FOUND: NO_ROUTE,
    REQUEST_TOO_LARGE: {
      code: 'payload-too-large',
      title: 'The payload is too large',
      status: 413,
      detail: 'The request is larger than the function can get (6 MB as an event, in which a body is base64).',
      next: 'Send less at once.',
    },
    UNSUPPORTED_MEDIA_TYPE: {
      code: 'unsupported-media-type',
      title: 'Unsupported media type',
      status: 415,
      detail: 'The content type is not JSON, or the body is not compressed as its content encoding says.',
      next: 'Send content-type: application/json, or none with GET.',
    },
    THROTTLED: { ...TOO_MANY, detail: 'More requests came at once than this deployment takes.', next: 'Try again.' },
    ...(auth === 'key'
      ? {
          INVALID_API_KEY: {
            ...FORBIDDEN,
            detail: 'The API key is missing or unknown.',
            next: 'Send it as x-api-key.',
          },
          QUOTA_EXCEEDED: { ...TOO_MANY, detail: 'The quota of this API key is used up until its period ends.' },
        }
      : {}),
    ...(auth === 'iam'
      ? {
          EXPIRED_TOKEN: { ...FORBIDDEN, detail: 'The credentials that signed the request have expired.' },
          INVALID_SIGNATURE: { ...FORBIDDEN, detail: 'The signature of the request is not right.' },
        }
      : {}),
  };
}

/** Not VTL, but plain substitution of variables; so a template of VTL that only refers to one does for both. */
export function problemTemplate({ code, title, status, detail, next }: GatewayProblem): string {
  const document = { type: `urn:nimbus:problem:${code}`, title, status, detail, next };
  return jsonTemplate(document, { requestId: 'context.requestId' });
}
