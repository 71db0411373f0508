/** A deployer whose events can be waited for, outcomes, and calls of AWS for which the tests have no client. */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { CloudFormationClient, paginateDescribeStacks } from '@aws-sdk/client-cloudformation';
import type { DeployerApi, DeployerEvent, Ended, Stage } from '../../infra/deployer/protocol.ts';
import { startDeployer } from '../../src/core/cloud/deployer.ts';

/** Of the emulator's credentials. */
export const ACCOUNT = '000000000000';
const PROGRAM = fileURLToPath(new URL('../../infra/deployer/main.ts', import.meta.url));

export interface TestDeployer {
  api: DeployerApi;
  /** Since the last call of `clear`. */
  events: DeployerEvent[];
  clear(): void;
  /** Whether any event ever, as JSON, had this text in it. */
  told(text: string): boolean;
  /** Resolves once there is an event like this. */
  until(wanted: (event: DeployerEvent) => boolean): Promise<void>;
  stages(): Stage[];
  kill(): Promise<void>;
}

/** What the AWS clients are given. */
export interface Reached {
  endpoint?: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
}

/** The same, as a process has it in its environment. */
export function variablesOf({ endpoint, region, credentials }: Reached): Record<string, string> {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  return {
    ...(endpoint ? { AWS_ENDPOINT_URL: endpoint } : {}),
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    ...(sessionToken ? { AWS_SESSION_TOKEN: sessionToken } : {}),
  };
}

export async function deployerOn({ client: to }: { client: Reached }, program = PROGRAM): Promise<TestDeployer> {
  let wake = (): void => undefined;
  const events: DeployerEvent[] = [];
  const all: DeployerEvent[] = [];
  const client = await startDeployer({
    program,
    // A profile of who runs the tests would count before keys.
    env: {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'))),
      ...variablesOf(to),
    },
    onEvent: (event) => {
      events.push(event);
      all.push(event);
      wake();
    },
  });
  return {
    api: client.api,
    events,
    clear: () => void events.splice(0),
    told: (text) => JSON.stringify(all).includes(text),
    until: async (wanted) => {
      while (!events.some(wanted)) await new Promise<void>((resolve) => (wake = resolve));
    },
    stages: () => events.flatMap((event) => (event.kind === 'stage' ? [event.stage] : [])),
    kill: () => client.kill(),
  };
}

/** What has so many resources ready. */
export function ready(resources: number): (event: DeployerEvent) => boolean {
  return (event) => event.kind === 'progress' && event.done >= resources;
}

type Either<T, E> = { ok: true; value: T } | { ok: false; error: E };

export function failed<E>(outcome: Either<unknown, E>): E {
  if (outcome.ok) assert.fail(JSON.stringify(outcome));
  return outcome.error;
}

export function done<T>(outcome: Either<T, unknown>): T {
  if (!outcome.ok) assert.fail(JSON.stringify(outcome.error, undefined, 2));
  return outcome.value;
}

/** The outputs of a stack that was deployed. */
export function deployed(outcome: Either<Ended, unknown>): Record<string, string> {
  const ended = done(outcome);
  if (ended.state !== 'deployed') assert.fail(JSON.stringify(ended));
  return ended.outputs;
}

/** Of all stacks that there are, sorted. */
export async function stackNamesOf(client: Reached): Promise<string[]> {
  const names: string[] = [];
  const pages = paginateDescribeStacks({ client: new CloudFormationClient(client) }, {});
  for await (const { Stacks: stacks = [] } of pages) names.push(...stacks.map(({ StackName: name }) => name!));
  return names.toSorted();
}

/** GET of a REST service, which the emulator tells from the signature's scope. */
export async function getJson(emulator: Emulated, service: string, path: string): Promise<any> {
  const answer = await fetch(endpointOf(emulator) + path, { headers: { authorization: scope(service) } });
  return answer.json();
}

/** A call of CloudWatch Logs. */
export async function logs(emulator: Emulated, operation: string, body: unknown): Promise<any> {
  const answer = await fetch(endpointOf(emulator), {
    method: 'POST',
    headers: {
      authorization: scope('logs'),
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `Logs_20140328.${operation}`,
    },
    body: JSON.stringify(body),
  });
  return answer.json();
}

/** What a test that needs the emulator is given. */
export interface Emulated {
  client: Reached;
}

/** Throws where it is none. */
export function endpointOf({ client: { endpoint } }: Emulated): string {
  if (endpoint === undefined) throw new Error('there is no emulator');
  return endpoint;
}

function scope(service: string): string {
  return `AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;
}
