/** What there is of a run in the account, and how each thing of it is removed. */
import {
  APIGatewayClient,
  DeleteApiKeyCommand,
  DeleteRestApiCommand,
  DeleteUsagePlanCommand,
  paginateGetApiKeys,
  paginateGetRestApis,
  paginateGetUsagePlans,
} from '@aws-sdk/client-api-gateway';
import { CloudFormationClient, DeleteStackCommand, paginateDescribeStacks } from '@aws-sdk/client-cloudformation';
import {
  CloudWatchLogsClient,
  DeleteLogGroupCommand,
  paginateDescribeLogGroups,
} from '@aws-sdk/client-cloudwatch-logs';
import { ECRClient, paginateDescribeImages } from '@aws-sdk/client-ecr';
import { IAMClient, ListRoleTagsCommand, paginateListRoles } from '@aws-sdk/client-iam';
import { DeleteFunctionCommand, LambdaClient, paginateListFunctions } from '@aws-sdk/client-lambda';
import { TAGS } from '../../../infra/app/published.ts';
import type { AwsConfig } from '../../../src/core/cloud/aws.ts';
import { removeImages } from '../../../src/core/cloud/repository.ts';
import { IMAGES } from '../../../src/core/cloud/stack.ts';
import { bootstrapRoleName, modelPrefix, ROLE_PATH, ROLE_TAGS, roleName, stackPrefix } from './names.ts';
import { removeRole } from './role.ts';

/** One thing of a run. */
export interface Leftover {
  kind: 'stack' | 'function' | 'REST API' | 'usage plan' | 'API key' | 'log group' | 'images' | 'role';
  name: string;
  /** Where AWS's console shows it. */
  link: string;
  /** Of a stack: what CloudFormation says of it. */
  status?: string;
  /** A stack is gone some time after it. */
  remove(): Promise<unknown>;
}

/** A run as its role tells of it. */
export interface FoundRun {
  run: string;
  region: string;
  until: Date;
  /** Whether it made the repository of images. */
  madeImages: boolean;
}

/** All runs of which the account still has something, in whatever region: the role of each goes last. */
export async function findRuns(config: AwsConfig): Promise<FoundRun[]> {
  const client = new IAMClient(config);
  const found: FoundRun[] = [];
  for await (const { Roles: roles = [] } of paginateListRoles({ client }, { PathPrefix: ROLE_PATH })) {
    for (const { RoleName: name } of roles) {
      const { Tags: tags = [] } = await client.send(new ListRoleTagsCommand({ RoleName: name }));
      const tag = (key: string): string | undefined => tags.find(({ Key }) => Key === key)?.Value;
      const run = tag(ROLE_TAGS.run);
      const region = tag(ROLE_TAGS.region);
      if (run === undefined || region === undefined) continue;
      const until = new Date(tag(ROLE_TAGS.until) ?? 0);
      found.push({ run, region, until, madeImages: tag(ROLE_TAGS.madeImages) === 'yes' });
    }
  }
  return [...new Map(found.map((one) => [one.run, one])).values()];
}

/**
 * Only what has both a name and a tag of this run, where it can have a tag. The stacks come first, what they were made of
 * after them: that is there only where a stack was deleted and left it. The roles come last.
 */
export async function leftoversOf(config: AwsConfig, run: string): Promise<Leftover[]> {
  return [
    ...(await stacks(config, run)),
    ...(await functions(config, run)),
    ...(await apis(config, run)),
    ...(await logGroups(config, run)),
    ...(await images(config, run)),
    ...(await roles(config, run)),
  ];
}

const isOf = (run: string, tags: Record<string, string> | undefined): boolean =>
  tags?.[TAGS.model]?.startsWith(modelPrefix(run)) === true;

function linkTo({ region }: AwsConfig, page: string): string {
  return `https://${region}.console.aws.amazon.com/${page}`;
}

async function stacks(config: AwsConfig, run: string): Promise<Leftover[]> {
  const client = new CloudFormationClient(config);
  const found: Leftover[] = [];
  for await (const page of paginateDescribeStacks({ client }, {})) {
    for (const { StackName: name = '', StackId: id = '', StackStatus: status = '', Tags = [] } of page.Stacks ?? []) {
      const tags = Object.fromEntries(Tags.map(({ Key, Value }) => [Key!, Value!]));
      // A change set that was never executed leaves a stack that has no tags yet.
      if (!name.startsWith(stackPrefix(run)) || !(isOf(run, tags) || status === 'REVIEW_IN_PROGRESS')) continue;
      found.push({
        kind: 'stack',
        name,
        status,
        link: linkTo(config, `cloudformation/home#/stacks/stackinfo?stackId=${encodeURIComponent(id)}`),
        remove: () => client.send(new DeleteStackCommand({ StackName: id })),
      });
    }
  }
  return found;
}

async function functions(config: AwsConfig, run: string): Promise<Leftover[]> {
  const client = new LambdaClient(config);
  const found: Leftover[] = [];
  for await (const { Functions: page = [] } of paginateListFunctions({ client }, {})) {
    for (const { FunctionName: name = '' } of page) {
      if (!name.startsWith(stackPrefix(run))) continue;
      const link = linkTo(config, `lambda/home#/functions/${name}`);
      const remove = () => client.send(new DeleteFunctionCommand({ FunctionName: name }));
      found.push({ kind: 'function', name, link, remove });
    }
  }
  return found;
}

