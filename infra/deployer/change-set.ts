/**
 * What CDK's toolkit does of a deploy: it puts the template where CloudFormation reads it and makes a change set of it. It
 * does not execute it: its own waiting cannot be interrupted, nor taken up again by another process.
 */
import {
  BaseCredentials,
  BootstrapEnvironments,
  DiffMethod,
  StackParameters,
  Toolkit,
  type AssemblyBuilder,
  type ICloudAssemblySource,
  type IIoHost,
  type IoMessage,
  type StackActivity,
  type SuccessfulDeployStackResult,
} from '@aws-cdk/toolkit-lib';
import type { Change } from '@aws-sdk/client-cloudformation';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { environmentParameter } from '../app/parameters.ts';
import { synthesise, synthesiseRepository, type Assembly } from '../app/synthesise.ts';
import type { DeployerEvent, Described, DeployRequest, Place } from './protocol.ts';
import { credentials } from './stacks.ts';

/** The one of Nimbus: a later deploy removes one that was left behind by its name. */
export const CHANGE_SET = 'nimbus';

/** Numbers of the toolkit's messages: https://docs.aws.amazon.com/cdk/api/toolkit-lib/message-registry/ */
const DEPLOYED = 'CDK_TOOLKIT_I5900';
const ACTIVITY = 'CDK_TOOLKIT_I5502';

export interface ChangeSet {
  stackId: string;
  /** Its ARN. There is none where nothing changes. */
  id: string | undefined;
  outputs: Record<string, string>;
  /** How many resources will change. */
  changes: number;
}

export function assemble(what: Described, outdir: string): Assembly {
  return what.kind === 'deployment'
    ? synthesise(what.description, outdir)
    : synthesiseRepository(what.description, outdir);
}

/** Synthesises into `outdir`, publishes the template and has the change set made. A stack that failed to be made it deletes first. */
export async function makeChangeSet(
  request: DeployRequest,
  outdir: string,
  synthesised: () => void,
  tell: (event: DeployerEvent) => void,
): Promise<ChangeSet> {
  const { what, variables = {}, pollMs } = request;
  const { account, region } = what.description;
  let answer: SuccessfulDeployStackResult | undefined;
  const toolkit = toolkitOf({ ...request, account, region }, tell, (message) => {
    if (message.code === DEPLOYED) answer = message.data as SuccessfulDeployStackResult;
  });
  const { parameters, source } = await sourceOf(toolkit, what, outdir);
  const cloud = await toolkit.synth(source, {});
  synthesised();
  // Disposing of it unlocks the folder.
  try {
    await toolkit.deploy(cloud, {
      deploymentMethod: { method: 'change-set', execute: false, changeSetName: CHANGE_SET },
      parameters: StackParameters.withExisting({ ...parameters(), ...parametersOf(variables) }),
      ...(pollMs === undefined ? {} : { stackEventPollingInterval: pollMs }),
    });
  } finally {
    await cloud.dispose();
  }
  if (!answer) throw new Error('the toolkit did not say what became of the deploy');
  const changes = answer.changeSet?.Changes ?? [];
  for (const change of changes) tell({ kind: 'log', line: changeText(change) });
  return {
    stackId: answer.stackArn,
    id: answer.noOp ? undefined : answer.changeSet?.ChangeSetId,
    outputs: answer.outputs,
    changes: changes.length,
  };
}

/** `modify Function (AWS::Lambda::Function): MemorySize`, as CloudFormation is about to do it. */
function changeText({ ResourceChange: change = {} }: Change): string {
  const {
    Action: action = '',
    LogicalResourceId: id,
    ResourceType: type,
    Replacement: replacement,
    Details: all,
  } = change;
  const properties = new Set((all ?? []).flatMap(({ Target: target }) => target?.Name ?? target?.Attribute ?? []));
  const what = [...properties].join(', ');
  const replaced = replacement === 'True' ? ', which replaces it' : '';
  return `${action.toLowerCase()} ${id} (${type})${what === '' ? '' : `: ${what}`}${replaced}`;
}

/**
 * What a first use loads: CDK's constructs, and the toolkit's description of all resources of AWS, from which it makes the
 * diff of every change set. Nothing of it leaves the machine.
 */
export async function warmUp(what: Described, folder: string): Promise<void> {
  const toolkit = new Toolkit({
    ioHost: { notify: async () => undefined, requestResponse: async (one) => one.defaultResponse },
  });
  const outdir = path.join(folder, 'assembly');
  const { source } = await sourceOf(toolkit, what, outdir);
  const template = path.join(folder, 'template.json');
  await writeFile(template, JSON.stringify({ Resources: { Queue: { Type: 'AWS::SQS::Queue' } } }));
  const cloud = await toolkit.synth(source, {});
  try {
    await toolkit.diff(cloud, { method: DiffMethod.LocalFile(template) });
  } finally {
    await cloud.dispose();
  }
}

async function sourceOf(
  toolkit: Toolkit,
  what: Described,
  outdir: string,
): Promise<{ source: ICloudAssemblySource; parameters: () => Record<string, string> }> {
  let assembly: Assembly | undefined;
  // The builder is to answer with an assembly; of one that is in a folder already only the folder is asked for.
  const build = (async () => {
    assembly = assemble(what, outdir);
    return { directory: outdir };
  }) as unknown as AssemblyBuilder;
  const source = await toolkit.fromAssemblyBuilder(build, {
    outdir,
    clobberEnv: false,
    lookups: false,
    resolveDefaultEnvironment: false,
  });
  return { source, parameters: () => assembly?.parameters ?? {} };
}

export async function bootstrap(place: Place, tell: (event: DeployerEvent) => void): Promise<'made' | 'unchanged'> {
  const toolkit = toolkitOf(place, tell, () => undefined);
  const { environments } = await toolkit.bootstrap(
    BootstrapEnvironments.fromList([`aws://${place.account}/${place.region}`]),
  );
  return environments.some(({ status }) => status === 'success') ? 'made' : 'unchanged';
}

function toolkitOf(
  place: Place,
  tell: (event: DeployerEvent) => void,
  hear: (message: IoMessage<unknown>) => void,
): Toolkit {
  const ioHost: IIoHost = {
    notify: async (message) => {
      hear(message);
      if (message.code === ACTIVITY) tell(progressOf(message.data as StackActivity));
      // The rest is for who uses CDK's own command; what is finer than that has the calls to AWS in it, with all they carry.
      if (message.level !== 'warn' && message.level !== 'error') return;
      for (const line of message.message.split('\n')) if (line.trim() !== '') tell({ kind: 'log', line });
    },
    // The plan was agreed to before; the diff that it asks with is not for a log.
    requestResponse: async (message) => message.defaultResponse,
  };
  return new Toolkit({
    ioHost,
    color: false,
    emojis: false,
    sdkConfig: { baseCredentials: BaseCredentials.custom({ provider: credentials(place), region: place.region }) },
  });
}

/** Of a stack that the toolkit itself waits for. */
function progressOf({ event, progress }: StackActivity): DeployerEvent {
  const { LogicalResourceId = '', ResourceType = '', ResourceStatus = '' } = event;
  return {
    kind: 'progress',
    done: progress.completed,
    ...(progress.total === undefined ? {} : { total: progress.total }),
    resource: { logicalId: LogicalResourceId, type: ResourceType, status: ResourceStatus },
  };
}

function parametersOf(variables: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [environmentParameter(name), value]));
}
