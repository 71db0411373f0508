/**
 * The images of a deployment in the repository that all deployments of an account and region share.
 *
 * Each deployment pushes under tags of its own, also an image that another one has pushed already, and removes only these: an
 * image goes with its last tag (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchDeleteImage.html). So it
 * needs to know nothing of the functions of others to keep what they run, unless they have its name.
 */
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { cancelled, ok, type Outcome } from '../../shared/outcome.ts';
import type { DeploymentKey } from '../../shared/spec.ts';
import type { AwsConfig } from './aws.ts';
import { orAbsent } from './errors.ts';
import { askingFunction } from './function-errors.ts';
import { levelOf } from './level.ts';
import { removeImages, type StoredImage } from './repository.ts';
import type { UpdateShell } from './set-code.ts';
import { ghosts } from './status.ts';
import { imageOf, listVersions, versionsOf, type FunctionVersion } from './versions.ts';

/** How many images one can go back to, the one that serves among them as a rule. */
export const KEPT_IMAGES = 3;
/** A deploy from another machine may be between its push and its function. */
const YOUNG_MS = 3_600_000;

export interface Prune {
  stackName: string;
  functionName: string;
  /** What the tags of the deployment begin with, and those of no other. */
  tagsBegin: string;
  /** Only what was pushed before. Default: an hour ago. */
  pushedBefore?: Date;
}

export interface PrunedImages {
  /** Tags that were removed, and with them the images that have no other. */
  tags: string[];
  /** Versions of the function that were deleted. */
  versions: string[];
}

/**
 * Removes what is too old to go back to: of the deployment's own tags and of its function's versions those whose image is none
 * of the last `KEPT_IMAGES` that versions were published of, serves not, is not what the function itself has (`$LATEST`) and
 * not what the stack would go back to where an update fails. Errors: as of `levelOf`.
 */
export function pruneImages(
  config: AwsConfig,
  { stackName, functionName, tagsBegin, pushedBefore = new Date(Date.now() - YOUNG_MS) }: Prune,
  { log, signal }: UpdateShell,
): Promise<Outcome<PrunedImages>> {
  return askingFunction<PrunedImages>(functionName, signal, async () => {
    const { LambdaClient, DeleteFunctionCommand } = await import('@aws-sdk/client-lambda');
    const client = new LambdaClient(config);
    const [versions, level] = await Promise.all([
      versionsOf(config, { functionName }, signal),
      levelOf(config, { stackName, functionName }, signal),
    ]);
    if (!versions.ok) return versions;
    if (!level.ok) return level;
    const kept = new Set(lastImages(versions.value));
    kept.add(level.value.live.digest).add(level.value.stack.digest);
    kept.add((await imageOf(client, functionName, '$LATEST', signal)).digest);
    // A description can be written by anybody. What AWS Lambda says of the versions that stay has the last word.
    const staying = versions.value.filter(({ digest }) => kept.has(digest));
    for (const { digest } of await Promise.all(
      staying.map(({ number }) => imageOf(client, functionName, number, signal)),
    )) {
      kept.add(digest);
    }
    const numbers = versions.value.filter(({ digest, live }) => !live && !kept.has(digest)).map(({ number }) => number);
    // Versions first: one without its image could be gone back to.
    for (const number of numbers) {
      if (signal.aborted) return cancelled();
      await client.send(new DeleteFunctionCommand({ FunctionName: functionName, Qualifier: number }));
      log(`${functionName}: version ${number} deleted`);
    }
    if (signal.aborted) return cancelled();
    const removed = await removeImages(
      config,
      tagsBegin,
      ({ digest, pushedAt }) => !kept.has(digest) && pushedAt !== undefined && pushedAt < pushedBefore,
    );
    if (!removed.ok) return removed;
    const { tags, left } = removed.value;
    for (const tag of tags) log(`${tag} removed`);
    // They are tried again with the next deploy.
    for (const { tag, reason } of left) log(`${tag} stays: ${reason}`);
    return ok({ tags, versions: numbers });
  });
}

function lastImages(versions: readonly FunctionVersion[]): string[] {
  return [...new Set(versions.map(({ digest }) => digest))].slice(0, KEPT_IMAGES);
}

/**
 * Which images with a deployment's tags go with a stack of it: all, unless another stack of the account and region, as that of
 * another project, is of a deployment of this name. Then those that its own function has and none of the others'. To be asked
 * before the stack is deleted. Errors: as of `ghosts` and of `askingFunction`.
 */
export async function imagesToGo(
  config: AwsConfig,
  stackName: string,
  { model, deployment }: DeploymentKey,
): Promise<Outcome<(image: Pick<StoredImage, 'digest'>) => boolean>> {
  const found = await ghosts(config, [stackName]);
  if (!found.ok) return found;
  const others = found.value.filter((one) => one.model === model && one.deployment === deployment);
  if (others.length === 0) return ok(() => true);
  // A function is called as its stack.
  return askingFunction(stackName, undefined, async () => {
    const { LambdaClient } = await import('@aws-sdk/client-lambda');
    const client = new LambdaClient(config);
    const own = new Set(await imagesIn(client, stackName));
    for (const { stack } of others) for (const digest of await imagesIn(client, stack)) own.delete(digest);
    return ok(({ digest }) => own.has(digest));
  });
}

/** Digests of what a function and its versions run; none where there is no function. */
async function imagesIn(client: LambdaClient, functionName: string): Promise<string[]> {
  const versions = (await orAbsent(listVersions(client, functionName))) ?? [];
  const numbers = ['$LATEST', ...versions.map(({ Version: number = '' }) => number)];
  const images = await Promise.all(numbers.map((number) => orAbsent(imageOf(client, functionName, number))));
  return images.flatMap((image) => image?.digest ?? []);
}
