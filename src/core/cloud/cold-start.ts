/** A cold start on demand, of a version of the function that is made for it and thrown away. */
import type { FunctionConfiguration, LambdaClient } from '@aws-sdk/client-lambda';
import { ALIAS } from '../../../infra/app/published.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { PlaygroundInput } from '../../shared/playground.ts';
import type { AwsConfig } from './aws.ts';
import { asking } from './errors.ts';
import { isConflict } from './function-errors.ts';
import { predictThroughInvoke } from './invoke.ts';
import type { CloudAnswer, CloudRequestOptions } from './predict.ts';
import { listVersions } from './versions.ts';
import { untilActive, warmUp } from './wake.ts';

/** Behind the function's description, for the moment in which the version is published. */
const MARK = ' [cold start]';
/** Of the version, so that one that a killed process left is known. */
const THROW_AWAY = 'Nimbus: thrown away after one cold start';

export interface ColdStartOptions extends CloudRequestOptions {
  /** How often AWS Lambda is asked whether it is ready, in ms. Default: 1,000. */
  pollMs?: number;
}

/**
 * Publishes a version of what `live` runs, asks it once, and deletes it: a new version has no environment yet. `live` stays
 * where it is, and its environments are as warm as before.
 *
 * AWS Lambda publishes only what differs from the version before (see `infra/app/function.ts`), so the description, which
 * changes nothing of what runs, is another one for that moment and then put back: the stack's next update finds what it
 * left. Each change names the revision that it was made for; where somebody else changes the function meanwhile, AWS refuses
 * it. What is published is `$LATEST`: where `live` was moved back to an older version, a cold start cannot be forced.
 *
 * Errors: as of `awsError`; somebody else changes the function; `live` runs an older version; the new one does not get ready.
 * What a prediction fails with is in the answer.
 */
export async function coldStart(
  config: AwsConfig,
  functionName: string,
  body: PlaygroundInput,
  options: ColdStartOptions = {},
): Promise<Outcome<CloudAnswer>> {
  return asking(async () => {
    const { LambdaClient } = await import('@aws-sdk/client-lambda');
    const client = new LambdaClient(config);
    const { onWait, pollMs, signal } = options;
    const patience = { ...(pollMs === undefined ? {} : { pollMs }), ...(signal ? { signal } : {}) };
    const woken = await warmUp(
      config,
      { functionName, qualifier: '$LATEST' },
      { ...patience, onWait: () => onWait?.({ kind: 'woken' }) },
    );
    if (!woken.ok) return woken;
    onWait?.({ kind: 'version' });
    const startedAt = performance.now();
    await removeForgotten(client, functionName);
    const published = await publish(client, functionName, options);
    if (!published.ok) return published;
    const qualifier = published.value;
    try {
      const ready = await untilActive(client, { FunctionName: functionName, Qualifier: qualifier }, patience);
      if (!ready.ok) return ready;
      const publishedMs = performance.now() - startedAt;
      onWait?.(undefined);
      const answer = await predictThroughInvoke(config, { functionName, qualifier }, body, options);
      return ok({ ...answer, publishedMs, ...(woken.value.waitedMs > 0 ? { wokenMs: woken.value.waitedMs } : {}) });
    } finally {
      await remove(client, functionName, qualifier);
    }
  }, config);
}

async function publish(
  client: LambdaClient,
  functionName: string,
  { pollMs, signal }: ColdStartOptions,
): Promise<Outcome<string>> {
  const lambda = await import('@aws-sdk/client-lambda');
  const named = { FunctionName: functionName };
  // What is begun is put back whoever cancels it.
  const patience = pollMs === undefined ? {} : { pollMs };
  const live = await client.send(new lambda.GetFunctionConfigurationCommand({ ...named, Qualifier: ALIAS }));
  const before = await untilActive(client, named, { ...patience, ...(signal ? { signal } : {}) });
  if (!before.ok) return before;
  if (live.CodeSha256 !== before.value.CodeSha256) {
    return fail('not-latest', 'A cold start can only be forced of what was deployed last.', {
      why: `live runs version ${live.Version}, which is older.`,
      next: 'Deploy again, then try again.',
    });
  }
  // A killed process may have left its mark.
  const description = (before.value.Description ?? '').replace(MARK, '');
  try {
    const marked = await describeAs(client, before.value, description + MARK, patience);
    if (!marked.ok) return marked;
    try {
      const command = new lambda.PublishVersionCommand({
        ...named,
        Description: THROW_AWAY,
        ...revisionOf(marked.value),
      });
      const { Version: version } = await client.send(command);
      // Without a difference Lambda answers with the version that is there.
      if (version === undefined || version === live.Version)
        throw new Error(`AWS Lambda published no version of ${functionName}`);
      return ok(version);
    } finally {
      const after = await untilActive(client, named, patience);
      if (after.ok && after.value.Description === description + MARK) {
        await describeAs(client, after.value, description, patience);
      }
    }
  } catch (error) {
    if (!isConflict(error)) throw error;
    return fail('in-progress', `Somebody else changes ${functionName} right now.`, { next: 'Wait, then try again.' });
  }
}

/** Answers with the configuration that it has then. */
async function describeAs(
  client: LambdaClient,
  now: FunctionConfiguration,
  description: string,
  patience: { pollMs?: number },
): Promise<Outcome<FunctionConfiguration>> {
  const { UpdateFunctionConfigurationCommand } = await import('@aws-sdk/client-lambda');
  const named = { FunctionName: now.FunctionName ?? '' };
  await client.send(new UpdateFunctionConfigurationCommand({ ...named, Description: description, ...revisionOf(now) }));
  return untilActive(client, named, patience);
}

function revisionOf({ RevisionId: id }: FunctionConfiguration): { RevisionId?: string } {
  return id === undefined ? {} : { RevisionId: id };
}

/** One of another process that runs now is younger. */
const FORGOTTEN_MS = 3_600_000;

async function removeForgotten(client: LambdaClient, functionName: string): Promise<void> {
  const found = await listVersions(client, functionName);
  for (const { Version: version = '', Description: description, LastModified: modified = '' } of found) {
    const isOld = Date.now() - new Date(modified).getTime() > FORGOTTEN_MS;
    if (description === THROW_AWAY && isOld) await remove(client, functionName, version);
  }
}

/** Lambda itself refuses it for a version that an alias names. Without a version the whole function would go. */
async function remove(client: LambdaClient, functionName: string, version: string): Promise<void> {
  if (!/^[1-9][0-9]*$/.test(version)) throw new TypeError(`${version} is no version of a function`);
  const { DeleteFunctionCommand } = await import('@aws-sdk/client-lambda');
  await client.send(new DeleteFunctionCommand({ FunctionName: functionName, Qualifier: version }));
}
