/** What the `lambda` target does: the image proves itself here, then goes to AWS, and answers there before it counts as deployed. */
import type { DeployerEvent, Ended, Outcome as DeployerOutcome } from '../../../infra/deployer/protocol.ts';
import { awsConfig, type AwsConfig } from '../cloud/aws.ts';
import type { DeployerClient } from '../cloud/deployer.ts';
import { firstAnswers } from '../cloud/first-answers.ts';
import { ensureRepository, loginTo } from '../cloud/repository.ts';
import { cloudStatusOf, IMAGES } from '../cloud/stack.ts';
import { editModels, removeDeployment, setDeployment, setModel } from '../models/edit.ts';
import { functionName } from '../models/function-name.ts';
import type { Shell } from '../shell.ts';
import type { CloudAccess, CloudPlan, DeployPlan, RehearsePlan, RemovePlan, RollbackPlan } from '../targets/plan.ts';
import { cancelled, CANCELLED, fail, ok, type Outcome } from '../../shared/outcome.ts';
import { keyText, type DeploymentKey, type DeploymentSpec } from '../../shared/spec.ts';
import type { CloudDeployed, CloudStatus, DeploymentStatus, Rehearsal, RolledBack } from '../../shared/states.ts';
import {
  changesOf,
  descriptionOf,
  imageTag,
  isDeployed,
  revisionNow,
  type Deploy,
  type RehearsedRecord,
} from './cloud-change.ts';
import { lookAt } from './cloud-look.ts';
import { tellProgress, type Deployers } from './deployers.ts';
import { imageStatus, type Deployment, type Surroundings } from './deployment.ts';
import { limitsOf } from './function-file.ts';
import type { Shipping } from './shipping.ts';
import type { StateFile } from './state.ts';
import type { Versions } from './versions.ts';

export const REHEARSE_STAGES = ['lock', 'snapshot', 'image', 'start', 'first answer'] as const;
export const ROLLBACK_STAGES = ['versions', 'alias'] as const;
export const CLOUD_REMOVE_STAGES = ['stack', 'images', 'models.json'] as const;

export interface CloudPorts {
  around: Surroundings;
  state: StateFile;
  versions: Versions;
  shipping: Shipping;
  deployers: Deployers;
  deployments: ReadonlyMap<string, Deployment>;
  add(key: { model: string; deployment: string }, declared: Deployment['declared']): Deployment;
  /** Forgets it, and what this machine keeps for it. */
  remove(key: { model: string; deployment: string }): Promise<void>;
  onChange(deployment: Deployment): void;
}

export class CloudOperations {
  readonly #ports: CloudPorts;

  constructor(ports: CloudPorts) {
    this.#ports = ports;
  }

  /** Builds the image, and has it answer here under AWS Lambda's limits. Errors: as of a deploy to Docker. */
  async rehearse(plan: RehearsePlan, shell: Shell): Promise<Outcome<Rehearsal>> {
    const { versions, state } = this.#ports;
    const deployed = state.state.deployments[keyText(plan)];
    const mark = state.markOf(JSON.stringify(Object.entries(plan.env).sort()));
    const isThere = (version: string): boolean => !plan.anyway && isDeployed(plan, version, mark, deployed);
    const made = await versions.rehearse(plan, isThere, shell);
    if (!made.ok) return made;
    if (made.value === 'there') {
      shell.stage('image', { state: 'skipped', detail: 'nothing has changed since the last deploy' });
      return ok({ ...deployed!.rehearsal!, isDeployed: true });
    }
    const { initMs, firstMs } = made.value;
    const record = { ...made.value.record, variablesMark: mark };
    const rehearsal: Rehearsal = {
      image: imageStatus(record.image),
      version: record.version,
      initMs,
      ...(firstMs === undefined ? {} : { firstAnswerMs: firstMs }),
      memoryMb: limitsOf(record.spec).memoryMb,
      ...(deployed?.cloud ? { changes: changesOf(record, deployed) } : {}),
    };
    const rehearsals = (state.state.rehearsals ??= {});
    rehearsals[keyText(plan)] = { ...record, rehearsal };
    await state.flush();
    return ok(rehearsal);
  }

