/** What the `lambda` target does: the image proves itself here, then goes to AWS, and answers there before it counts as deployed. */
import type { Ended } from '../../../infra/deployer/protocol.ts';
import { awsConfig, type AwsConfig } from '../cloud/aws.ts';
import { byOthers } from '../cloud/bootstrap.ts';
import { firstAnswers } from '../cloud/first-answers.ts';
import { ensureRepository } from '../cloud/repository.ts';
import { revisionNow } from '../cloud/revision.ts';
import { cloudStatusOf, IMAGES } from '../cloud/stack.ts';
import { editModels, setDeployment, setModel } from '../models/edit.ts';
import { functionName } from '../models/function-name.ts';
import type { Shell } from '../shell.ts';
import type { CloudPlan, DeployPlan, RehearsePlan, RemovePlan, RollbackPlan, RotatePlan } from '../targets/plan.ts';
import { cancelled, CANCELLED, fail, ok, type Outcome } from '../../shared/outcome.ts';
import { keyText, type DeploymentKey, type DeploymentSpec } from '../../shared/spec.ts';
import type {
  CloudDeployed,
  CloudRemoved,
  CloudStatus,
  DeploymentStatus,
  KeyRotated,
  Rehearsal,
  RolledBack,
} from '../../shared/states.ts';
import { descriptionOf, imageTag, type Deploy, type RehearsedRecord } from './cloud-change.ts';
import { removeFromCloud, rollBackTo } from './cloud-end.ts';
import { asBefore, declaredBefore, leftNothing, mayBeThere, unpush } from './cloud-first.ts';
import { rotateKey } from './cloud-key.ts';
import { levelStack } from './cloud-level.ts';
import { lookAt } from './cloud-look.ts';
import { pushTo } from './cloud-push.ts';
import { rehearse } from './cloud-rehearse.ts';
import type { Deployers } from './deployers.ts';
import type { Deployment, Surroundings } from './deployment.ts';
import type { Shipping } from './shipping.ts';
import type { DeploymentRecord, StateFile } from './state.ts';
import type { Versions } from './versions.ts';

