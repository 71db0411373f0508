/**
 * Whether a deployment's stack knows what serves, and how it is told.
 *
 * CloudFormation compares what it is given with what it was given before, never with what there is. A stack that has not
 * heard of an update or a roll-back outside of it would bring old weights back unsaid: with its next update, or when that
 * fails and is rolled back. So before each update of a stack
 *
 * 1. `straighten` gives the function itself (`$LATEST`) the image that serves: what the stack publishes is a copy of it, and
 *    CloudFormation sets the image only where its parameter changes;
 * 2. a stack that is not level gets `levelling(…)`, by `DeployerApi.level`: its own template, and the parameters of what
 *    serves. It is an update of its own, so that what fails after it is rolled back to what serves. Where it fails itself,
 *    CloudFormation may have moved `live` to the stack's version: `rollBack` to `level.live.number` puts that right.
 *
 * No mark of this is kept anywhere. The version that a stack published last has the stack's parameters in its description.
 */
import { PARAMETERS } from '../../../infra/app/parameters.ts';
import { publishedText, type Published } from '../../../infra/app/published.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { AwsConfig } from './aws.ts';
import { askingFunction } from './function-errors.ts';
import { setCode, type UpdateShell } from './set-code.ts';
import { describeStack } from './stack.ts';
import { describe, imageOf, published, type FunctionVersion } from './versions.ts';

export interface Level {
  /** `ahead`: what serves is newer than what the stack published last; `behind`: it was rolled back. */
  state: 'level' | 'ahead' | 'behind';
  /** What serves. */
  live: FunctionVersion;
  /** The stack's parameters. */
  stack: Published;
  /** Whether the function itself has the image that serves; see `straighten`. */
  straight: boolean;
}

/** Errors: there is no such stack, or it is of something else; as of `askingFunction`. */
export function levelOf(
  config: AwsConfig,
  { stackName, functionName }: { stackName: string; functionName: string },
  signal?: AbortSignal,
): Promise<Outcome<Level>> {
  return askingFunction<Level>(functionName, signal, async () => {
    const { LambdaClient } = await import('@aws-sdk/client-lambda');
    const client = new LambdaClient(config);
    const stack = await publishedBy(config, stackName);
    if (!stack.ok) return stack;
    const [{ alias, versions }, latest] = await Promise.all([
      published(client, functionName, signal),
      imageOf(client, functionName, '$LATEST', signal),
    ]);
    const serving = versions.find(({ Version }) => Version === alias.FunctionVersion);
    const [live] = await describe(client, serving ? [serving] : [], alias, signal);
    if (!live) throw new Error(`${functionName} serves ${alias.FunctionVersion}, which is no version of it`);
    const text = publishedText(stack.value);
    const its = versions.findLast(({ Description }) => Description === text);
    const isBehind = Number(its?.Version ?? 0) > Number(live.number);
    return ok({
      state: serving?.Description === text ? 'level' : isBehind ? 'behind' : 'ahead',
      live,
      stack: stack.value,
      straight: latest.digest === live.digest,
    });
  });
}

/**
 * The parameters of the stack's update that levels it. `revision` is a new one, so that the stack publishes a version of its
 * own: the image is there already. Errors: the model's version is not known.
 */
export function levelling({ live }: Level, revision: string): Outcome<Published> {
  const { digest, version, number } = live;
  if (version !== undefined) return ok({ digest, version, revision });
  return fail('version-unknown', `Nothing says which version of the model the function's version ${number} is.`, {
    why: 'Somebody published it outside of Nimbus.',
    next: 'Roll back to a version that Nimbus published, then deploy.',
  });
}

/** Errors: as of `setCode` and `askingFunction`. What serves is not touched. */
export function straighten(
  config: AwsConfig,
  { functionName, repositoryUri, level }: { functionName: string; repositoryUri: string; level: Level },
  shell: UpdateShell,
): Promise<Outcome<void>> {
  return askingFunction<void>(functionName, shell.signal, async () => {
    if (level.straight) return ok(undefined);
    const { LambdaClient } = await import('@aws-sdk/client-lambda');
    const { digest } = level.live;
    const set = await setCode(new LambdaClient(config), { functionName, repositoryUri, digest }, shell);
    return set.ok ? ok(undefined) : set;
  });
}

/** What a stack published last, by its parameters. */
async function publishedBy(config: AwsConfig, stackName: string): Promise<Outcome<Published>> {
  const stack = await describeStack(config, stackName);
  const next = 'It was deleted outside of Nimbus: remove the deployment, and deploy again.';
  if (!stack) return fail('stack-gone', `There is no stack ${stackName} in ${config.region}.`, { next });
  const parameters = new Map(stack.Parameters?.map((one) => [one.ParameterKey, one.ParameterValue]));
  const [digest, version, revision] = [PARAMETERS.imageDigest, PARAMETERS.version, PARAMETERS.revision].map((name) =>
    parameters.get(name),
  );
  if (digest === undefined || version === undefined || revision === undefined) {
    return fail('stack-foreign', `The stack ${stackName} is not one of a deployment.`, {
      next: 'Deploy under another name, or delete that stack.',
    });
  }
  return ok({ digest, version, revision });
}
