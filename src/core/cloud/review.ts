/** What a deploy to AWS would do, looked up before anything is done. */
import type { Stack } from '@aws-sdk/client-cloudformation';
import { PARAMETERS } from '../../../infra/app/parameters.ts';
import { IMAGE_LIMIT_BYTES } from '../image/report.ts';
import { formatBytes } from '../../shared/bytes.ts';
import { formatMs } from '../../shared/latency.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { DeploymentSpec } from '../../shared/spec.ts';
import type { Operation, Rehearsal } from '../../shared/states.ts';
import { functionName } from '../models/function-name.ts';
import type { CloudPlan, DeployPlan, RehearsePlan } from '../targets/plan.ts';
import type { CloudAccount } from './account.ts';
import { awsConfig, type AwsConfig } from './aws.ts';
import { bootstrapHinders, bootstrapOf, type Bootstrap } from './bootstrap.ts';
import { asking } from './errors.ts';
import { pushSize, pushText, type PushSize } from './layers.ts';
import { findRepository } from './repository.ts';
import { BOOTSTRAP_STACK, canRotateKey, describeStack, IMAGES, parameterOf } from './stack.ts';

/**
 * AWS Lambda ends an initialisation after 10 s and begins it again within the first request, and API Gateway waits 29 s: what
 * comes near either here will not answer there. See `INIT_MS` of the host's settings, and `GATEWAY_SECONDS` of `infra/app`.
 */
const MOST_INIT_MS = 8000;
const MOST_ANSWER_MS = 25_000;

export interface CloudReview {
  account: CloudAccount;
  stack: string;
  /** This very version serves, with this very configuration. */
  isServed: boolean;
  /** What becomes of the stack. `failed-before`: a first deploy left it, and it is deleted first. */
  kind: 'create' | 'update' | 'failed-before' | 'busy';
  /** What will be created or changed, a line each. */
  changes: string[];
  /** Of the image; unset where nothing is pushed, or its layers are not known. */
  push?: PushSize;
  /** What speaks against it: nothing is deployed. */
  stops: string[];
  plan: CloudPlan;
}

/** Errors: as of `awsFailure` and `bootstrapHinders`; the stack is of something else. */
async function reviewDeploy(
  account: CloudAccount,
  { stack, spec, rehearsal }: { stack: string; spec: Omit<DeploymentSpec, 'target'>; rehearsal: Rehearsal },
): Promise<Outcome<CloudReview>> {
  const { region, variables } = account;
  return asking(async () => {
    const config = await awsConfig(region, variables);
    const [own, toolkit, repository] = await Promise.all([
      describeStack(config, stack),
      describeStack(config, BOOTSTRAP_STACK),
      findRepository(config),
    ]);
    const bootstrap = bootstrapOf(toolkit);
    const hindered = bootstrapHinders(toolkit);
    if (hindered) return { ok: false, error: hindered };
    if (!repository.ok) return repository;
    const kind = kindOf(own);
    if (kind !== 'create' && spec.stack === undefined) return foreign(stack, account);
    const isOurs = own !== undefined && kind === 'update' && (await isServedFromHere(config, own, rehearsal));
    const auth = spec.auth ?? 'key';
    const changed = isOurs
      ? rehearsal.changes
      : kind === 'update'
        ? await changedElsewhere(config, stack, rehearsal)
        : [];
    const isOld = isOurs && auth === 'key' && !canRotateKey(own);
    const added = isOld ? ['its API key can be replaced from then on'] : [];
    const isCodeOnly = isOurs && !isOld && changed?.length === 0;
    const { layers } = rehearsal;
    const push = layers && (await pushSize(config, layers, repository.value !== undefined));
    const changes = [
      ...bootstrapLines(bootstrap),
      ...(repository.value === undefined
        ? [`+ the image repository ${IMAGES.repository}, once: the stack ${IMAGES.stack}`]
        : []),
      ...(kind === 'failed-before' ? [`- what an earlier deploy left of the stack ${stack}`] : []),
      ...(kind === 'busy' ? [`… waits for what CloudFormation does with the stack ${stack} now`] : []),
      ...updated(stack, kind, isCodeOnly, [...(changed ?? []), ...added]),
      ...(kind === 'update' || kind === 'busy'
        ? []
        : [`+ the stack ${stack}: function with log and role, version and alias live, REST API, ${CALLERS[auth]}`]),
    ];
    return ok({
      account,
      stack,
      isServed: isOurs && !isOld && rehearsal.isDeployed === true,
      kind,
      changes,
      ...(push ? { push } : {}),
      stops: stopsOf(rehearsal),
      plan: {
        account: account.account,
        region,
        variables,
        rehearsal: rehearsal.id,
        isCreate: kind === 'create' || kind === 'failed-before' || own?.StackStatus === 'CREATE_IN_PROGRESS',
        isUpdate: kind === 'update',
        isCodeOnly,
        bootstrap: bootstrap.state !== 'good',
        replaceFailed: kind === 'failed-before',
      },
    });
  });
}

