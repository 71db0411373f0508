/** What deploying to this machine, and removing from it, does. Never asks: the plan has all answers. */
import type { Candidate } from '../host/version.ts';
import { requestOf, type ReadyEnvironment, type VersionRequest } from '../host/version-request.ts';
import { editModels, removeDeployment, setDeployment, setModel } from '../models/edit.ts';
import type { Shell } from '../shell.ts';
import { cancelled, ok, type Outcome } from '../../shared/outcome.ts';
import type { DeploymentKey, TargetKind } from '../../shared/spec.ts';
import type { DeployPlan, RemovePlan } from './plan.ts';

/** What a deploy goes through, by target. */
export const DEPLOY_STAGES: Record<TargetKind, readonly string[]> = {
  local: ['environment', 'snapshot', 'start', 'first answer', 'models.json'],
  docker: ['lock', 'snapshot', 'image', 'start', 'first answer', 'models.json'],
  lambda: ['declaration', 'bootstrap', 'repository', 'push', 'stack', 'first answer', 'models.json'],
};
export const REMOVE_STAGES = ['models.json', 'workers'] as const;

/** What executing needs of the host that it runs in. */
export interface LocalHost {
  /** The Python that the plan means, made where it is not there yet. */
  environment(plan: Pick<DeployPlan, 'environment' | 'image'>, shell: Shell): Promise<Outcome<ReadyEnvironment>>;
  /** Starts the version, has it answer the examples, and holds what it needs until `release`. */
  makeVersion(
    request: VersionRequest,
    env: Record<string, string>,
    shell: Shell,
  ): Promise<Outcome<Candidate & { release(): void }>>;
  /** The version serves from now on. */
  activate(plan: DeployPlan, request: VersionRequest, candidate: Candidate): Promise<void>;
  /** Ends the workers after their requests and forgets the deployment. */
  remove(key: DeploymentKey): Promise<void>;
}

/** Deploys; until the last stage nothing that serves has changed, and a failure or a cancel leaves nothing behind. */
export async function executeDeploy(plan: DeployPlan, host: LocalHost, shell: Shell): Promise<Outcome<void>> {
  const { model, deployment, project, spec, declared, deploymentSpec } = plan;
  shell.stage(DEPLOY_STAGES[deploymentSpec.target][0]!);
  const environment = await host.environment(plan, shell);
  if (!environment.ok) return environment;
  if (shell.signal.aborted) return cancelled();
  const request = requestOf(plan, environment.value, shell.signal);
  const made = await host.makeVersion(request, plan.env, shell);
  if (!made.ok) return made;
  const candidate = made.value;
  try {
    shell.stage('models.json');
    const edited = shell.signal.aborted
      ? cancelled()
      : await editModels(
          project,
          setModel(model, spec, declared),
          setDeployment({ model, deployment }, deploymentSpec),
        );
    if (!edited.ok) {
      await candidate.worker.kill();
      return edited;
    }
    await host.activate(plan, request, candidate);
    return ok(undefined);
  } finally {
    candidate.release();
  }
}

/** Removes a deployment: first the declaration, which may be refused, then the workers and what they needed. */
export async function executeRemove(plan: RemovePlan, host: LocalHost, shell: Shell): Promise<Outcome<void>> {
  const { project, dropModel } = plan;
  const key = { model: plan.model, deployment: plan.deployment };
  shell.stage('models.json');
  if (shell.signal.aborted) return cancelled();
  const edited = await editModels(project, removeDeployment(key, { dropModel }));
  if (!edited.ok) return edited;
  shell.stage('workers');
  await host.remove(key);
  return ok(undefined);
}
