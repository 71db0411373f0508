/**
 * Updates of a deployed function that need no update of its stack: other weights or other code, and back to a version before.
 *
 * The order: the function gets the image, a version of it is published and tried, then the alias `live` moves, which is all
 * that callers notice. Until it moves nothing that serves was touched. What the function itself has (`$LATEST`) serves
 * nobody; it may be ahead after an update that failed or was cancelled, which `levelOf` sees and `straighten` corrects.
 * The stack is not told: `level.ts` says how it is, before its next update.
 */
import type { FunctionConfiguration, LambdaClient } from '@aws-sdk/client-lambda';
import { NO_REVISION, publishedText } from '../../../infra/app/published.ts';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { AwsConfig } from './aws.ts';
import { askingFunction } from './function-errors.ts';
import { setCode, settled, type Settled, type UpdateShell } from './set-code.ts';
import { afterSwitch, moveAlias, saidVersion, sayVersion, type ApiStage, type Switched } from './switch.ts';
import { tryVersion, type Example } from './try-version.ts';
import { abortable, describe, published } from './versions.ts';

export interface CodeUpdate {
  functionName: string;
  /** `123456789012.dkr.ecr.eu-west-1.amazonaws.com/nimbus` */
  repositoryUri: string;
  /** `sha256:…`, pushed already. */
  digest: string;
  /** Of the model in the image: 64 hexadecimal digits. */
  version: string;
  api: ApiStage;
  /** What the new version has to answer before it serves. */
  example?: Example;
}

export interface CodeUpdated extends Switched {
  /** `unchanged`: the image serves already. */
  state: 'updated' | 'unchanged';
  /** Of the function, that serves now: `7`. */
  number: string;
  /** That served before. */
  before: string;
}

/**
 * The card that the gateway answers with stays as it is but for the version: one that differs in more needs an update of the
 * stack. Errors: as of `askingFunction`, `settled` and `tryVersion`; another update runs. After each of them, and after
 * cancelling, what served before serves.
 */
export function updateCode(config: AwsConfig, update: CodeUpdate, shell: UpdateShell): Promise<Outcome<CodeUpdated>> {
  const { functionName, digest, version, api } = update;
  const { log, signal } = shell;
  return askingFunction<CodeUpdated>(functionName, signal, async () => {
    if (signal.aborted) return cancelled();
    const { LambdaClient } = await import('@aws-sdk/client-lambda');
    const client = new LambdaClient(config);
    const { alias, versions } = await published(client, functionName, signal);
    const before = alias.FunctionVersion ?? '';
    const serving = versions.filter(({ Version }) => Version === before);
    const [live] = await describe(client, serving, alias, signal);
    if (live?.digest === digest && !alias.RoutingConfig) {
      log(`${functionName}: version ${before} has this image already`);
      return ok({ state: 'unchanged', number: before, before, ...(await saidAnew(config, api, version)) });
    }

    const code = await setCode(client, update, shell);
    if (!code.ok) return code;
    const { Version: number = '' } = await publish(client, update, code.value, signal);
    const isNew = versions.every(({ Version }) => Version !== number);
    log(`${functionName}: published version ${number}`);
    try {
      const ready = await settled(client, { functionName, qualifier: number }, signal);
      const tried = ready.ok && update.example ? await tryNew(client, update, number, shell) : ready;
      if (!tried.ok || signal.aborted) {
        await dropNew(client, functionName, isNew ? number : undefined, log);
        return tried.ok ? cancelled() : tried;
      }
      await moveAlias(client, functionName, number, alias);
    } catch (error) {
      await dropNew(client, functionName, isNew ? number : undefined, log);
      throw error;
    }
    log(`${functionName}: version ${number} serves, in the place of ${before}`);
    const after = await afterSwitch(config, client, { functionName, api, version });
    return ok({ state: 'updated', number, before, ...after });
  });
}