export interface Rehearsed {
  review: CloudReview;
  rehearsal: Rehearsal;
}

/** How the editor and the command line run the operation, and show that AWS is asked. */
export interface RehearsalPorts {
  run(plan: RehearsePlan): Promise<Outcome<Operation>>;
  review(work: () => Promise<Outcome<CloudReview>>): Promise<Outcome<CloudReview>>;
}

/**
 * Rehearses a deploy and reviews it. What was deployed from here last, and does not serve any more, is rehearsed again. Errors: as
 * of the operation and of `reviewDeploy`.
 */
export async function rehearse(
  account: CloudAccount,
  plan: DeployPlan,
  ports: RehearsalPorts,
  anyway = false,
): Promise<Outcome<Rehearsed>> {
  const access = { account: account.account, region: account.region, variables: account.variables };
  const tried = await ports.run({ ...plan, kind: 'rehearse', rehearses: plan.kind, access, anyway });
  if (!tried.ok) return tried;
  const rehearsal = tried.value.result as Rehearsal;
  const { deploymentSpec: spec } = plan;
  const stack = spec.stack ?? functionName(plan);
  const reviewed = await ports.review(() => reviewDeploy(account, { stack, spec, rehearsal }));
  if (!reviewed.ok) return reviewed;
  const review = reviewed.value;
  if (rehearsal.isDeployed && !review.isServed) return rehearse(account, plan, ports, true);
  return ok({ review, rehearsal });
}

/** What will happen, a line each. `locale` is BCP 47. */
export function planLines({ changes, push }: CloudReview, { image }: Rehearsal, locale = 'en'): string[] {
  const pushed = push ? pushText(push, locale) : 'only layers that the repository lacks are pushed';
  return [...changes, `+ the image, ${formatBytes(image.bytes, locale)} unpacked: ${pushed}`];
}

/** What speaks for it. `locale` is BCP 47. */
export function rehearsedText({ initMs, firstAnswerMs, memoryMb }: Rehearsal, locale = 'en'): string {
  const first = firstAnswerMs === undefined ? '' : `, first answer ${formatMs(firstAnswerMs, locale)}`;
  return `rehearsed with ${memoryMb} MB: initialisation ${formatMs(initMs, locale)}${first}`;
}

/** Where there are `stops`. */
export function wouldNotServe(model: string, { stops }: CloudReview): Outcome<never> {
  return fail('would-not-serve', `${model} would not answer on AWS Lambda, so nothing was deployed.`, {
    why: stops.join('\n'),
    next: 'Change that, and deploy again.',
  });
}

/**
 * Whether what serves is what was deployed from here last: somebody else may have deployed since, made the stack anew, or changed
 * it by hand.
 */
async function isServedFromHere(config: AwsConfig, own: Stack, { deployed }: Rehearsal): Promise<boolean> {
  if (!deployed) return false;
  // With the same image and the same API its configuration may be another: each update of a stack gives it a revision.
  const revision = parameterOf(own, PARAMETERS.revision);
  if (deployed.revision !== undefined && deployed.revision !== revision) return false;
  const { StackName: stack = '' } = own;
  const { cloudState } = await import('./status.ts');
  const found = await cloudState(config, { stack, functionName: stack });
  if (!found.ok) return false;
  const { digest, outputs, drifted } = found.value;
  // What was changed by hand is put right by an update of the stack alone.
  return digest === deployed.digest && outputs['ApiId'] === deployed.apiId && drifted === undefined;
}

