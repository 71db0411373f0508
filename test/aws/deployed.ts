/** A model deployed on the emulator, and images to update it with. */
import assert from 'node:assert/strict';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import type { DeploymentDescription } from '../../infra/app/description.ts';
import type { Described } from '../../infra/deployer/protocol.ts';
import type { AwsConfig } from '../../src/core/cloud/aws.ts';
import { imageTag } from '../../src/core/host/cloud-change.ts';
import { ContainerProject } from '../docker/project.ts';
import { docker } from '../docker/support.ts';
import { startEmulator, type Emulator } from './emulator.ts';
import { ACCOUNT, deployed, deployerOn, type TestDeployer } from './support.ts';

export const REGION = 'eu-west-1';
export const MODEL = 'triage';
export const IMAGES = { stackName: 'nimbus-images', repository: 'nimbus', account: ACCOUNT, region: REGION };
export const POLL = { pollMs: 50 };

/** Says who it is; of one input it raises. */
const handler = (name: string): string => `
import os

def load(path):
    return "${name}"

def predict(model, input):
    if input == "raise " + model:
        raise ValueError("no answer to that")
    return {"model": model, "greeting": os.environ.get("GREETING")}
`;

export interface Built {
  /** What it answers as. */
  name: string;
  /** `sha256:…` */
  digest: string;
  /** Of the model. */
  version: string;
}

export interface DeployedFunction {
  stackName: string;
  functionName: string;
  api: { apiId: string; stage: string };
}

export class Cloud {
  readonly emulator: Emulator;
  readonly deployer: TestDeployer;
  readonly #project: ContainerProject;
  readonly #references = new Set<string>();
  #revision = 0;

  private constructor(emulator: Emulator, deployer: TestDeployer, project: ContainerProject) {
    this.emulator = emulator;
    this.deployer = deployer;
    this.#project = project;
  }

  /** With the repository, into which images can be pushed. */
  static async start(): Promise<Cloud> {
    const emulator = await startEmulator();
    const cloud = new Cloud(emulator, await deployerOn(emulator), new ContainerProject());
    await cloud.#project.connect();
    const { api } = cloud.deployer;
    assert.deepEqual(await api.bootstrap({ account: ACCOUNT, region: REGION }), { ok: true, value: 'made' });
    deployed(await api.deploy({ what: { kind: 'repository', description: IMAGES }, ...POLL }));
    return cloud;
  }

  async end(): Promise<void> {
    await this.deployer.kill();
    await this.#project.end();
    for (const reference of this.#references) await docker('image', 'rm', '--force', reference);
    await this.emulator.end();
  }

  get config(): AwsConfig {
    const { credentials, ...rest } = this.emulator.client;
    return { ...rest, credentials: async () => credentials };
  }

  get repositoryUri(): string {
    return `${new URL(this.emulator.endpoint).host}/${IMAGES.repository}`;
  }

  /** Builds an image of a model with this name and pushes it under the tags of these deployments. */
  async push(name: string, deployments: readonly string[]): Promise<Built> {
    await this.#project.deployImage(name, handler(name), { pythonVersion: '3.13' });
    const { version, image } = await this.#project.until(() => {
      const status = this.#project.status(name);
      return status?.image && status;
    });
    this.#references.add(image!.reference);
    let digest = '';
    for (const deployment of deployments) {
      const tag = imageTag({ model: MODEL, deployment }, version);
      const operation = await this.#project.execute({
        kind: 'push',
        project: this.#project.folder,
        model: name,
        deployment: 'docker',
        to: `${this.repositoryUri}:${tag}`,
      });
      assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error));
      const { reference } = operation.result as { reference: string };
      this.#references.add(reference);
      digest = reference.slice(reference.indexOf('@') + 1);
    }
    return { name, digest, version };
  }

  /** A new revision each time. */
  describe(
    deployment: string,
    { digest, version }: Pick<Built, 'digest' | 'version'>,
    changes: Partial<DeploymentDescription> = {},
  ): Described {
    this.#revision += 1;
    const description: DeploymentDescription = {
      model: MODEL,
      deployment,
      stackName: `nimbus-${MODEL}-${deployment}`,
      account: ACCOUNT,
      region: REGION,
      image: { repository: IMAGES.repository, digest },
      version,
      revision: `r${this.#revision}`,
      framework: 'custom',
      card: { model: MODEL, version, framework: 'custom' },
      memoryMb: 512,
      timeoutSeconds: 29,
      architecture: 'x86_64',
      auth: 'none',
      env: ['GREETING'],
      ...changes,
    };
    return { kind: 'deployment', description };
  }

  newRevision(): string {
    this.#revision += 1;
    return `r${this.#revision}`;
  }

  async deploy(
    deployment: string,
    built: Pick<Built, 'digest' | 'version'>,
    { greeting, ...changes }: Partial<DeploymentDescription> & { greeting?: string } = {},
  ): Promise<DeployedFunction> {
    const what = this.describe(deployment, built, changes);
    const variables = greeting === undefined ? {} : { variables: { GREETING: greeting } };
    const outputs = deployed(await this.deployer.api.deploy({ what, ...variables, ...POLL }));
    const { ApiId: apiId, Stage: stage, FunctionName: functionName } = outputs as Record<string, string>;
    return {
      stackName: `nimbus-${MODEL}-${deployment}`,
      functionName: functionName!,
      api: { apiId: apiId!, stage: stage! },
    };
  }

  async ask(
    { api }: Pick<DeployedFunction, 'api'>,
    method: 'GET' | 'POST',
    path: string,
    input?: unknown,
  ): Promise<any> {
    const answer = await fetch(`${this.emulator.endpoint}/_aws/execute-api/${api.apiId}/${api.stage}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(input === undefined ? {} : { body: JSON.stringify({ input }) }),
    });
    return answer.json();
  }

  async stack(stackName: string): Promise<{ parameters: Record<string, string>; tags: Record<string, string> }> {
    const client = new CloudFormationClient(this.config);
    const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName: stackName }));
    return {
      parameters: Object.fromEntries(
        (stack?.Parameters ?? []).map((one) => [one.ParameterKey!, one.ParameterValue ?? '']),
      ),
      tags: Object.fromEntries((stack?.Tags ?? []).map((one) => [one.Key!, one.Value!])),
    };
  }
}
