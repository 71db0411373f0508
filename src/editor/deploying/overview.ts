/** What a deploy's overview shows: everything filled in, a row for each that can be changed. */
import path from 'node:path';
import * as vscode from 'vscode';
import type { EnvironmentChoice, PreparedDeploy } from '../../core/deploy.ts';
import { DEFAULTS, FRAMEWORK_TITLES, runsImage, TARGETS, type TargetKind } from '../../shared/spec.ts';
import { choose, type BACK, type Choice } from '../quick.ts';
import type { CloudDraft, CloudRow } from './cloud.ts';
import { machineMemoryMb, megabytes, type Limits } from './limits.ts';
import type { Wanted } from './prepare.ts';

export interface Draft {
  name: string;
  deployment: string;
  environment: EnvironmentChoice;
  limits: Limits;
  description: string;
}

export type Row = 'go' | 'name' | 'deployment' | 'target' | 'python' | 'limits' | 'description' | CloudRow;

export interface Overview {
  deploy: PreparedDeploy;
  draft: Draft;
  wanted: Wanted;
  active: Row;
  cloud: CloudDraft | undefined;
}

export function overview(shown: Overview): Parameters<typeof choose<Row>>[0] {
  const { deploy, wanted, active, cloud } = shown;
  const { detection, portable, consentNeeded, target } = deploy;
  const items = rowsOf(shown);
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
    ...(cloud && {
      feed: async (show) => {
        await cloud.account();
        show(rowsOf(shown), active);
      },
    }),
  };
}

function rowsOf({ deploy, draft, cloud }: Overview): Choice<Row>[] {
  const { detection, target } = deploy;
  return [
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
    ...(cloud?.rows() ?? []),
    ...(deploy.image ? [] : [pythonRow(draft)]),
    { label: vscode.l10n.t('$(dashboard) Limits'), description: limitsText(target, draft.limits), value: 'limits' },
    {
      label: vscode.l10n.t('$(note) Description'),
      description: draft.description || vscode.l10n.t('none'),
      value: 'description',
    },
  ];
}

function limitsText(target: TargetKind, { memoryMb, timeoutSeconds, concurrency }: Limits): string {
  const memory =
    memoryMb === undefined
      ? runsImage(target)
        ? `${megabytes(DEFAULTS.memoryMb)} MB`
        : vscode.l10n.t("{0} MB of this machine's memory", megabytes(machineMemoryMb()))
      : `${megabytes(memoryMb)} MB`;
  return target === 'lambda'
    ? vscode.l10n.t('{0} · {1} s', memory, timeoutSeconds)
    : vscode.l10n.t('{0} · {1} s · {2} workers at most', memory, timeoutSeconds, concurrency);
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

/** `Python 3.12 (.venv)`, `Python 3.12 in Docker` or `… on AWS Lambda`. */
function runsOn({ image, target }: PreparedDeploy, { environment }: Draft): string {
  if (!image) return environment.label;
  return target === 'lambda'
    ? vscode.l10n.t('Python {0} on AWS Lambda', image.python)
    : vscode.l10n.t('Python {0} in Docker', image.python);
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

export function askTarget(current: TargetKind): Promise<TargetKind | typeof BACK | undefined> {
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
