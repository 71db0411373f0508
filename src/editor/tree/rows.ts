import path from 'node:path';
import * as vscode from 'vscode';
import { FRAMEWORK_TITLES } from '../../shared/spec.ts';
import { formatSeconds } from '../../shared/latency.ts';
import type { Operation, OperationStage } from '../../shared/states.ts';
import type { Project } from '../store/project.ts';
import { MODELS_FILE, type LaterEntry } from '../../core/models/document.ts';
import { openModelsFileAt, problemOf } from '../models-file.ts';
import { attentionText, lookOf, STATE_ICONS } from './looks.ts';
import { ghostOf, type DeploymentNode, type GhostNode, type ModelNode, type Node, type ProblemNode } from './nodes.ts';
import { stateText, textsOf } from './texts.ts';

/** How a row looks, without what few people ever see of it (the tooltip). */
export interface Row {
  label: string;
  description: string;
  /** Name of a codicon. */
  icon: string;
  /** Id of a theme colour. */
  color?: string;
  /** `kind:state` (of a deployment the state whose commands it has), and after it `:image` where an image runs here, `:cloud` where it is on AWS; menus match it with `viewItem`. */
  context: string;
  children: 'none' | 'open' | 'closed';
  /** What a screen reader says. */
  spoken: string;
  command?: vscode.Command;
  /** Facts that only the tooltip shows: the row is drawn again when they change. */
  details?: string;
}

/** With more models than this their deployments start folded away. */
const MODELS_SHOWN_OPEN = 30;

export function rowOf(node: Node): Row {
  switch (node.kind) {
    case 'project':
      return projectRow(node.project);
    case 'problem':
      return problemRow(node);
    case 'model':
      return modelRow(node);
    case 'deployment':
      return deploymentRow(node);
    case 'ghosts':
      return ghostsRow();
    case 'ghost':
      return ghostRow(node);
    default:
      return node satisfies never;
  }
}

function projectRow(project: Project): Row {
  const label = path.basename(project.folder);
  const description = vscode.workspace.asRelativePath(project.folder, false);
  return {
    label,
    description: description === label ? '' : description,
    icon: 'folder-library',
    context: 'project',
    children: 'open',
    spoken: vscode.l10n.t('project {0}', label),
  };
}

function problemRow({ about, project }: ProblemNode): Row {
  if (about === 'host') {
    const what = project.hostError?.what ?? '';
    return {
      label: vscode.l10n.t('Function host not reachable'),
      description: what,
      icon: 'debug-disconnect',
      color: 'list.errorForeground',
      context: 'problem:host',
      children: 'none',
      spoken: vscode.l10n.t('Function host not reachable: {0}', what),
      details: project.hostError?.why ?? '',
    };
  }
  const { kind } = project.document;
  const problem = problemOf(project.document);
  const message = problem?.message ?? '';
  const passive = kind === 'newer' || kind === 'legacy';
  const description = passive
    ? message
    : vscode.l10n.t('line {0}, column {1}: {2}', (problem?.line ?? 0) + 1, (problem?.column ?? 0) + 1, message);
  return {
    label: MODELS_FILE,
    description,
    icon: passive ? 'info' : 'error',
    color: passive ? 'list.warningForeground' : 'list.errorForeground',
    context: `problem:${kind}`,
    children: 'none',
    spoken: `${MODELS_FILE}, ${description}`,
    command: openModelsFileAt(project.folder, project.document),
  };
}

/** An entry that this Nimbus does not know: it is shown and left alone. */
function laterRow(label: string, entry: LaterEntry, spoken: string): Row {
  const description =
    entry.deployment === undefined
      ? vscode.l10n.t('needs a newer Nimbus (framework {0})', entry.value)
      : vscode.l10n.t('needs a newer Nimbus (target {0})', entry.value);
  return {
    label,
    description,
    icon: 'question',
    color: 'list.warningForeground',
    context: entry.deployment === undefined ? 'model:later' : 'deployment:later',
    children: 'none',
    spoken: `${spoken}, ${description}`,
    details: entry.message,
  };
}

