/**
 * The images of a deployment in the repository that all deployments of an account and region share.
 *
 * Each deployment pushes under tags of its own, also an image that another one has pushed already, and removes only these: an
 * image goes with its last tag (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchDeleteImage.html). So it
 * needs to know nothing of the functions of others to keep what they run.
 */
import type { ImageIdentifier } from '@aws-sdk/client-ecr';
import { ok, type Outcome } from '../../shared/outcome.ts';
import type { FoundLogin } from '../image/credentials.ts';
import type { AwsConfig } from './aws.ts';
import { asking } from './errors.ts';
import { askingFunction } from './function-errors.ts';
import { levelOf } from './level.ts';
import type { UpdateShell } from './set-code.ts';
import { imageOf, versionsOf, type FunctionVersion } from './versions.ts';

/** How many images one can go back to, the one that serves among them as a rule. */
export const KEPT_IMAGES = 3;
/** A deploy from another machine may be between its push and its function. */
const YOUNG_MS = 3_600_000;
/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchDeleteImage.html */
const MOST_AT_ONCE = 100;
const DIGITS = 12;

/** For twelve hours: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_AuthorizationData.html */
export interface RepositoryLogin extends FoundLogin {
  /** `123456789012.dkr.ecr.eu-west-1.amazonaws.com`: of the caller's account. */
  registry: string;
}

/** Credentials for a push, as `pushImage` takes them. Errors: as of `asking`. */
export function ecrLogin(config: AwsConfig): Promise<Outcome<RepositoryLogin>> {
  return asking<RepositoryLogin>(async () => {
    const { ECRClient, GetAuthorizationTokenCommand } = await import('@aws-sdk/client-ecr');
    const { authorizationData: [data] = [] } = await new ECRClient(config).send(new GetAuthorizationTokenCommand({}));
    const registry = data?.proxyEndpoint?.replace(/^https?:\/\//, '');
    const pair = Buffer.from(data?.authorizationToken ?? '', 'base64').toString();
    const colon = pair.indexOf(':');
    if (registry === undefined || colon === -1) throw new Error('ECR gave no credentials');
    const login = { username: pair.slice(0, colon), password: pair.slice(colon + 1), serveraddress: registry };
    return ok({ registry, login, from: 'Amazon ECR' });
  });
}

/**
 * Of a deployment's image: `nimbus-sentiment-prod.1f0c3b7a9d2e.9ab2c4d6e8f0`. With the image's id in it, a tag never moves to another image,
 * which would leave one behind that no tag leads to. `version` is of the model, `image` the id on the engine (`sha256:…`).
 */
export function imageTag({ stackName, version, image }: { stackName: string; version: string; image: string }): string {
  return `${tagsOf(stackName)}${version.slice(0, DIGITS)}.${image.replace('sha256:', '').slice(0, DIGITS)}`;
}

/** Names of stacks have no dot, so no deployment's tags begin as those of another. */
function tagsOf(stackName: string): string {
  return `${stackName}.`;
}

export interface Prune {
  stackName: string;
  functionName: string;
  repository: string;
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
  { stackName, functionName, repository, pushedBefore = new Date(Date.now() - YOUNG_MS) }: Prune,
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
      if (signal.aborted) break;
      await client.send(new DeleteFunctionCommand({ FunctionName: functionName, Qualifier: number }));
      log(`${functionName}: version ${number} deleted`);
    }
    const tags = await removeTags(config, { stackName, repository, pushedBefore, kept }, signal);
    if (!tags.ok) return tags;
    for (const tag of tags.value) log(`${repository}: ${tag} removed`);
    return ok({ tags: tags.value, versions: numbers });
  });
}

/** Removes all tags of a deployment that is gone. Errors: as of `asking`. */
export function removeImages(
  config: AwsConfig,
  { stackName, repository }: Pick<Prune, 'stackName' | 'repository'>,
  { signal }: Pick<UpdateShell, 'signal'>,
): Promise<Outcome<string[]>> {
  const all = { stackName, repository, pushedBefore: undefined, kept: new Set<string>() };
  return asking(() => removeTags(config, all, signal));
}

function lastImages(versions: readonly FunctionVersion[]): string[] {
  return [...new Set(versions.map(({ digest }) => digest))].slice(0, KEPT_IMAGES);
}

/** There are none where the repository is gone. */
async function removeTags(
  config: AwsConfig,
  {
    stackName,
    repository,
    pushedBefore,
    kept,
  }: Pick<Prune, 'stackName' | 'repository'> & { pushedBefore: Date | undefined; kept: ReadonlySet<string> },
  signal: AbortSignal,
): Promise<Outcome<string[]>> {
  const { BatchDeleteImageCommand, ECRClient, paginateDescribeImages } = await import('@aws-sdk/client-ecr');
  const client = new ECRClient(config);
  const old: string[] = [];
  try {
    const filter = { tagStatus: 'TAGGED' } as const;
    const pages = paginateDescribeImages({ client }, { repositoryName: repository, filter }, { abortSignal: signal });
    for await (const { imageDetails = [] } of pages) {
      for (const { imageDigest = '', imageTags = [], imagePushedAt } of imageDetails) {
        if (kept.has(imageDigest)) continue;
        if (pushedBefore && !(imagePushedAt && imagePushedAt < pushedBefore)) continue;
        old.push(...imageTags.filter((tag) => tag.startsWith(tagsOf(stackName))));
      }
    }
  } catch (error) {
    if ((error as Error).name !== 'RepositoryNotFoundException') throw error;
    return ok([]);
  }
  for (let from = 0; from < old.length; from += MOST_AT_ONCE) {
    const imageIds = old.slice(from, from + MOST_AT_ONCE).map((imageTag): ImageIdentifier => ({ imageTag }));
    await client.send(new BatchDeleteImageCommand({ repositoryName: repository, imageIds }), { abortSignal: signal });
  }
  return ok(old);
}
