/** A project whose models are deployed to AWS, emulated or a real account, by the command line, as a user types it. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { DeploymentStatus } from '../../src/shared/states.ts';
import { createSandbox, python, type Ended, type Sandbox } from '../cli/nimbus.ts';
import { docker } from '../docker/support.ts';
import { named, startPlace, STACKS_BEFORE, type Place } from './place.ts';
import { stackNamesOf } from './support.ts';

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
/** The model's name, that of its deployment, and that of the stack and of the function. */
export const RULES = named('rules');
export const PROD = `${RULES}/prod`;
export const STACK = `nimbus-${RULES}-prod`;
export const DEPLOY = ['deploy', MODEL.path, '--target', 'lambda', '--as', 'prod', '--python', python, '--trust'];

/** Stacks of all deployments of an account and region. */
const SHARED: ReadonlySet<string> = new Set(['CDKToolkit', 'nimbus-images']);

export interface CloudProject {
  place: Place;
  sandbox: Sandbox;
  /** What the command line, and the host that it starts, run with. */
  variables: NodeJS.ProcessEnv;
  nimbus(argv: string[], more?: NodeJS.ProcessEnv): Promise<Ended>;
  /** Expects success; what it said on stdout. */
  succeeded(argv: string[], more?: NodeJS.ProcessEnv): Promise<string>;
  writeHandler(handler: string): void;
  writeModels(models: object): void;
  /** What models.json says of the deployment `PROD`. */
  declared(): Record<string, unknown> | undefined;
  status(name?: string): Promise<DeploymentStatus>;
  /** Of the stacks of the model `RULES`, and of what all deployments share. */
  stackNames(): Promise<string[]>;
  end(): Promise<void>;
}

export async function cloudProject(emulator?: Parameters<typeof startPlace>[0]): Promise<CloudProject> {
  const place = await startPlace(emulator);
  const variables = { ...place.variables, GREETING: SECRET };
  const sandbox = createSandbox();
  const at = (name: string): string => path.join(sandbox.folder, name);
  const nimbus: CloudProject['nimbus'] = (argv, more = {}) => sandbox.nimbus(argv, { env: { ...variables, ...more } });
  const writeHandler = (handler: string): void => writeFileSync(at('rules/handler.py'), handler);
  const writeModels = (models: object): void =>
    writeFileSync(at('models.json'), JSON.stringify({ version: 1, models }, undefined, 2));
  writeHandler(HANDLER);
  writeModels({ [RULES]: MODEL });
  const statuses = async (argv: string[]): Promise<DeploymentStatus[]> =>
    (await sandbox.json<{ deployments: DeploymentStatus[] }>(['status', ...argv])).deployments;
  return {
    place,
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
      return models[RULES]?.deployments?.['prod'];
    },
    status: async (name = PROD) => (await statuses([name]))[0]!,
    stackNames: async () => {
      const names = await stackNamesOf(place.client);
      return names.filter((name) => SHARED.has(name) || name.startsWith(`nimbus-${RULES}-`));
    },
    end: async () => {
      const all = await statuses([]).catch((): DeploymentStatus[] => []);
      // An emulator ends with all that it has.
      if (STACKS_BEFORE.length > 0 && existsSync(at('models.json'))) {
        for (const { model, deployment } of all) await nimbus(['remove', `${model}/${deployment}`, '--yes']);
      }
      await sandbox.remove();
      await place.end();
      for (const { image } of all) if (image) await docker('image', 'rm', '--force', image.reference);
    },
  };
}
