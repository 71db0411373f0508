/** A project whose models are deployed to the emulated AWS by the command line, as a user types it. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { DeploymentStatus } from '../../src/shared/states.ts';
import { createSandbox, python, type Ended, type Sandbox } from '../cli/nimbus.ts';
import { BUILD_VARIABLES } from '../docker/project.ts';
import { docker } from '../docker/support.ts';
import { startEmulator, type Emulator } from './emulator.ts';

const HANDLER = `
import os

def load(path):
    return {"urgent": ["outage", "down"]}

def predict(model, input):
    label = next((name for name, words in model.items() if any(one in input for one in words)), "normal")
    return {"label": label, "greeting": os.environ.get("GREETING")}
`;
export const SECRET = 'hunter2-greeting';
export const MODEL = { path: 'rules', framework: 'custom', env: ['GREETING'], examples: [{ input: 'it is down' }] };
export const DEPLOY = ['deploy', 'rules', '--target', 'lambda', '--as', 'prod', '--python', python, '--trust'];

export interface CloudProject {
  emulator: Emulator;
  sandbox: Sandbox;
  /** What the command line, and the host that it starts, run with. */
  variables: NodeJS.ProcessEnv;
  nimbus(argv: string[], more?: NodeJS.ProcessEnv): Promise<Ended>;
  /** Expects success; what it said on stdout. */
  succeeded(argv: string[], more?: NodeJS.ProcessEnv): Promise<string>;
  writeHandler(handler: string): void;
  writeModels(models: object): void;
  /** What models.json says of the deployment `rules/prod`. */
  declared(): Record<string, unknown> | undefined;
  status(name?: string): Promise<DeploymentStatus>;
  stackNames(): Promise<string[]>;
  end(): Promise<void>;
}

export async function cloudProject(account?: Parameters<typeof startEmulator>[0]): Promise<CloudProject> {
  const emulator = await startEmulator(account);
  const { endpoint, region, credentials } = emulator.client;
  const variables = {
    ...BUILD_VARIABLES,
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    GREETING: SECRET,
  };
  const sandbox = createSandbox();
  const at = (name: string): string => path.join(sandbox.folder, name);
  const nimbus: CloudProject['nimbus'] = (argv, more = {}) => sandbox.nimbus(argv, { env: { ...variables, ...more } });
  const writeHandler = (handler: string): void => writeFileSync(at('rules/handler.py'), handler);
  const writeModels = (models: object): void =>
    writeFileSync(at('models.json'), JSON.stringify({ version: 1, models }, undefined, 2));
  writeHandler(HANDLER);
  writeModels({ rules: MODEL });
  const statuses = async (argv: string[]): Promise<DeploymentStatus[]> =>
    (await sandbox.json<{ deployments: DeploymentStatus[] }>(['status', ...argv])).deployments;
  return {
    emulator,
    sandbox,
    variables,
    nimbus,
    succeeded: async (argv, more) => {
      const ended = await nimbus(argv, more);
      assert.equal(ended.code, 0, `${argv.join(' ')}\n${ended.stdout}${ended.stderr}`);
      return ended.stdout;
    },
    writeHandler,
    writeModels,
    declared: () => {
      const { models } = JSON.parse(readFileSync(at('models.json'), 'utf8')) as {
        models: Record<string, { deployments?: Record<string, Record<string, unknown>> }>;
      };
      return models['rules']?.deployments?.['prod'];
    },
    status: async (name = 'rules/prod') => (await statuses([name]))[0]!,
    stackNames: async () => {
      const answer = await fetch(endpoint, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${region}/cloudformation/aws4_request`,
        },
        body: 'Action=DescribeStacks&Version=2010-05-15',
      });
      return [...(await answer.text()).matchAll(/<StackName>([^<]+)</g)].map(([, name]) => name!).sort();
    },
    end: async () => {
      const all = await statuses([]).catch((): DeploymentStatus[] => []);
      await sandbox.remove();
      await emulator.end();
      for (const { image } of all) if (image) await docker('image', 'rm', '--force', image.reference);
    },
  };
}
