/** Requests to an API that asks for signatures (`auth: iam`). */
import type { Sign } from '../invoke/request.ts';
import { ok, type Outcome } from '../../shared/outcome.ts';
import type { CloudStatus } from '../../shared/states.ts';
import { asking } from './errors.ts';
import { configOf } from './profiles.ts';

/**
 * Signature Version 4 for the service `execute-api`, by the signer that AWS's own clients have
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html,
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html). A signature counts for five
 * minutes: each request gets its own. Errors: there are no credentials.
 */
export async function signerFor(
  cloud: Pick<CloudStatus, 'account' | 'region'>,
  env: NodeJS.ProcessEnv,
): Promise<Outcome<Sign>> {
  const { region } = cloud;
  const aws = await configOf(cloud, env);
  return asking(async () => {
    // What has no credentials is told before anything is sent.
    await aws.credentials();
    const { APIGatewayClient } = await import('@aws-sdk/client-api-gateway');
    const scheme = { name: 'sigv4', signingName: 'execute-api', signingRegion: region, properties: {} };
    const signer = await new APIGatewayClient(aws).config.signer(scheme);
    return ok(async ({ method, url, body }) => {
      const { protocol, hostname, port, host, pathname, searchParams } = new URL(url);
      const signed = await signer.sign({
        method,
        protocol,
        hostname,
        ...(port === '' ? {} : { port: Number(port) }),
        path: pathname,
        query: Object.fromEntries(searchParams),
        headers: { host, ...(body ? { 'content-type': 'application/json' } : {}) },
        body,
      });
      return signed.headers;
    });
  }, aws);
}