async function apis(config: AwsConfig, run: string): Promise<Leftover[]> {
  const client = new APIGatewayClient(config);
  const found: Leftover[] = [];
  interface Item {
    id?: string | undefined;
    name?: string | undefined;
    tags?: Record<string, string> | undefined;
  }
  const add = (
    kind: Leftover['kind'],
    page: string,
    items: Item[],
    removeId: (id: string) => Promise<unknown>,
  ): void => {
    for (const { id = '', name = '', tags } of items) {
      if (!name.startsWith(stackPrefix(run)) || !isOf(run, tags)) continue;
      found.push({ kind, name, link: linkTo(config, `apigateway/main/${page}`), remove: () => removeId(id) });
    }
  };
  for await (const { items = [] } of paginateGetRestApis({ client }, {})) {
    add('REST API', 'apis', items, (restApiId) => client.send(new DeleteRestApiCommand({ restApiId })));
  }
  for await (const { items = [] } of paginateGetUsagePlans({ client }, {})) {
    add('usage plan', 'usage-plans', items, (usagePlanId) => client.send(new DeleteUsagePlanCommand({ usagePlanId })));
  }
  for await (const { items = [] } of paginateGetApiKeys({ client }, { nameQuery: stackPrefix(run) })) {
    add('API key', 'api-keys', items, (apiKey) => client.send(new DeleteApiKeyCommand({ apiKey })));
  }
  return found;
}

/** A function that still answers when its stack is deleted makes its log group anew, without a tag. */
async function logGroups(config: AwsConfig, run: string): Promise<Leftover[]> {
  const client = new CloudWatchLogsClient(config);
  const found: Leftover[] = [];
  const prefix = { logGroupNamePrefix: `/aws/lambda/${stackPrefix(run)}` };
  for await (const { logGroups: page = [] } of paginateDescribeLogGroups({ client }, prefix)) {
    for (const { logGroupName: name = '' } of page) {
      const link = linkTo(config, `cloudwatch/home#logsV2:log-groups/log-group/${encodeURIComponent(name)}`);
      const remove = () => client.send(new DeleteLogGroupCommand({ logGroupName: name }));
      found.push({ kind: 'log group', name, link, remove });
    }
  }
  return found;
}

async function images(config: AwsConfig, run: string): Promise<Leftover[]> {
  const tags = (await imageTags(config)).filter((tag) => tag.startsWith(modelPrefix(run)));
  if (tags.length === 0) return [];
  const remove = async (): Promise<void> => {
    const removed = await removeImages(config, modelPrefix(run));
    if (!removed.ok) throw new Error(`${removed.error.what} ${removed.error.why ?? ''}`);
  };
  const name = tags.map((tag) => `${IMAGES.repository}:${tag}`).join(', ');
  return [{ kind: 'images', name, link: linkTo(config, `ecr/private-registry/repositories`), remove }];
}

/** Of all images in the repository, of whatever deployment. */
async function imageTags(config: AwsConfig): Promise<string[]> {
  const client = new ECRClient(config);
  const tags: string[] = [];
  try {
    for await (const page of paginateDescribeImages({ client }, { repositoryName: IMAGES.repository })) {
      // One without a tag counts too: it is somebody's.
      for (const image of page.imageDetails ?? []) tags.push(...(image.imageTags ?? ['']));
    }
  } catch (error) {
    if ((error as Error).name !== 'RepositoryNotFoundException') throw error;
  }
  return tags;
}

/** The stack of the repository, where the run made it and nothing is in it: whoever else pushed there keeps it. */
export async function unusedRepository(config: AwsConfig): Promise<Leftover | undefined> {
  const client = new CloudFormationClient(config);
  for await (const page of paginateDescribeStacks({ client }, {})) {
    const stack = page.Stacks?.find(({ StackName: name }) => name === IMAGES.stack);
    if (!stack) continue;
    if ((await imageTags(config)).length > 0) return undefined;
    const link = linkTo(config, `cloudformation/home#/stacks/stackinfo?stackId=${encodeURIComponent(stack.StackId!)}`);
    const remove = () => client.send(new DeleteStackCommand({ StackName: stack.StackId }));
    return { kind: 'stack', name: IMAGES.stack, status: stack.StackStatus ?? '', link, remove };
  }
  return undefined;
}

/**
 * Names of its roles; the one that tells of the run comes last. IAM is asked which there are: to whom it allows only roles of
 * this path it refuses what is asked of a role that is not there, whose path it does not know.
 */
export async function rolesOf(config: AwsConfig, run: string): Promise<string[]> {
  const client = new IAMClient(config);
  const found = new Set<string | undefined>();
  for await (const { Roles: page = [] } of paginateListRoles({ client }, { PathPrefix: ROLE_PATH })) {
    for (const { RoleName: name } of page) found.add(name);
  }
  return [bootstrapRoleName(run), roleName(run)].filter((name) => found.has(name));
}

async function roles(config: AwsConfig, run: string): Promise<Leftover[]> {
  const names = await rolesOf(config, run);
  return names.map((name) => ({
    kind: 'role',
    name,
    link: `https://console.aws.amazon.com/iam/home#/roles/details/${name}`,
    remove: () => removeRole(config, name),
  }));
}
