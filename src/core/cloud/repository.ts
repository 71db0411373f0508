/** The repository of images in ECR: made once per account and region, logged in to, tidied by tags. */
import type { FoundLogin } from '../image/credentials.ts';
import type { Shell } from '../shell.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { AwsConfig } from './aws.ts';
import { asking } from './errors.ts';
import { IMAGES } from './stack.ts';

/** BatchDeleteImage takes so many: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchDeleteImage.html */
const DELETED_AT_ONCE = 100;

/** Its URI; `make` deploys its stack where there is none. Errors: as of `awsFailure` and of `make`. */
export async function ensureRepository(
  config: AwsConfig,
  shell: Shell,
  make: () => Promise<Outcome<unknown>>,
): Promise<Outcome<string>> {
  const there = await findRepository(config);
  if (!there.ok) return there;
  if (there.value !== undefined) {
    shell.stage('repository', { detail: 'there already', state: 'skipped' });
    return ok(there.value);
  }
  const made = await make();
  if (!made.ok) return made;
  const now = await findRepository(config);
  if (!now.ok) return now;
  if (now.value !== undefined) return ok(now.value);
  return fail('no-repository', `There is no repository ${IMAGES.repository} in ${config.region}.`, {
    why: `The stack ${IMAGES.stack} is there, and what it made was deleted elsewhere.`,
    next: `Delete the stack ${IMAGES.stack}, and deploy again.`,
  });
}

/** `undefined` where there is none. */
export async function findRepository(config: AwsConfig): Promise<Outcome<string | undefined>> {
  return asking(async () => {
    const { DescribeRepositoriesCommand, ECRClient } = await import('@aws-sdk/client-ecr');
    try {
      const command = new DescribeRepositoriesCommand({ repositoryNames: [IMAGES.repository] });
      const { repositories = [] } = await new ECRClient(config).send(command);
      return ok(repositories[0]?.repositoryUri);
    } catch (error) {
      if ((error as Error).name === 'RepositoryNotFoundException') return ok(undefined);
      throw error;
    }
  });
}

/** Credentials for pushes, of twelve hours: https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html */
export async function loginTo(config: AwsConfig, repository: string): Promise<Outcome<FoundLogin>> {
  return asking(async () => {
    const { ECRClient, GetAuthorizationTokenCommand } = await import('@aws-sdk/client-ecr');
    const { authorizationData = [] } = await new ECRClient(config).send(new GetAuthorizationTokenCommand({}));
    const token = Buffer.from(authorizationData[0]?.authorizationToken ?? '', 'base64').toString();
    const colon = token.indexOf(':');
    const serveraddress = repository.slice(0, repository.indexOf('/'));
    const login = { username: token.slice(0, colon), password: token.slice(colon + 1), serveraddress };
    return ok({ login, from: 'AWS' });
  });
}

/** An image in the repository. */
export interface StoredImage {
  /** `sha256:…` */
  digest: string;
  pushedAt: Date | undefined;
}

export interface RemovedImages {
  /** Tags that went. */
  tags: string[];
  /** Tags that ECR did not let go, and why. */
  left: { tag: string; reason: string }[];
}

/**
 * Removes the tags that begin so, of all images or of some, and says which. An image goes with the last of its tags; what ECR
 * refuses of one it says in an answer that succeeds
 * (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchDeleteImage.html).
 */
export async function removeImages(
  config: AwsConfig,
  tagsBegin: string,
  which: (image: StoredImage) => boolean = () => true,
): Promise<Outcome<RemovedImages>> {
  return asking(async () => {
    const { BatchDeleteImageCommand, ECRClient, paginateDescribeImages } = await import('@aws-sdk/client-ecr');
    const client = new ECRClient(config);
    const tags: string[] = [];
    try {
      const filter = { tagStatus: 'TAGGED' } as const;
      const pages = paginateDescribeImages({ client }, { repositoryName: IMAGES.repository, filter });
      for await (const { imageDetails = [] } of pages) {
        for (const { imageDigest: digest = '', imageTags = [], imagePushedAt: pushedAt } of imageDetails) {
          if (which({ digest, pushedAt })) tags.push(...imageTags.filter((tag) => tag.startsWith(tagsBegin)));
        }
      }
    } catch (error) {
      if ((error as Error).name === 'RepositoryNotFoundException') return ok({ tags: [], left: [] });
      throw error;
    }
    const left: RemovedImages['left'] = [];
    for (let at = 0; at < tags.length; at += DELETED_AT_ONCE) {
      const imageIds = tags.slice(at, at + DELETED_AT_ONCE).map((imageTag) => ({ imageTag }));
      const command = new BatchDeleteImageCommand({ repositoryName: IMAGES.repository, imageIds });
      for (const { imageId, failureCode, failureReason } of (await client.send(command)).failures ?? []) {
        // Somebody else was faster.
        if (failureCode === 'ImageNotFound') continue;
        left.push({ tag: imageId?.imageTag ?? '', reason: failureReason ?? failureCode ?? 'ECR does not say why.' });
      }
    }
    const kept = new Set(left.map(({ tag }) => tag));
    return ok({ tags: tags.filter((tag) => !kept.has(tag)), left });
  });
}
