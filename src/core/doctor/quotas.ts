/** Limits of an account that deploys and calls run into. */
import { awsFailure } from '../cloud/errors.ts';
import type { AwsAccess } from './aws.ts';
import { foundBy, type Found } from './finding.ts';

/** AWS's own default: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const USUAL_CONCURRENCY = 1000;
/** What new accounts may give a function until AWS raises it, which no quota tells (the same page: "reduced … memory quotas"). */
export const NEW_ACCOUNT_MB = 3008;
/** https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html */
const USUAL_GATEWAY_MS = 29_000;

interface Asked {
  service: string;
  code: string;
  title: string;
  found(value: number): Found;
}

/** Codes: https://docs.aws.amazon.com/general/latest/gr/lambda-service.html and https://docs.aws.amazon.com/general/latest/gr/apigateway.html */
export const QUOTAS: readonly Asked[] = [
  { service: 'lambda', code: 'L-B99A9384', title: 'Concurrent executions of AWS Lambda', found: concurrencyFound },
  { service: 'apigateway', code: 'L-E5AE38E3', title: 'The time that API Gateway waits', found: gatewayFound },
];

export async function checkQuotas({ config }: Pick<AwsAccess, 'config'>): Promise<Found[]> {
  const { GetServiceQuotaCommand, ServiceQuotasClient } = await import('@aws-sdk/client-service-quotas');
  const client = new ServiceQuotasClient(config);
  return Promise.all(
    QUOTAS.map(async ({ service: ServiceCode, code: QuotaCode, title, found }) => {
      try {
        const { Quota } = await client.send(new GetServiceQuotaCommand({ ServiceCode, QuotaCode }));
        if (Quota?.Value !== undefined) return found(Quota.Value);
        return { state: 'unknown', what: `${title}: AWS names no value.` };
      } catch (error) {
        const failed = awsFailure(error);
        if (failed.ok) return failed.value;
        const { what, ...rest } = foundBy(failed.error, 'unknown');
        return { ...rest, what: `${title}: ${what}` };
      }
    }),
  );
}

function concurrencyFound(value: number): Found {
  const what = `${value} concurrent executions of AWS Lambda, which all functions of the region share`;
  if (value >= USUAL_CONCURRENCY) return { state: 'ok', what };
  return {
    state: 'warning',
    what,
    why:
      `The usual is ${USUAL_CONCURRENCY}: this account is new, or was limited. More requests at once are answered 429 or 503. ` +
      `New accounts may also be refused functions with more than ${NEW_ACCOUNT_MB} MB of memory.`,
    next: 'Ask for more in the console under Service Quotas, AWS Lambda; AWS raises both with use.',
  };
}

function gatewayFound(ms: number): Found {
  const what = `${ms / 1000} s that API Gateway waits for an answer`;
  if (ms >= USUAL_GATEWAY_MS) return { state: 'ok', what };
  return {
    state: 'problem',
    what,
    why: `Deployments have ${USUAL_GATEWAY_MS / 1000} s, which API Gateway refuses then.`,
    next: 'Ask for more in the console under Service Quotas, Amazon API Gateway.',
  };
}