export interface RollBack {
  functionName: string;
  /** Of the function, as `versionsOf` lists them: `6`. */
  to: string;
  api: ApiStage;
}

/**
 * Lets a version that is there already serve, by one call: image and configuration are those of then, memory and environment
 * variables included. The stack stays as it is; before its next update it has to be levelled (`level.ts`), which keeps the
 * image that was gone back to and gives it the stack's configuration. Errors: there is no such version; as of
 * `askingFunction`.
 */
export function rollBack(
  config: AwsConfig,
  { functionName, to, api }: RollBack,
  { log, signal }: UpdateShell,
): Promise<Outcome<CodeUpdated>> {
  return askingFunction<CodeUpdated>(functionName, signal, async () => {
    if (signal.aborted) return cancelled();
    const { LambdaClient } = await import('@aws-sdk/client-lambda');
    const client = new LambdaClient(config);
    const { alias, versions } = await published(client, functionName, signal);
    const before = alias.FunctionVersion ?? '';
    const wanted = versions.filter(({ Version }) => Version === to);
    const [target] = await describe(client, wanted, alias, signal);
    if (!target) {
      const numbers = versions.map(({ Version }) => Version).reverse();
      return fail('no-version', `${functionName} has no version ${to}.`, {
        why: `It has ${numbers.join(', ') || 'none'}.`,
        next: 'Choose one of these.',
      });
    }
    if (before === to && !alias.RoutingConfig) {
      log(`${functionName}: version ${to} serves already`);
      return ok({ state: 'unchanged', number: to, before, ...(await saidAnew(config, api, target.version)) });
    }
    if (signal.aborted) return cancelled();
    await moveAlias(client, functionName, to, alias);
    log(`${functionName}: version ${to} serves again, in the place of ${before}`);
    const after = await afterSwitch(config, client, { functionName, api, version: target.version });
    return ok({ state: 'updated', number: to, before, ...after });
  });
}

/** Of the code that was just seen there, and no other. AWS Lambda answers with the last version where nothing is new since. */
async function publish(
  client: LambdaClient,
  { functionName, digest, version }: CodeUpdate,
  { configuration: { CodeSha256 } }: Settled,
  signal: AbortSignal,
): Promise<FunctionConfiguration> {
  const { PublishVersionCommand } = await import('@aws-sdk/client-lambda');
  const description = publishedText({ digest, revision: NO_REVISION, version });
  return client.send(
    new PublishVersionCommand({ FunctionName: functionName, CodeSha256, Description: description }),
    abortable(signal),
  );
}

async function tryNew(
  client: LambdaClient,
  { functionName, version, api, example }: CodeUpdate,
  number: string,
  { log, signal }: UpdateShell,
): Promise<Outcome<unknown>> {
  const begin = performance.now();
  const tried = await tryVersion(
    client,
    { functionName, number, version, stage: api.stage, example: example as Example },
    signal,
  );
  if (tried.ok) log(`${functionName}: version ${number} answers after ${Math.round(performance.now() - begin)} ms`);
  return tried;
}

/** What never served is nothing to go back to. */
async function dropNew(
  client: LambdaClient,
  functionName: string,
  number: string | undefined,
  log: UpdateShell['log'],
): Promise<void> {
  if (number === undefined) return;
  const { DeleteFunctionCommand } = await import('@aws-sdk/client-lambda');
  await client
    .send(new DeleteFunctionCommand({ FunctionName: functionName, Qualifier: number }))
    .catch((error: Error) => log(`${functionName}: version ${number} stays behind: ${error.message}`));
}

/** Card and health, where an update before this one could not set them. */
async function saidAnew(config: AwsConfig, api: ApiStage, version: string | undefined): Promise<Switched> {
  if (version === undefined || (await saidVersion(config, api)) === version) return {};
  const said = await sayVersion(config, api, version);
  return said.ok ? {} : { unsaid: said.error };
}
