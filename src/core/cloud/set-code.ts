/** Gives a function another image, and waits until AWS Lambda is done with it. */
import type { FunctionConfiguration, LambdaClient } from '@aws-sdk/client-lambda';
import { setTimeout as delay } from 'node:timers/promises';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { Shell } from '../shell.ts';
import { changedMeanwhile, isConflict } from './function-errors.ts';
import { abortable, readImage } from './versions.ts';

export type UpdateShell = Pick<Shell, 'log' | 'signal'>;

/**
 * It is looked at again after a tenth of the time that it took so far, so that at most a tenth is lost, within these bounds.
 * GetFunction may be called a hundred times a second, all other calls together fifteen times
 * (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
 */
const LEAST_MS = 50;
const MOST_MS = 1000;
/** As AWS's own waiters: https://github.com/boto/botocore/blob/develop/botocore/data/lambda/2015-03-31/waiters-2.json */
const DEADLINE_MS = 300_000;

export interface Settled {
  configuration: FunctionConfiguration;
  image: { digest: string; uri: string };
}

/**
 * Of `$LATEST`, which serves nobody. Nothing of the function's configuration changes: `infra/app/function.ts` says why. Its
 * architectures are handed over as they are, since without them AWS Lambda takes x86_64
 * (https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html). Errors: somebody else changes the function; as
 * of `settled`. Rejects where AWS refuses, and where `signal` aborts.
 */
export async function setCode(
  client: LambdaClient,
  { functionName, repositoryUri, digest }: { functionName: string; repositoryUri: string; digest: string },
  { log, signal }: UpdateShell,
): Promise<Outcome<Settled>> {
  const { GetFunctionConfigurationCommand, UpdateFunctionCodeCommand } = await import('@aws-sdk/client-lambda');
  const begin = performance.now();
  const { RevisionId, Architectures } = await client.send(
    new GetFunctionConfigurationCommand({ FunctionName: functionName }),
    abortable(signal),
  );
  let conflict: Error | undefined;
  try {
    const ImageUri = `${repositoryUri}@${digest}`;
    await client.send(
      new UpdateFunctionCodeCommand({
        FunctionName: functionName,
        ImageUri,
        RevisionId,
        Architectures,
        Publish: false,
      }),
      abortable(signal),
    );
  } catch (error) {
    if (!isConflict(error)) throw error;
    conflict = error as Error;
  }
  const code = await settled(client, { functionName }, signal);
  if (!code.ok) return code;
  // The SDK tries again after an answer that was lost: with the image there, it was its own first try that came before.
  if (code.value.image.digest !== digest) return changedMeanwhile(functionName, conflict?.message);
  log(`${functionName}: has the image after ${Math.round(performance.now() - begin)} ms`);
  return code;
}

/**
 * Until a function is updated, or a version is active (https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html).
 * Errors: AWS Lambda could not do it; not within five minutes. Rejects where `signal` aborts.
 */
export async function settled(
  client: LambdaClient,
  { functionName, qualifier }: { functionName: string; qualifier?: string },
  signal: AbortSignal,
): Promise<Outcome<Settled>> {
  const { GetFunctionCommand } = await import('@aws-sdk/client-lambda');
  const begin = performance.now();
  for (;;) {
    const { Configuration: configuration = {}, Code } = await client.send(
      new GetFunctionCommand({
        FunctionName: functionName,
        ...(qualifier === undefined ? {} : { Qualifier: qualifier }),
      }),
      abortable(signal),
    );
    const { State, StateReason, LastUpdateStatus, LastUpdateStatusReason } = configuration;
    const tookMs = performance.now() - begin;
    if (State === 'Failed' || LastUpdateStatus === 'Failed') {
      return notUpdated(functionName, LastUpdateStatus === 'Failed' ? LastUpdateStatusReason : StateReason);
    }
    if (State !== 'Pending' && LastUpdateStatus !== 'InProgress') {
      return ok({ configuration, image: readImage(Code?.ResolvedImageUri ?? Code?.ImageUri) });
    }
    if (tookMs > DEADLINE_MS) return notUpdated(functionName, `It is not ready after ${DEADLINE_MS / 60_000} minutes.`);
    await delay(Math.min(Math.max(tookMs / 10, LEAST_MS), MOST_MS), undefined, { signal });
  }
}

function notUpdated(functionName: string, why: string | undefined): Outcome<never> {
  return fail('update-failed', `AWS Lambda could not update ${functionName}.`, {
    ...(why ? { why } : {}),
    next: 'What serves was not touched. See the reason; where it names the image, push it again.',
  });
}