/** A model with one deployment has that one's commands, so its row is matched as that one's: `model:serving`. */
function modelContext(node: ModelNode): string {
  const [only, ...others] = node.project.rowNames(node.model);
  if (only === undefined) return 'model:undeployed';
  if (others.length > 0) return 'model:deployed';
  return deploymentRow({ ...node, kind: 'deployment', deployment: only }).context.replace('deployment:', 'model:');
}

function modelRow({ project, model }: ModelNode): Row {
  const later = project.later({ model });
  if (later) return laterRow(model, later, vscode.l10n.t('model {0}', model));
  const spec = project.spec(model);
  const deployments = project.deploymentNames(model);
  const framework = spec?.framework ?? project.status({ model, deployment: deployments[0] ?? '' })?.framework;
  // One that is being deployed, or removed, says so in its own row.
  const atRest = deployments.filter((deployment) => project.operation({ model, deployment })?.state !== 'running');
  const attention = attentionText(atRest.flatMap((deployment) => project.status({ model, deployment }) ?? []));
  const description = [
    framework && FRAMEWORK_TITLES[framework],
    attention,
    deployments.length === 0 && vscode.l10n.t('not deployed'),
    spec && path.isAbsolute(spec.path) && vscode.l10n.t('outside the project'),
  ]
    .filter(Boolean)
    .join(' · ');
  return {
    label: model,
    description,
    icon: 'package',
    context: modelContext({ kind: 'model', project, model }),
    children:
      project.rowNames(model).length === 0 ? 'none' : project.modelCount > MODELS_SHOWN_OPEN ? 'closed' : 'open',
    spoken: vscode.l10n.t('model {0}, {1}', model, description),
    details: spec ? `${spec.path} ${spec.description ?? ''}` : '',
  };
}

function deploymentRow(node: DeploymentNode): Row {
  const { project, model, deployment } = node;
  const later = project.later(node);
  if (later) return laterRow(deployment, later, vscode.l10n.t('deployment {0} of {1}', deployment, model));
  const operation = project.operation(node);
  const status = project.status(node);
  if (operation?.state === 'running') return operationRow(node, operation);
  if (operation?.state === 'failed' && !status) {
    const what = operation.error?.what ?? '';
    const isImage = operation.kind === 'build' || operation.kind === 'sweep';
    const description = isImage ? vscode.l10n.t('failed: {0}', what) : vscode.l10n.t('deploy failed: {0}', what);
    return {
      label: deployment,
      description,
      ...STATE_ICONS.failed,
      context: 'deployment:unfinished',
      children: 'none',
      spoken: vscode.l10n.t('deployment {0} of {1}, {2}', deployment, model, description),
    };
  }
  // Declared for instance since a colleague deployed it; nobody did here.
  if (!status || status.state === 'not-deployed') {
    const description = vscode.workspace.isTrusted
      ? stateText('not-deployed')
      : vscode.l10n.t('needs a trusted workspace');
    return {
      label: deployment,
      description,
      ...STATE_ICONS['not-deployed'],
      context: 'deployment:undeployed',
      children: 'none',
      spoken: vscode.l10n.t('deployment {0} of {1}, {2}', deployment, model, description),
    };
  }
  const { description, spoken } = textsOf(status);
  const { icon, color, offers } = lookOf(status);
  return {
    label: deployment,
    description,
    icon,
    ...(color === undefined ? {} : { color }),
    context: `deployment:${offers}${status.cloud ? ':cloud' : status.image ? ':image' : ''}`,
    children: 'none',
    spoken: vscode.l10n.t('deployment {0} of {1}, {2}', deployment, model, spoken),
    command: {
      command: 'nimbus.openPlayground',
      title: vscode.l10n.t('Open Playground'),
      arguments: [node],
    },
    details: [
      status.version,
      status.url,
      status.deployedAt,
      status.interpreter,
      JSON.stringify([status.cloud, status.seen]),
      project.unasked(node)?.what,
      status.pushed?.reference,
      status.error?.what,
    ].join(' '),
  };
}