/** What was deployed from here last says nothing of what is there; the stack itself does. */
async function changedElsewhere(config: AwsConfig, stack: string, rehearsal: Rehearsal): Promise<string[]> {
  const { configuration, deployed } = rehearsal;
  const { changedFields, stackConfiguration } = await import('./configuration.ts');
  const there = configuration && (await stackConfiguration(config, stack));
  return [
    ...(deployed ? ['it was changed elsewhere since it was deployed from here'] : []),
    ...(configuration && there ? changedFields(there, configuration) : []),
  ];
}

/** Where models.json does not have the stack that there is: it is a colleague's, of another project, or of another folder. */
function foreign(stack: string, { account, region }: CloudAccount): Outcome<never> {
  return fail(
    'stack-taken',
    `There is a stack ${stack} in account ${account}, ${region}, which this models.json does not have.`,
    {
      why: 'It may serve somebody else, and a deploy would replace what it serves.',
      next: `Take it over with nimbus adopt ${stack}, or deploy beside it under another name (--as NAME; in the editor: Deployment).`,
    },
  );
}

/** What a deploy does of CDK's bootstrap; nothing where it is good. */
function bootstrapLines(bootstrap: Bootstrap): string[] {
  switch (bootstrap.state) {
    case 'good':
      return [];
    case 'absent':
      return [`+ CDK's bootstrap of the account and region, once: the stack ${BOOTSTRAP_STACK} (a bucket and roles)`];
    case 'old': {
      const version = bootstrap.version === undefined ? 'of no known version' : `version ${bootstrap.version}`;
      return [
        `~ CDK's bootstrap, ${version} → newer: the stack ${BOOTSTRAP_STACK}, which deploys of others here use too`,
      ];
    }
    case 'broken':
      return [`~ CDK's bootstrap is repaired: the stack ${BOOTSTRAP_STACK} is ${bootstrap.status}`];
    default:
      return bootstrap satisfies never;
  }
}

/** What becomes of a stack that serves. */
function updated(stack: string, kind: CloudReview['kind'], isCodeOnly: boolean, changes: readonly string[]): string[] {
  if (kind !== 'update' && kind !== 'busy') return [];
  if (isCodeOnly) {
    return [
      `~ the code of the function ${stack} alone: a new version, which answers before the alias live moves to it`,
      `  The stack is not touched; before its next update it is told what serves.`,
    ];
  }
  return [
    `~ the stack ${stack}: a new version of the function, and its alias live`,
    ...changes.map((one) => `    ${one}`),
  ];
}

const CALLERS = {
  key: 'API key with a usage plan',
  iam: 'calls signed by IAM',
  none: 'calls by anybody',
} as const;

function kindOf(stack: Stack | undefined): CloudReview['kind'] {
  const status = stack?.StackStatus;
  if (status === undefined || status === 'REVIEW_IN_PROGRESS') return 'create';
  if (/^(ROLLBACK_|CREATE_FAILED|DELETE_FAILED)/.test(status)) return 'failed-before';
  return status.endsWith('_IN_PROGRESS') ? 'busy' : 'update';
}

function stopsOf({ initMs, firstAnswerMs = 0, memoryMb, image }: Rehearsal): string[] {
  const more = `It has ${memoryMb} MB: more memory brings more processor time (nimbus sweep shows which size pays).`;
  return [
    ...(initMs > MOST_INIT_MS
      ? [
          `Loading it took ${formatMs(initMs, 'en')} here under AWS Lambda's limits, which ends an initialisation after 10 s. ${more}`,
        ]
      : []),
    ...(firstAnswerMs > MOST_ANSWER_MS
      ? [`Its first answer took ${formatMs(firstAnswerMs, 'en')}, and API Gateway waits 29 s. ${more}`]
      : []),
    ...(image.bytes > IMAGE_LIMIT_BYTES
      ? [
          `The image has ${formatBytes(image.bytes, 'en')}, and AWS Lambda takes 10 GB. nimbus report shows what is in it.`,
        ]
      : []),
  ];
}
