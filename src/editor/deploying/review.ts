import path from 'node:path';
import * as vscode from 'vscode';
import type { DeployAnswers, EnvironmentChoice, PreparedDeploy } from '../../core/deploy.ts';
import { cancelled, CANCELLED, ok, type Outcome } from '../../shared/outcome.ts';
import { DEFAULTS, FRAMEWORK_TITLES, MODEL_NAME, runsImage, TARGETS, type TargetKind } from '../../shared/spec.ts';
import type { Editor } from '../editor.ts';
import { showError } from '../guard.ts';
import { askText, BACK, choose, type Choice } from '../quick.ts';
import type { Project } from '../store/project.ts';
import { chooseInterpreter } from './interpreters.ts';
import { askLimits, machineMemoryMb, megabytes, type Limits } from './limits.ts';
import { prepare, takenNames, type Wanted } from './prepare.ts';

export interface Reviewed {
  answers: DeployAnswers;
  /** Another one than was given where the user chose another interpreter. */
  deploy: PreparedDeploy;
}

interface Draft {
  name: string;
  deployment: string;
  environment: EnvironmentChoice;
  limits: Limits;
  description: string;
}

type Row = 'go' | 'name' | 'deployment' | 'target' | 'python' | 'limits' | 'description';

/** Shows how a model will be deployed, everything filled in; Enter deploys it, the other rows change it. */
export async function review(
  editor: Editor,
  project: Project,
  wanted: Wanted,
  prepared: PreparedDeploy,
): Promise<Outcome<Reviewed>> {
  let deploy = prepared;
  const before = draftOf(deploy);
  const draft = { ...before };
  let active: Row = 'go';
  for (;;) {
    const row: Row | typeof BACK | undefined = await choose<Row>(overview(deploy, draft, wanted, active));
    if (row === undefined || row === BACK) return cancelled();
    active = row;
    switch (row) {
      case 'go':
        return ok({ answers: answersOf(before, draft), deploy });
      case 'name': {
        const name = await askName(project, deploy, draft.name, takenNames(project, wanted));
        if (typeof name === 'string') draft.name = name;
        break;
      }
      case 'deployment': {
        const deployment = await askText({
          title: vscode.l10n.t('Name of the deployment'),
          value: draft.deployment,
          back: true,
          check: (text) => (MODEL_NAME.test(text) ? undefined : nameRule()),
        });
        if (typeof deployment === 'string') draft.deployment = deployment;
        break;
      }
      case 'target': {
        const target = await askTarget(deploy.target);
        if (target === undefined || target === BACK || target === deploy.target) break;
        const moved = await prepare(editor, project, { ...wanted, name: draft.name, target });
        if (!moved.ok) {
          if (moved.error.code !== CANCELLED) showError(editor.log, moved.error);
          break;
        }
        // A name that was only the usual one of the other target.
        if (draft.deployment === deploy.deployment) draft.deployment = moved.value.deployment;
        deploy = moved.value;
        draft.environment = draftOf(deploy).environment;
        break;
      }
      case 'python': {
        const { plan } = draft.environment;
        const chosen = await chooseInterpreter(editor, {
          project,
          wanted: { ...wanted, name: draft.name },
          prepared: deploy,
          ...(plan.kind === 'use' ? { inUse: plan.python } : {}),
        });
        if (chosen.ok) {
          deploy = chosen.value.deploy;
          draft.environment = chosen.value.environment;
        } else if (chosen.error.code !== CANCELLED) showError(editor.log, chosen.error);
        break;
      }
      case 'limits': {
        const limits = await askLimits(draft.limits, before.limits.memoryMb !== undefined);
        if (limits) draft.limits = limits;
        break;
      }
      case 'description': {
        const text = await askText({
          title: vscode.l10n.t('Description'),
          value: draft.description,
          prompt: vscode.l10n.t('One line on what the model does'),
          back: true,
        });
        if (typeof text === 'string') draft.description = text;
        break;
      }
      default:
        row satisfies never;
    }
    if (active !== 'go') active = 'go';
  }
}

function draftOf({ name, deployment, environments, declared, detection }: PreparedDeploy): Draft {
  const environment = environments[0];
  if (!environment) throw new Error('a prepared deploy has at least one environment');
  return {
    name,
    deployment,
    environment,
    limits: {
      memoryMb: declared?.memoryMb,
      timeoutSeconds: declared?.timeoutSeconds ?? DEFAULTS.timeoutSeconds,
      concurrency: declared?.concurrency ?? DEFAULTS.concurrency,
    },
    description: declared?.description ?? detection.description ?? '',
  };
}

/** Only what the user changed is written into models.json. */
function answersOf(before: Draft, { name, deployment, environment, limits, description }: Draft): DeployAnswers {
  const changed = Object.entries(limits).filter(([limit, value]) => value !== before.limits[limit as keyof Limits]);
  return {
    name,
    deployment,
    environment: environment.plan,
    spec: { ...Object.fromEntries(changed), ...(description === before.description ? {} : { description }) },
  };
}

