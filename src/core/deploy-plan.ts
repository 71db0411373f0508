/** From what a deploy looked at and what the user answered to the plan of it. */
import { defined } from './defined.ts';
import type { DeployAnswers, DeployRequest, EnvironmentChoice } from './deploy.ts';
import type { Consent, Detection } from './detect/detection.ts';
import type { Captured } from './environment/captured.ts';
import { diagnose, diagnosisText, worthSaying } from './environment/diagnosis.ts';
import type { EnvironmentPlan } from './environment/environment.ts';
import { currentLock, lockDifference, type LockContext } from './environment/lock-status.ts';
import type { ImagePlan } from './image/plan.ts';
import type { DeployPlan } from './targets/plan.ts';
import type { ModelsSpec, TargetKind } from '../shared/spec.ts';

/** What was looked at. */
export interface Facts {
  detection: Detection;
  name: string;
  path: string;
  models: ModelsSpec['models'];
  environments: EnvironmentChoice[];
  captured: Captured[];
  lock: LockContext;
  given: Consent[];
  target: TargetKind;
  image: ImagePlan | undefined;
}

export function makePlan(request: DeployRequest, facts: Facts, answers: DeployAnswers): DeployPlan {
  const name = answers.name ?? facts.name;
  const deployment = answers.deployment ?? request.deployment ?? facts.target;
  const { deployments, ...kept } = facts.models[name] ?? { deployments: undefined };
  const declared = facts.models[name] === undefined ? null : (kept as NonNullable<DeployPlan['declared']>);
  const environment = answers.environment ?? facts.environments[0]?.plan;
  if (!environment) throw new Error('a prepared deploy has at least one environment');
  const spec: DeployPlan['spec'] = {
    ...kept,
    path: facts.path,
    framework: facts.detection.framework,
    ...defined(answers.spec ?? {}),
  };
  const description = spec.description ?? facts.detection.description;
  return {
    kind: deployments?.[deployment] ? 'redeploy' : 'deploy',
    project: request.project,
    model: name,
    deployment,
    spec: description === undefined ? spec : { ...spec, description },
    declared,
    deploymentSpec: { target: facts.target, ...deployments?.[deployment], ...answers.deploymentSpec },
    ...(facts.image ? { image: facts.image } : {}),
    environment: facts.image ? environment : withLockOf(facts.lock, environment),
    differs: facts.image ? [] : differences(facts, environment),
    env: environmentValues(spec.env ?? []),
    consent: [...facts.given, ...(answers.consent ?? [])],
  };
}

/** What a Python that is there already should be like is a part of the version, as what it has is. */
function withLockOf(context: LockContext, environment: EnvironmentPlan): EnvironmentPlan {
  const lock = environment.kind === 'use' ? currentLock(context, environment.probe) : undefined;
  return lock === undefined || environment.kind !== 'use' ? environment : { ...environment, lock };
}

function differences({ detection, captured, lock }: Facts, environment: EnvironmentPlan): string[] {
  if (environment.kind !== 'use') return [];
  const said = worthSaying(diagnose(detection, captured, environment.probe));
  const other = lockDifference(lock, environment.probe, new Set(said.map((one) => one.package)));
  return [...said.map((one) => diagnosisText(one)), ...(other === undefined ? [] : [other])];
}

/** Values of the named variables from this process; a variable that is not set here is left out. */
function environmentValues(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}
