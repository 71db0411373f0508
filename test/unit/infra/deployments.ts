/** Descriptions that the tests share, and their stacks: a program of CDK takes its time, so each is made once. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import type { DeploymentDescription, RepositoryDescription } from '../../../infra/app/description.ts';
import { deploymentApp, repositoryApp, type Program } from '../../../infra/app/synthesise.ts';

export const AUTHS = ['key', 'iam', 'none'] as const;

const VERSION = 'a1'.repeat(32);

export const DEPLOYMENT: DeploymentDescription = {
  model: 'sentiment',
  deployment: 'prod',
  stackName: 'nimbus-sentiment-prod',
  account: '123456789012',
  region: 'eu-west-1',
  image: { repository: 'nimbus', digest: `sha256:${'b2'.repeat(32)}` },
  version: VERSION,
  revision: 'first',
  framework: 'sklearn',
  card: {
    model: 'sentiment',
    version: VERSION,
    framework: 'sklearn',
    description: 'Costs $5 #1, "quoted" \\ and naïve',
    examples: [{ input: '$input.params("x") #set($x = 1) ${y} ##', expect: { $ref: '#/a' } }],
    limits: { memoryMb: 1769, timeoutSeconds: 29, payloadBytes: 6_291_456, batchInputs: 1000 },
  },
  memoryMb: 1769,
  timeoutSeconds: 29,
  architecture: 'x86_64',
  auth: 'key',
};

export const REPOSITORY: RepositoryDescription = {
  stackName: 'nimbus-images',
  account: '123456789012',
  region: 'eu-west-1',
  repository: 'nimbus',
};

/** A folder for assemblies, removed when the process ends. */
export const outputs = mkdtempSync(path.join(os.tmpdir(), 'nimbus-cdk-'));
process.once('exit', () => rmSync(outputs, { recursive: true, force: true }));

let made = 0;
export function newFolder(): string {
  made += 1;
  return path.join(outputs, String(made));
}

export interface Made extends Program {
  template: Template;
}

const stacks = new Map<string, Made>();

/** The stack of the description above with some of it changed. */
export function deployed(changes: Partial<DeploymentDescription> = {}): Made {
  return once(JSON.stringify(changes), () => deploymentApp({ ...DEPLOYMENT, ...changes }, newFolder()));
}

export function repositoryStack(): Made {
  return once('repository', () => repositoryApp(REPOSITORY, newFolder()));
}

function once(key: string, make: () => Program): Made {
  let one = stacks.get(key);
  if (!one) {
    const program = make();
    one = { ...program, template: Template.fromStack(program.stack) };
    stacks.set(key, one);
  }
  return one;
}

export interface Resource {
  Type: string;
  Properties: any;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
}

/** The resources of a type, by logical id. */
export function resources({ template }: Made, type: string): [string, Resource][] {
  return Object.entries(template.findResources(type)) as unknown as [string, Resource][];
}

/** The one resource of a type. */
export function resource(made: Made, type: string): Resource & { id: string } {
  const found = resources(made, type);
  if (found.length !== 1) throw new Error(`there are ${found.length} of ${type}`);
  const [[id, one]] = found as [[string, Resource]];
  return { ...one, id };
}

/** Methods of the API by `POST /predict`. */
export function methods(made: Made): Map<string, any> {
  const parts = new Map(resources(made, 'AWS::ApiGateway::Resource').map(([id, one]) => [id, one.Properties.PathPart]));
  return new Map(
    resources(made, 'AWS::ApiGateway::Method').map(([, { Properties }]) => {
      const part = parts.get(Properties.ResourceId.Ref);
      return [`${Properties.HttpMethod} /${part ?? ''}`, Properties];
    }),
  );
}