/** Stacks that no models.json of the window declares. */
function ghostsRow(): Row {
  const label = vscode.l10n.t('Also in AWS');
  const description = vscode.l10n.t('in no models.json here');
  return {
    label,
    description,
    icon: 'cloud',
    context: 'ghosts',
    children: 'open',
    spoken: vscode.l10n.t('{0}, {1}', label, description),
  };
}

function ghostRow(node: GhostNode): Row {
  const { project, stack, account, region } = node;
  const ghost = ghostOf(node);
  const removal = project.removalOf(node);
  const label = ghost ? `${ghost.model}/${ghost.deployment}` : stack;
  const state = removal ? progressText(removal) : stackStateText(ghost?.stackStatus ?? '');
  const description = [state, region].filter(Boolean).join(' · ');
  return {
    label,
    description,
    ...(removal ? { icon: 'sync~spin' } : { icon: 'question', color: 'descriptionForeground' }),
    ...(removal ? { context: 'ghost:operation' } : { context: 'ghost' }),
    children: 'none',
    spoken: vscode.l10n.t('stack {0} in account {1}, {2}', stack, account, description),
  };
}

/** `update complete`, in CloudFormation's own words. */
function stackStateText(status: string): string {
  return status.toLowerCase().replaceAll('_', ' ');
}

function operationRow({ model, deployment }: DeploymentNode, operation: Operation): Row {
  const description = progressText(operation);
  return {
    label: deployment,
    description,
    icon: 'sync~spin',
    context: 'deployment:operation',
    children: 'none',
    spoken: vscode.l10n.t('deployment {0} of {1}, {2}', deployment, model, description),
  };
}

/** `deploying 2 of 4 · environment · numpy 2.1`. */
export function progressText(operation: Operation): string {
  const step = stepText(operation);
  const doing = kindText(operation);
  return step === undefined ? doing : vscode.l10n.t('{0}, {1}', doing, step);
}

/** `2 of 4 · environment · numpy 2.1`, where a title says what is done; undefined between two stages. */
/** `5 of 7 · stack · about 45 s · 3 of 21`; with `now`, epoch ms, how long the stage has run: `12 s of about 45 s`. */
export function stepText({ stages }: Operation, now?: number): string | undefined {
  const at = stages.findIndex(({ state }) => state === 'running');
  const stage = stages[at];
  if (!stage) return undefined;
  return [
    vscode.l10n.t('{0} of {1}', at + 1, stages.length),
    stage.name,
    ...clockText(stage, now),
    // Of a path a row or the status bar has only room for the beginning, which says nothing.
    ...(stage.detail && !path.isAbsolute(stage.detail) ? [stage.detail] : []),
  ].join(' · ');
}

function clockText({ startedAt, usualMs }: OperationStage, now?: number): string[] {
  const seconds = (ms: number): string => formatSeconds(ms, vscode.env.language);
  const elapsed = now === undefined || startedAt === undefined ? 0 : now - startedAt;
  if (elapsed < 1000) return usualMs === undefined ? [] : [vscode.l10n.t('about {0}', seconds(usualMs))];
  if (usualMs === undefined) return [seconds(elapsed)];
  return [vscode.l10n.t('{0} of about {1}', seconds(elapsed), seconds(usualMs))];
}

function kindText({ kind }: Operation): string {
  switch (kind) {
    case 'deploy':
      return vscode.l10n.t('deploying');
    case 'redeploy':
      return vscode.l10n.t('redeploying');
    case 'remove':
      return vscode.l10n.t('removing');
    case 'environment':
      return vscode.l10n.t('preparing the environment');
    case 'build':
      return vscode.l10n.t('building the image');
    case 'sweep':
      return vscode.l10n.t('sweeping memory');
    case 'push':
      return vscode.l10n.t('pushing');
    case 'eject':
      return vscode.l10n.t('ejecting');
    case 'rehearse':
      return vscode.l10n.t('rehearsing');
    case 'rollback':
      return vscode.l10n.t('rolling back');
    case 'rotate':
      return vscode.l10n.t('rotating the API key');
    default:
      return kind satisfies never;
  }
}