function overview(
  deploy: PreparedDeploy,
  draft: Draft,
  wanted: Wanted,
  active: Row,
): Parameters<typeof choose<Row>>[0] {
  const { detection, portable, consentNeeded, target } = deploy;
  const { memoryMb, timeoutSeconds, concurrency } = draft.limits;
  const items: Choice<Row>[] = [
    {
      label: vscode.l10n.t('$(rocket) Deploy as {0}', draft.name),
      description: runsOn(deploy, draft),
      detail: detection.summary,
      value: 'go',
      alwaysShow: true,
    },
    { label: vscode.l10n.t('Change'), kind: vscode.QuickPickItemKind.Separator },
    nameRow(deploy, draft),
    { label: vscode.l10n.t('$(server-process) Deployment'), description: draft.deployment, value: 'deployment' },
    {
      label: vscode.l10n.t('$(vm) Where'),
      description: targetTitle(target),
      ...(deploy.image ? { detail: deploy.image.base.reference } : {}),
      value: 'target',
    },
    ...(deploy.image ? [] : [pythonRow(draft)]),
    {
      label: vscode.l10n.t('$(dashboard) Limits'),
      description: vscode.l10n.t(
        '{0} · {1} s · {2} workers at most',
        memoryMb === undefined
          ? runsImage(target)
            ? `${megabytes(DEFAULTS.memoryMb)} MB`
            : vscode.l10n.t("{0} MB of this machine's memory", megabytes(machineMemoryMb()))
          : `${megabytes(memoryMb)} MB`,
        timeoutSeconds,
        concurrency,
      ),
      value: 'limits',
    },
    {
      label: vscode.l10n.t('$(note) Description'),
      description: draft.description || vscode.l10n.t('none'),
      value: 'description',
    },
  ];
  const current = items.find(({ value }) => value === active);
  const file = path.basename(wanted.path);
  return {
    title: vscode.l10n.t('Deploy {0} ({1})', file, FRAMEWORK_TITLES[detection.framework]),
    ...(consentNeeded ? { step: 1, totalSteps: 2 } : {}),
    placeholder: [
      whatEnterDoes(target),
      ...(portable ? [] : [vscode.l10n.t('It lies outside the project: its entry works here only.')]),
    ].join(' '),
    items,
    ...(current ? { active: current } : {}),
  };
}

/** Why it is not called as its path is, as long as nobody chose a name. */
function nameRow({ name, takenName }: PreparedDeploy, draft: Draft): Choice<Row> {
  const row: Choice<Row> = { label: vscode.l10n.t('$(edit) Name'), description: draft.name, value: 'name' };
  if (!takenName || draft.name !== name) return row;
  const detail =
    takenName.path === undefined
      ? vscode.l10n.t('$(info) {0} is the name of another model', takenName.name)
      : vscode.l10n.t('$(info) {0} is the name of {1}', takenName.name, takenName.path);
  return { ...row, detail };
}

/** `Python 3.12 (.venv)`, or `Python 3.12 in Docker`. */
function runsOn({ image }: PreparedDeploy, { environment }: Draft): string {
  return image ? vscode.l10n.t('Python {0} in Docker', image.python) : environment.label;
}

function pythonRow({ environment: { label, detail, problems } }: Draft): Choice<Row> {
  return {
    label: vscode.l10n.t('$(code) Python'),
    description: label,
    detail: [detail, ...problems.map((one) => `$(warning) ${one}`)].join('  '),
    value: 'python',
  };
}

function whatEnterDoes(target: TargetKind): string {
  switch (target) {
    case 'local':
      return vscode.l10n.t('Enter deploys it on this machine.');
    case 'docker':
      return vscode.l10n.t('Enter builds its image and runs it in Docker.');
    case 'lambda':
      return vscode.l10n.t(
        'Enter builds its image and runs it here once; you see the plan before anything reaches AWS.',
      );
    default:
      return target satisfies never;
  }
}

function targetTitle(target: TargetKind): string {
  switch (target) {
    case 'local':
      return vscode.l10n.t('This machine');
    case 'docker':
      return vscode.l10n.t('Docker, as on AWS Lambda');
    case 'lambda':
      return vscode.l10n.t('AWS Lambda');
    default:
      return target satisfies never;
  }
}

function askTarget(current: TargetKind): Promise<TargetKind | typeof BACK | undefined> {
  const details: Record<TargetKind, string> = {
    local: vscode.l10n.t('Worker processes of your own Python'),
    docker: vscode.l10n.t('The image that AWS Lambda would run, built and run by a Docker engine'),
    lambda: vscode.l10n.t('The same image in your AWS account, behind API Gateway'),
  };
  const items = TARGETS.map((value) => ({ label: targetTitle(value), detail: details[value], value }));
  const active = items.find(({ value }) => value === current);
  return choose<TargetKind>({
    title: vscode.l10n.t('Where does it run?'),
    back: true,
    items,
    ...(active ? { active } : {}),
  });
}

async function askName(
  project: Project,
  { detection }: PreparedDeploy,
  value: string,
  taken: readonly string[],
): Promise<string | typeof BACK | undefined> {
  const { portablePath } = await import('../../core/models/paths.ts');
  const own = portablePath(project.folder, detection.path).path;
  return askText({
    title: vscode.l10n.t('Name of the model'),
    value,
    prompt: vscode.l10n.t('Part of its URL'),
    back: true,
    check: (text) => {
      if (!MODEL_NAME.test(text)) return nameRule();
      if (project.later({ model: text })) return vscode.l10n.t('{0} needs a newer Nimbus.', text);
      if (taken.includes(text)) return vscode.l10n.t('{0} is the name of another model that is deployed now.', text);
      const other = project.spec(text);
      return other && other.path !== own ? vscode.l10n.t('{0} is the name of {1}.', text, other.path) : undefined;
    },
  });
}

function nameRule(): string {
  return vscode.l10n.t('A name starts with a letter a-z and has at most 30 letters a-z, digits and hyphens.');
}