  /** Deploys what was rehearsed last. A first one that fails or is cancelled leaves no stack, and no entry in models.json. */
  async deploy(plan: DeployPlan, shell: Shell): Promise<Outcome<CloudDeployed>> {
    const { state } = this.#ports;
    const { cloud } = plan;
    const record = state.state.rehearsals?.[keyText(plan)];
    if (!cloud || record?.version !== cloud.version || !record.image) {
      return fail('not-rehearsed', 'What was agreed to is not here any more.', {
        why: 'Another deploy of it was begun meanwhile, or cleaned up.',
        next: 'Deploy again.',
      });
    }
    const stack = plan.deploymentSpec.stack ?? functionName(plan);
    const declared = { ...plan.deploymentSpec, account: cloud.account, region: cloud.region, stack };
    shell.stage('declaration');
    const isFirst = state.state.deployments[keyText(plan)]?.cloud === undefined;
    const written = await this.#declare(plan, declared);
    if (!written.ok) return written;
    const done = await this.#deployDeclared({ plan, cloud, declared, record: record as RehearsedRecord, stack }, shell);
    if (done.ok) return done;
    // A stack that is half-made, or rolled back, is one that the next deploy must find.
    if (isFirst && plan.kind === 'deploy' && LEFT_NOTHING.has(done.error.code)) {
      await editModels(plan.project, removeDeployment(plan, { dropModel: plan.declared === null }));
    }
    return done;
  }