export const REHEARSE_STAGES = ['lock', 'snapshot', 'image', 'start', 'first answer'] as const;
export const ROLLBACK_STAGES = ['versions', 'alias'] as const;
export const ROTATE_STAGES = ['stack', 'first answer'] as const;
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
  /** Of rehearsals since the host started, by deployment; in memory only, as there are values of variables in them. */
  readonly #rehearsed = new Map<string, { id: string; plan: RehearsePlan }>();

  constructor(ports: CloudPorts) {
    this.#ports = ports;
  }

  /** As of `rehearse` of cloud-rehearse.ts. */
  async rehearse(plan: RehearsePlan, shell: Shell): Promise<Outcome<Rehearsal>> {
    const done = await rehearse(this.#ports, plan, shell);
    if (done.ok && !done.value.isDeployed) this.#rehearsed.set(keyText(plan), { id: done.value.id, plan });
    return done;
  }

  /**
   * What a rehearsal was for, until it is deployed: who asked may be gone. `id`: of the rehearsal. Undefined where the host does
   * not know it, or another one came after it.
   */
  rehearsedPlan(key: DeploymentKey, id: string): DeployPlan | undefined {
    const rehearsed = this.#rehearsed.get(keyText(key));
    if (rehearsed?.id !== id) return undefined;
    const { kind: _, anyway: __, access: ___, rehearses: kind, ...plan } = rehearsed.plan;
    return { ...plan, kind };
  }

  /** Deploys what was rehearsed last, where that is what was agreed to. A first one that is cancelled leaves no stack, no image, and models.json as it was. */
  async deploy(plan: DeployPlan, shell: Shell): Promise<Outcome<CloudDeployed>> {
    const { state } = this.#ports;
    const { cloud } = plan;
    const record = state.state.rehearsals?.[keyText(plan)];
    if (!cloud || record?.rehearsal?.id !== cloud.rehearsal || !record.image) {
      return fail('not-rehearsed', 'What was agreed to is not here any more.', {
        why: 'It was rehearsed again meanwhile, or cleaned up.',
        next: 'Deploy again.',
      });
    }
    const stack = plan.deploymentSpec.stack ?? functionName(plan);
    const declared = { ...plan.deploymentSpec, account: cloud.account, region: cloud.region, stack };
    shell.stage('declaration');
    // Not by what this machine knows alone: the stack may serve what was deployed from another.
    const isFirst = cloud.isCreate && state.state.deployments[keyText(plan)]?.cloud === undefined;
    const before = await declaredBefore(plan);
    if (!before.ok) return before;
    const written = await this.#declare(plan, declared);
    if (!written.ok) return written;
    const deploy: Deploy = { plan, cloud, declared, record: record as RehearsedRecord, stack, revision: revisionNow() };
    let [isPushReached, isStackReached, isLate] = [false, false, false];
    const noting: Shell = {
      ...shell,
      stage: (name, change) => {
        isPushReached ||= name === 'push';
        isStackReached ||= name === 'stack';
        isLate ||= name === 'first answer';
        const isUndone = isFirst && (name === 'stack' || name === 'first answer');
        shell.stage(name, isUndone ? { ...change, cancelDeletes: stack } : change);
      },
    };
    const done = await this.#deployDeclared(deploy, noting);
    if (done.ok) return done;
    const isCancelledNow = done.error.code === CANCELLED;
    if (!isFirst && isCancelledNow && isLate) {
      return fail('not-waited', 'It is deployed; only its first answer was not waited for.', {
        next: `nimbus rollback ${keyText(plan)} brings back what served before.`,
      });
    }
    if (isFirst && isCancelledNow && isLate) {
      // The stack was complete already. As the plan said, it goes again.
      const gone = await this.#undo(deploy, shell);
      if (!gone.ok) return gone;
    }
    if (!isFirst) return done;
    if (!(await leftNothing(deploy, done.error, { before: before.value, isStackReached }))) {
      return { ok: false, error: mayBeThere(done.error, stack) };
    }
    if (isPushReached) await unpush(deploy, shell);
    await editModels(plan.project, ...asBefore(deploy, before.value));
    return done;
  }

  async #undo({ plan, cloud, stack }: Deploy, shell: Shell): Promise<Outcome<unknown>> {
    const { account, region } = cloud;
    // Its own signal has ended what is undone here.
    const going: Shell = { ...shell, signal: new AbortController().signal };
    const gone = await this.#ports.deployers.run<Ended>(cloud, 'first answer', going, ({ api }) =>
      api.destroy({ account, region, stackName: stack }),
    );
    if (gone.ok) await this.#ports.remove({ model: plan.model, deployment: plan.deployment });
    return gone;
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
    const pushed = await pushTo(this.#ports, { deploy, repository: prepared.value, config }, shell);
    if (!pushed.ok) return pushed;
    const digest = pushed.value;
    const deployed = this.#ports.state.state.deployments[keyText(plan)];
    const before = deployed?.cloud;
    const isCodeOnly = before !== undefined && cloud.isCodeOnly;
    shell.stage('stack', { detail: isCodeOnly ? before.functionName : stack });
    // Without an update of the stack it has the revision that it had.
    const { revision } = isCodeOnly ? deployed! : deploy;
    const changed = isCodeOnly
      ? await this.#updateCode(deploy, { ...before, digest }, { config, repositoryUri: prepared.value }, shell)
      : await this.#deployLevel(deploy, { digest, config, repositoryUri: prepared.value }, shell);
    if (!changed.ok) return changed;
    const status = changed.value;

    shell.stage('first answer');
    const { card, spec, probe, version } = record;
    const answered = await firstAnswers({ config, cloud: status, spec, card, probe, version }, shell);
    // The stack is there all the same: what it is has to be known, or nobody could remove it.
    const activated = { cloud: status, ...(revision === undefined ? {} : { revision }) };
    await this.#activate(deploy, activated, answered.ok ? answered.value.answers : []);
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
      const made = await this.#ports.deployers.run(cloud, 'bootstrap', shell, ({ api }) =>
        api.bootstrap({ account, region }),
      );
      if (!made.ok) return byOthers(made.error, cloud);
      shell.stage('bootstrap', { detail: made.value === 'made' ? 'made' : 'there already' });
    } else shell.stage('bootstrap', { detail: 'there already', state: 'skipped' });
    if (shell.signal.aborted) return cancelled();
    shell.stage('repository');
    return ensureRepository(config, shell, async () => {
      const description = { stackName: IMAGES.stack, repository: IMAGES.repository, account, region };
      return this.#ports.deployers.run(cloud, 'repository', shell, ({ api }) =>
        api.deploy({ what: { kind: 'repository', description }, replaceFailed: true }),
      );
    });
  }

  /** The new version answers before it serves; the stack is not told. */
  async #updateCode(
    { record }: Deploy,
    cloud: CloudStatus,
    { config, repositoryUri }: Pick<Pushed, 'config' | 'repositoryUri'>,
    shell: Shell,
  ): Promise<Outcome<CloudStatus>> {
    const [{ updateCode }, { provisionedText }] = await Promise.all([
      import('../cloud/update.ts'),
      import('../cloud/switch.ts'),
    ]);
    const { functionName, digest } = cloud;
    const { spec, version, probe } = record;
    const example = spec.examples?.[0] ?? probe;
    const update = { functionName, repositoryUri, digest, version, api: cloud, ...(example ? { example } : {}) };
    const updated = await updateCode(config, update, shell);
    if (!updated.ok) return updated;
    const { number, before, unsaid, provisioned } = updated.value;
    if (unsaid) shell.log(`${unsaid.what} ${unsaid.why ?? ''}`);
    const served = `version ${number} in the place of ${before}, ahead of the stack`;
    shell.stage('stack', { detail: [served, ...provisionedText(provisioned)].join('; ') });
    return ok(cloud);
  }

  /** A stack that did not hear of what serves is told first: else a rollback would bring back what was before that. */
  async #deployLevel(deploy: Deploy, pushed: Pushed, shell: Shell): Promise<Outcome<CloudStatus>> {
    const { cloud, declared, record, stack } = deploy;
    const { config, digest } = pushed;
    if (cloud.isUpdate) {
      const deployed = this.#ports.state.state.deployments[keyText(deploy.plan)];
      const level = await levelStack(this.#ports.deployers, { access: cloud, stack, ...pushed, deployed }, shell);
      if (!level.ok) return level;
    }
    const outputs = await this.#deployStack(deploy, digest, shell);
    if (!outputs.ok) return outputs;
    const { endpoint } = config;
    const status = cloudStatusOf(outputs.value, cloud, { stack, auth: declared.auth ?? 'key', digest, endpoint });
    if (cloud.isUpdate) {
      // An update or a roll-back outside of the stack set it, and CloudFormation sets only what its parameters change.
      const { sayVersion } = await import('../cloud/switch.ts');
      const said = await sayVersion(config, status, record.version);
      if (!said.ok) shell.log(`card and health may name another version: ${said.error.what}`);
    }
    return ok(status);
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
    const ended = await this.#ports.deployers.run(cloud, 'stack', shell, async ({ api }) => {
      const done = await api.deploy(request);
      if (done.ok || done.error.code !== 'in-progress') return done;
      // A deploy before this one was interrupted here, and goes on there.
      shell.log('something works on the stack already: waiting for its end');
      const followed = await api.follow({ account: cloud.account, region: cloud.region, stackName: stack });
      return shell.signal.aborted ? followed : api.deploy(request);
    });
    if (!ended.ok) return ended;
    return 'outputs' in ended.value ? ok(ended.value.outputs) : cancelled();
  }

  async #activate(
    { plan, record }: Deploy,
    { cloud, ...more }: Required<Pick<DeploymentRecord, 'cloud'>> & Pick<DeploymentRecord, 'revision'>,
    answers: CloudDeployed['answers'],
  ): Promise<void> {
    const { state, versions, deployments, add, onChange } = this.#ports;
    const key = { model: plan.model, deployment: plan.deployment };
    const name = keyText(key);
    const deploymentSpec = { ...plan.deploymentSpec, account: cloud.account, region: cloud.region, stack: cloud.stack };
    state.state.deployments[name] = { ...record, ...more, deploymentSpec, cloud, deployedAt: new Date().toISOString() };
    delete state.state.rehearsals?.[name];
    this.#rehearsed.delete(name);
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

  /** As of `rollBackTo`. */
  rollBack(plan: RollbackPlan, shell: Shell): Promise<Outcome<RolledBack>> {
    return rollBackTo(this.#ports, plan, shell);
  }

  /** As of `rotateKey`. */
  rotateKey(plan: RotatePlan, shell: Shell): Promise<Outcome<KeyRotated>> {
    return rotateKey(this.#ports, plan, shell);
  }

  /** As of `removeFromCloud`. */
  remove(plan: RemovePlan & Required<Pick<RemovePlan, 'cloud'>>, shell: Shell): Promise<Outcome<CloudRemoved>> {
    return removeFromCloud(this.#ports, plan, shell);
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
