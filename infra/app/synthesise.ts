/**
 * The CDK program: a description in, a cloud assembly out. The same description gives the same bytes on every machine and
 * in every folder: nothing of the machine, of its environment or of the time gets in. Only who sets CDK_DEBUG asks for
 * traces of source files, and gets them in the metadata.
 */
import { App, CfnOutput, Stack } from 'aws-cdk-lib/core';
import { addApi } from './api.ts';
import { configurationOf, METADATA } from './configuration.ts';
import type { DeploymentDescription, RepositoryDescription } from './description.ts';
import { faultsOf, repositoryFaultsOf, type Fault } from './faults.ts';
import { addFunction } from './function.ts';
import { environmentParameter, PARAMETERS } from './parameters.ts';
import { TAGS } from './published.ts';
import { addRepository } from './repository.ts';

export interface Assembly {
  stackName: string;
  /** Values of the stack's parameters, but for those of the environment variables. */
  parameters: Record<string, string>;
  /** By environment variable the parameter that takes its value. */
  environment: Record<string, string>;
  /** Tags of the stack, which CloudFormation hands on to its resources. */
  tags: Record<string, string>;
}

/** Outputs of a deployment's stack. `KeyId` is there with `auth: key`. */
export const OUTPUTS = {
  url: 'Url',
  apiId: 'ApiId',
  stage: 'Stage',
  keyId: 'KeyId',
  functionName: 'FunctionName',
  aliasArn: 'AliasArn',
  logGroup: 'LogGroup',
  auth: 'Auth',
} as const;

export const REPOSITORY_OUTPUTS = { uri: 'RepositoryUri', name: 'RepositoryName' } as const;

/** Writes the assembly into `outdir`. Throws where the description has faults: who makes one asks `faultsOf` first. */
export function synthesise(description: DeploymentDescription, outdir: string): Assembly {
  deploymentApp(description, outdir).app.synth();
  const { stackName, version, image, revision, env = [] } = description;
  return {
    stackName,
    parameters: {
      [PARAMETERS.imageDigest]: image.digest,
      [PARAMETERS.version]: version,
      [PARAMETERS.revision]: revision,
    },
    environment: Object.fromEntries(env.map((name) => [name, environmentParameter(name)])),
    tags: deploymentTags(description),
  };
}

/** Writes the assembly of the repository into `outdir`. Throws where the description has faults. */
export function synthesiseRepository(description: RepositoryDescription, outdir: string): Assembly {
  repositoryApp(description, outdir).app.synth();
  const { stackName } = description;
  return { stackName, parameters: {}, environment: {}, tags: repositoryTags(description) };
}

/** The program before its synthesis, to which checks can be added. */
export interface Program {
  app: App;
  stack: Stack;
}

export function deploymentApp(description: DeploymentDescription, outdir: string): Program {
  refuse(faultsOf(description));
  const { model, deployment } = description;
  const about = `Nimbus: the model ${model}, deployed as ${deployment}`;
  const { app, stack } = emptyStack(description, outdir, about, deploymentTags(description));
  stack.templateOptions.metadata = { [METADATA]: configurationOf(description) };
  const { alias, name, version, logGroup } = addFunction(stack, description);
  const { api, key } = addApi(stack, { alias, version }, description);
  output(stack, OUTPUTS.url, api.urlForPath().replace(/\/$/, ''), 'Base URL of the endpoint');
  output(stack, OUTPUTS.apiId, api.restApiId, 'Id of the REST API');
  output(stack, OUTPUTS.stage, api.deploymentStage.stageName, 'Stage of the REST API');
  if (key) output(stack, OUTPUTS.keyId, key.keyId, 'Id of the API key, not the key itself');
  output(stack, OUTPUTS.functionName, name, 'Name of the function');
  output(stack, OUTPUTS.aliasArn, alias.functionArn, 'What the API calls');
  output(stack, OUTPUTS.logGroup, logGroup.logGroupName, 'Log group of the function');
  output(stack, OUTPUTS.auth, description.auth, 'Who may call: with the API key, signed by IAM, or anybody');
  return { app, stack };
}

export function repositoryApp(description: RepositoryDescription, outdir: string): Program {
  refuse(repositoryFaultsOf(description));
  const about = 'Nimbus: images of its functions';
  const { app, stack } = emptyStack(description, outdir, about, repositoryTags(description));
  const repository = addRepository(stack, description);
  output(stack, REPOSITORY_OUTPUTS.uri, repository.repositoryUri, 'Where images are pushed');
  output(stack, REPOSITORY_OUTPUTS.name, repository.repositoryName, 'Name of the repository');
  return { app, stack };
}

function deploymentTags({ model, deployment, version }: DeploymentDescription): Record<string, string> {
  return { [TAGS.model]: model, [TAGS.deployment]: deployment, [TAGS.version]: version };
}

function repositoryTags({ repository }: RepositoryDescription): Record<string, string> {
  return { 'nimbus:images': repository };
}

function refuse(faults: readonly Fault[]): void {
  if (faults.length === 0) return;
  const lines = faults.map(({ where, what, next }) => `${where}: ${what} ${next}`);
  throw new TypeError(`The description is not valid.\n${lines.join('\n')}`);
}

/**
 * `postCliContext` wins over what the environment says (CDK_CONTEXT_JSON). No paths of constructs or of source files, no
 * tree, no usage report: they are of no use to a stack that a program makes, and some name folders of this machine.
 */
const CONTEXT = {
  'aws:cdk:enable-path-metadata': false,
  'aws:cdk:version-reporting': false,
  'aws:cdk:disable-creation-stack-traces': true,
  '@aws-cdk/core:bootstrapQualifier': 'hnb659fds',
  '@aws-cdk/core:enablePartitionLiterals': true,
};

function emptyStack(
  { stackName, account, region }: { stackName: string; account: string; region: string },
  outdir: string,
  description: string,
  tags: Record<string, string>,
): Program {
  const app = new App({
    outdir,
    autoSynth: false,
    // Nine megabytes of WebAssembly, which the tests run over every kind of stack that there is.
    builtinCloudFormationValidation: false,
    treeMetadata: false,
    postCliContext: CONTEXT,
  });
  // CDK's usual synthesizer: the template goes by the bucket and the roles of `cdk bootstrap`, so that who deploys needs no
  // rights but to assume them, and a card may make it longer than the 51,200 bytes that fit a call
  // (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html).
  return { app, stack: new Stack(app, stackName, { env: { account, region }, description, tags }) };
}

/** An output under its very name, without CDK's hash. */
function output(stack: Stack, name: string, value: string, description: string): void {
  new CfnOutput(stack, name, { value, description }).overrideLogicalId(name);
}
