/** A model whose image is in the emulated AWS, ready to be deployed as `nimbus-triage-prod`. */
import assert from 'node:assert/strict';
import { LambdaClient } from '@aws-sdk/client-lambda';
import type { DeploymentDescription } from '../../infra/app/description.ts';
import type { Described } from '../../infra/deployer/protocol.ts';
import type { AwsConfig } from '../../src/core/cloud/aws.ts';
import type { PushedImage } from '../../src/shared/states.ts';
import { ContainerProject } from '../docker/project.ts';
import { docker } from '../docker/support.ts';
import { startEmulator, type Emulator } from './emulator.ts';
import { ACCOUNT, deployerOn, type TestDeployer } from './support.ts';

const MODEL = `
def load(path):
    print("loads the words")
    return {"urgent": ["outage", "down"]}

def predict(model, input):
    print("looks at a text")
    if input == "die":
        import os
        os._exit(3)
    return {"label": next((name for name, words in model.items() if any(one in input for one in words)), "normal")}
`;
export const INPUT = 'the shop is down';
export const SECRET = 'hunter2';
export const VERSION = 'a1'.repeat(32);
export const REGION = 'eu-west-1';
export const STACK = 'nimbus-triage-prod';
export const IMAGES = { stackName: 'nimbus-images', repository: 'nimbus', account: ACCOUNT, region: REGION };

export class Triage {
  readonly emulator: Emulator;
  readonly deployer: TestDeployer;
  readonly lambda: LambdaClient;
  readonly config: AwsConfig;
  readonly #project = new ContainerProject();
  /** Of images that the engine has by now. */
  readonly #references: string[] = [];
  #digest = '';

  private constructor(emulator: Emulator, deployer: TestDeployer) {
    const { endpoint, region, credentials } = emulator.client;
    this.emulator = emulator;
    this.deployer = deployer;
    this.config = { endpoint, region, credentials: async () => credentials };
    this.lambda = new LambdaClient(this.config);
  }

  static async start(): Promise<Triage> {
    const emulator = await startEmulator();
    const triage = new Triage(emulator, await deployerOn(emulator));
    try {
      await triage.#push();
    } catch (error) {
      await triage.end();
      throw error;
    }
    return triage;
  }

  /** `sha256:…` of its image. */
  get digest(): string {
    return this.#digest;
  }

  async #push(): Promise<void> {
    const project = this.#project;
    await project.connect();
    await project.deployImage('triage', MODEL, { pythonVersion: '3.13' });
    this.#references.push((await project.until(() => project.status('triage')?.image)).reference);
    const { api } = this.deployer;
    value(await api.bootstrap({ account: ACCOUNT, region: REGION }));
    value(await api.deploy({ what: { kind: 'repository', description: IMAGES }, pollMs: 50 }));
    const operation = await project.execute({
      kind: 'push',
      project: project.folder,
      model: 'triage',
      deployment: 'docker',
      to: this.repository,
    });
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error));
    const { reference } = operation.result as PushedImage;
    this.#references.push(reference);
    this.#digest = reference.slice(reference.indexOf('@') + 1);
    this.deployer.clear();
  }

  get repository(): string {
    return `${new URL(this.emulator.endpoint).host}/${IMAGES.repository}`;
  }

  /** Pushes the same image but for a label, under another digest. */
  async pushAnother(): Promise<string> {
    const name = `${this.repository}:another`;
    const container = await docker('create', `${this.repository}@${this.#digest}`);
    try {
      await docker('commit', '--change', 'LABEL another=1', container, name);
    } finally {
      await docker('rm', container);
    }
    this.#references.push(name);
    const digest = /digest: (sha256:[0-9a-f]{64})/.exec(await docker('push', name))![1]!;
    // The emulator pulls it by that.
    this.#references.push(`${this.repository}@${digest}`);
    return digest;
  }

  describe(changes: Partial<DeploymentDescription> = {}): Described {
    return {
      kind: 'deployment',
      description: {
        model: 'triage',
        deployment: 'prod',
        stackName: STACK,
        account: ACCOUNT,
        region: REGION,
        image: { repository: IMAGES.repository, digest: this.#digest },
        version: VERSION,
        revision: 'r1',
        framework: 'custom',
        card: { model: 'triage', version: VERSION, framework: 'custom' },
        memoryMb: 1769,
        timeoutSeconds: 29,
        architecture: 'x86_64',
        auth: 'key',
        env: ['GREETING'],
        ...changes,
      },
    };
  }

  async destroy(): Promise<void> {
    await this.deployer.api.destroy({ account: ACCOUNT, region: REGION, stackName: STACK, pollMs: 20 });
  }

  async end(): Promise<void> {
    await this.destroy();
    await this.deployer.kill();
    await this.#project.end();
    for (const reference of this.#references) await docker('image', 'rm', '--force', reference);
    await this.emulator.end();
  }
}

/** Of an outcome that is expected to be one. */
export function value<T, E>(outcome: { ok: true; value: T } | { ok: false; error: E }): T {
  if (!outcome.ok) assert.fail(JSON.stringify(outcome.error, undefined, 2));
  return outcome.value;
}