  async #declare(plan: DeployPlan, spec: DeploymentSpec): Promise<Outcome<unknown>> {
    const { model, deployment, project, declared } = plan;
    return editModels(project, setModel(model, plan.spec, declared), setDeployment({ model, deployment }, spec));
  }

  async #deployDeclared(deploy: Deploy, shell: Shell): Promise<Outcome<CloudDeployed>> {
    const { plan, cloud, declared, record, stack } = deploy;
    const config = await awsConfig(cloud.region, cloud.variables);
    const prepared = await this.#prepare(cloud, config, shell);
    if (!prepared.ok) return prepared;
    const pushed = await this.#push(deploy, prepared.value, config, shell);
    if (!pushed.ok) return pushed;
    const digest = pushed.value;
    const before = this.#ports.state.state.deployments[keyText(plan)]?.cloud;
    const isCodeOnly = before !== undefined && cloud.isUpdate && record.rehearsal?.changes?.length === 0;
    shell.stage('stack', { detail: isCodeOnly ? before.functionName : stack });
    const changed = isCodeOnly
      ? await this.#updateCode(deploy, { ...before, digest }, { config, repositoryUri: prepared.value }, shell)
      : await this.#deployLevel(deploy, { digest, config, repositoryUri: prepared.value }, shell);
    if (!changed.ok) return changed;
    const status = changed.value;

    shell.stage('first answer');
    const { card, spec, probe, version } = record;
    const answered = await firstAnswers({ config, cloud: status, spec, card, probe, version }, shell);
    // The stack is there all the same: what it is has to be known, or nobody could remove it.
    await this.#activate(deploy, status, answered.ok ? answered.value.answers : []);
    if (!answered.ok) return answered;
    await prune(config, status, imageTag(plan, ''), shell);
    shell.stage('models.json');
    const named = await this.#declare(plan, { ...declared, url: status.url });
    if (!named.ok) return named;
    return ok({ version, cloud: status, ...answered.value });
  }

  /** The account and region have what a first deploy needs: CDK's bootstrap and the repository. Its URI. */
  async #prepare(cloud: CloudPlan, config: AwsConfig, shell: Shell): Promise<Outcome<string>> {
    const { account, region } = cloud;
    shell.stage('bootstrap');
    if (cloud.bootstrap) {
      const made = await this.#withDeployer(cloud, 'bootstrap', shell, ({ api }) => api.bootstrap({ account, region }));
      if (!made.ok) return made;
      shell.stage('bootstrap', { detail: made.value === 'made' ? 'made' : 'there already' });
    } else shell.stage('bootstrap', { detail: 'there already', state: 'skipped' });
    if (shell.signal.aborted) return cancelled();
    shell.stage('repository');
    return ensureRepository(config, shell, async () => {
      const description = { stackName: IMAGES.stack, repository: IMAGES.repository, account, region };
      return this.#withDeployer(cloud, 'repository', shell, ({ api }) =>
        api.deploy({ what: { kind: 'repository', description }, replaceFailed: true }),
      );
    });
  }

  /** The digest of the manifest that ECR has. */
  async #push({ plan, record }: Deploy, repository: string, config: AwsConfig, shell: Shell): Promise<Outcome<string>> {
    shell.stage('push');
    const login = await loginTo(config, repository);
    if (!login.ok) return login;
    // Of one version there may be several images, as where a base is another: each keeps a tag, or no prune would find it.
    const tag = `${imageTag(plan, record.version)}.${record.image.id.slice(7, 19)}`;
    const registry = repository.slice(0, repository.indexOf('/'));
    const inStage: Shell = { ...shell, stage: (_name, change) => shell.stage('push', change) };
    const request = { image: record.image.id, target: { repository, tag, registry }, login: login.value };
    const pushed = await this.#ports.shipping.send(request, inStage);
    if (!pushed.ok) return pushed;
    const { reference, layers, sentLayers } = pushed.value;
    shell.stage('push', { detail: `${sentLayers} of ${layers} layers sent` });
    return ok(reference.slice(reference.indexOf('@') + 1));
  }

  /** The new version answers before it serves; the stack is not told. */
  async #updateCode(
    { record }: Deploy,
    cloud: CloudStatus,
    { config, repositoryUri }: Pick<Pushed, 'config' | 'repositoryUri'>,
    shell: Shell,
  ): Promise<Outcome<CloudStatus>> {
    const { updateCode } = await import('../cloud/update.ts');
    const { functionName, digest } = cloud;
    const { spec, version, probe } = record;
    const example = spec.examples?.[0] ?? probe;
    const update = { functionName, repositoryUri, digest, version, api: cloud, ...(example ? { example } : {}) };
    const updated = await updateCode(config, update, shell);
    if (!updated.ok) return updated;
    const { number, before, unsaid } = updated.value;
    if (unsaid) shell.log(`${unsaid.what} ${unsaid.why ?? ''}`);
    shell.stage('stack', { detail: `version ${number} in the place of ${before}, ahead of the stack` });
    return ok(cloud);
  }

  /** A stack that did not hear of what serves is told first: else a rollback would bring back what was before that. */
  async #deployLevel(deploy: Deploy, pushed: Pushed, shell: Shell): Promise<Outcome<CloudStatus>> {
    const { cloud, declared, stack } = deploy;
    const { config, digest } = pushed;
    if (cloud.isUpdate) {
      const level = await this.#level(deploy, pushed, shell);
      if (!level.ok) return level;
    }
    const outputs = await this.#deployStack(deploy, digest, shell);
    if (!outputs.ok) return outputs;
    const { endpoint } = config;
    return ok(cloudStatusOf(outputs.value, cloud, { stack, auth: declared.auth ?? 'key', digest, endpoint }));
  }

  async #level(
    { plan, cloud, stack }: Deploy,
    { config, repositoryUri }: Pushed,
    shell: Shell,
  ): Promise<Outcome<unknown>> {
    const { levelling, levelOf, straighten } = await import('../cloud/level.ts');
    const { account, region } = cloud;
    // The function has the stack's name, see `infra/app`.
    const level = await levelOf(config, { stackName: stack, functionName: stack }, shell.signal);
    if (!level.ok) return level;
    const straight = await straighten(config, { functionName: stack, repositoryUri, level: level.value }, shell);
    if (!straight.ok || level.value.state === 'level') return straight;
    shell.stage('stack', { detail: 'telling the stack what serves' });
    const parameters = levelling(level.value, revisionNow());
    if (!parameters.ok) return parameters;
    const request = { account, region, stackName: stack, ...parameters.value };
    const levelled = await this.#withDeployer(cloud, 'stack', shell, ({ api }) => api.level(request));
    if (levelled.ok) return levelled;
    // CloudFormation may have gone back to what the stack published last.
    const { rollBack } = await import('../cloud/update.ts');
    const api = this.#ports.state.state.deployments[keyText(plan)]?.cloud;
    if (api) await rollBack(config, { functionName: stack, to: level.value.live.number, api }, shell);
    return levelled;
  }

  /** The outputs of the stack. */
  async #deployStack(deploy: Deploy, digest: string, shell: Shell): Promise<Outcome<Record<string, string>>> {
    const { plan, cloud, stack } = deploy;
    const description = descriptionOf(deploy, digest);
    const request = {
      what: { kind: 'deployment' as const, description },
      variables: plan.env,
      replaceFailed: cloud.replaceFailed,
    };
    const ended = await this.#withDeployer(cloud, 'stack', shell, async ({ api }) => {
      const done = await api.deploy(request);
      if (done.ok || done.error.code !== 'in-progress') return done;
      // A deploy before this one was interrupted here, and goes on there.
      shell.log('something works on the stack already: waiting for its end');
      await api.follow({ account: cloud.account, region: cloud.region, stackName: stack });
      return api.deploy(request);
    });
    if (!ended.ok) return ended;
    return 'outputs' in ended.value ? ok(ended.value.outputs) : cancelled();
  }

  /** Cancelling reaches CloudFormation; a first stack that is half-made is deleted, as the plan said. */
  async #withDeployer<T>(
    access: CloudAccess,
    stage: string,
    shell: Shell,
    work: (client: DeployerClient) => Promise<DeployerOutcome<T>>,
  ): Promise<Outcome<T>> {
    const listener = (event: DeployerEvent): void => tellProgress(shell, stage, event);
    const ended = await this.#ports.deployers.use(access, listener, async (client) => {
      const cancel = (): void => void client.api.cancel({ deleteHalfMade: true });
      shell.signal.addEventListener('abort', cancel, { once: true });
      try {
        return await work(client);
      } finally {
        shell.signal.removeEventListener('abort', cancel);
      }
    });
    if (ended.ok) return isCancelled(ended.value) ? cancelled() : ended;
    const { code, what, why, next } = ended.error;
    return fail(code, what, { ...(why === undefined ? {} : { why }), next });
  }

  async #activate({ plan, record }: Deploy, cloud: CloudStatus, answers: CloudDeployed['answers']): Promise<void> {
    const { state, versions, deployments, add, onChange } = this.#ports;
    const key = { model: plan.model, deployment: plan.deployment };
    const name = keyText(key);
    const deploymentSpec = { ...plan.deploymentSpec, account: cloud.account, region: cloud.region, stack: cloud.stack };
    state.state.deployments[name] = { ...record, deploymentSpec, cloud, deployedAt: new Date().toISOString() };
    delete state.state.rehearsals?.[name];
    const declared = { framework: record.spec.framework, target: deploymentSpec.target };
    const deployment = deployments.get(name) ?? add(key, declared);
    deployment.settle(state.state.deployments[name]);
    for (const { start, totalMs } of answers) if (start !== undefined) deployment.observe(start, totalMs);
    await state.flush();
    onChange(deployment);
    await versions.tidyImages(key);
    await versions.sweep();
  }

  /** As of `lookAt`. */
  look(key: DeploymentKey, variables: Record<string, string>): Promise<Outcome<DeploymentStatus>> {
    return lookAt(this.#ports, key, variables);
  }

  /** Lets a version that is kept serve again, by one call; the one before the current one where none is named. */
  async rollBack(plan: RollbackPlan, shell: Shell): Promise<Outcome<RolledBack>> {
    const { state, deployments, onChange } = this.#ports;
    const record = state.state.deployments[keyText(plan)];
    if (!record?.cloud) {
      return fail('not-deployed', `${keyText(plan)} was not deployed to AWS from here.`, { next: 'Deploy it.' });
    }
    const { cloud } = record;
    const config = await awsConfig(cloud.region, plan.cloud.variables);
    const [{ versionsOf }, { rollBack }] = await Promise.all([
      import('../cloud/versions.ts'),
      import('../cloud/update.ts'),
    ]);
    shell.stage('versions');
    const found = await versionsOf(config, cloud, shell.signal);
    if (!found.ok) return found;
    const at = found.value.findIndex(({ live }) => live);
    const to = plan.to ?? found.value.slice(at + 1).find(({ digest }) => digest !== found.value[at]?.digest)?.number;
    if (to === undefined) {
      return fail('no-version', `There is nothing before what ${keyText(plan)} serves.`, {
        next: 'Deploy the model as it should be.',
      });
    }
    shell.stage('alias', { detail: `version ${to}` });
    const moved = await rollBack(config, { functionName: cloud.functionName, to, api: cloud }, shell);
    if (!moved.ok) return moved;
    const { number, before, unsaid } = moved.value;
    if (unsaid) shell.log(`${unsaid.what} ${unsaid.why ?? ''}`);
    const now = found.value.find((one) => one.number === number)!;
    // What is on this machine is another version again, until it is deployed.
    const { version = record.version, digest } = now;
    const rolled = { ...record, version, cloud: { ...cloud, digest }, snapshot: '', stamp: '' };
    state.state.deployments[keyText(plan)] = rolled;
    const deployment = deployments.get(keyText(plan));
    deployment?.settle(rolled);
    await state.flush();
    if (deployment) onChange(deployment);
    return ok({ number, before, version });
  }

  /** Removes the stack, the images and then the declaration. What could not be removed keeps the declaration. */
  async remove(plan: RemovePlan & { cloud: CloudAccess }, shell: Shell): Promise<Outcome<void>> {
    const { model, deployment, project, dropModel, cloud } = plan;
    const { state } = this.#ports;
    const stackName = state.state.deployments[keyText(plan)]?.cloud?.stack ?? functionName(plan);
    const { account, region } = cloud;
    shell.stage('stack', { detail: stackName });
    const gone = await this.#withDeployer<Ended>(cloud, 'stack', shell, ({ api }) =>
      api.destroy({ account, region, stackName }),
    );
    if (!gone.ok) return gone;
    shell.stage('stack', { detail: gone.value.state === 'absent' ? 'there was none' : 'deleted' });
    shell.stage('images');
    const { removeImages } = await import('../cloud/repository.ts');
    const removed = await removeImages(await awsConfig(region, cloud.variables), imageTag(plan, ''));
    if (!removed.ok) return removed;
    shell.stage('images', { detail: `${removed.value.length} removed` });
    shell.stage('models.json');
    const edited = await editModels(project, removeDeployment({ model, deployment }, { dropModel }));
    if (!edited.ok) return edited;
    await this.#ports.remove({ model, deployment });
    return ok(undefined);
  }
}

/** Where the image is that was just pushed. */
interface Pushed {
  config: AwsConfig;
  repositoryUri: string;
  digest: string;
}

/** What is too old to go back to goes. It is tried again with the next deploy: nothing of it fails this one. */
async function prune(config: AwsConfig, cloud: CloudStatus, tagsBegin: string, shell: Shell): Promise<void> {
  const { pruneImages } = await import('../cloud/images.ts');
  const { stack: stackName, functionName } = cloud;
  const pruned = await pruneImages(config, { stackName, functionName, tagsBegin }, shell);
  if (!pruned.ok) shell.log(`old images stay: ${pruned.error.what} ${pruned.error.why ?? ''}`);
}

/** Codes of failures and cancels after which AWS has nothing of a first deploy. */
const LEFT_NOTHING: ReadonlySet<string> = new Set([
  CANCELLED,
  'not-bootstrapped',
  'no-credentials',
  'expired-credentials',
  'wrong-account',
  'invalid-description',
]);

function isCancelled(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'state' in value && value.state === 'cancelled';
}
