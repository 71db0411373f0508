import path from 'node:path';
import * as vscode from 'vscode';
import { formatBytes } from '../../shared/bytes.ts';
import { formatMs } from '../../shared/latency.ts';
import { FRAMEWORK_TITLES } from '../../shared/spec.ts';
import type { UserError } from '../../shared/outcome.ts';
import { madeWith } from '../../core/environment/captured.ts';
import type { ModelsDocument } from '../../core/models/document.ts';
import { problemOf } from '../models-file.ts';
import { ghostOf, type DeploymentNode, type GhostNode, type ModelNode, type Node } from './nodes.ts';
import type { CloudSeen, DeploymentStatus, ImageStatus } from '../../shared/states.ts';
import { authText } from '../cloud/choices.ts';
import { progressText } from './rows.ts';
import { driftedText, saidState } from './texts.ts';

/** Bytes in a megabyte as the product writes sizes. */
const MB = 1e6;
const PROBLEMS_SHOWN = 10;

/** Everything about a row that does not fit in it. Made when it is looked at. */
export function tooltipOf(node: Node): vscode.MarkdownString {
  const text = new vscode.MarkdownString('', true);
  switch (node.kind) {
    case 'project':
      text.appendText(node.project.folder);
      break;
    case 'problem':
      if (node.about === 'host') appendError(text, node.project.hostError);
      else describeFile(text, node.project.document);
      break;
    case 'model':
      describeModel(text, node);
      break;
    case 'deployment':
      describeDeployment(text, node);
      break;
    case 'ghosts':
      appendSentence(
        text,
        vscode.l10n.t('Deployments in the AWS account that no models.json of this window has, when Refresh asked.'),
      );
      break;
    case 'ghost':
      describeGhost(text, node);
      break;
    default:
      node satisfies never;
  }
  return text;
}

function describeFile(text: vscode.MarkdownString, document: ModelsDocument): void {
  const problems = 'problems' in document ? document.problems : [problemOf(document)];
  for (const problem of problems.slice(0, PROBLEMS_SHOWN)) {
    if (!problem) continue;
    text.appendMarkdown('- ').appendText(`${problem.line + 1}:${problem.column + 1} ${problem.message}`);
    text.appendMarkdown('\n');
  }
}

function describeModel(text: vscode.MarkdownString, { project, model }: ModelNode): void {
  const spec = project.spec(model);
  text.appendMarkdown('**').appendText(model).appendMarkdown('**\n\n');
  text.appendText(project.later({ model })?.message ?? '');
  if (!spec) return;
  if (spec.description) text.appendText(spec.description).appendMarkdown('\n\n');
  appendFacts(text, [
    [vscode.l10n.t('Framework'), FRAMEWORK_TITLES[spec.framework]],
    [vscode.l10n.t('Path'), spec.path],
    [vscode.l10n.t('Python'), spec.pythonVersion],
    [vscode.l10n.t('Variables'), spec.env?.join(', ')],
  ]);
  if (path.isAbsolute(spec.path)) {
    text.appendMarkdown('\n\n$(warning) ');
    text.appendText(vscode.l10n.t('The model lies outside the project: its entry works on this machine only.'));
  }
}

function describeDeployment(text: vscode.MarkdownString, node: DeploymentNode): void {
  const { project, model, deployment } = node;
  const status = project.status(node);
  const operation = project.operation(node);
  text.appendMarkdown('**').appendText(`${model}/${deployment}`).appendMarkdown('**\n\n');
  text.appendText(project.later({ model, deployment })?.message ?? '');
  if (operation?.state === 'running') text.appendText(progressText(operation)).appendMarkdown('\n\n');
  if (operation?.state === 'failed') appendError(text, operation.error);
  if (!status) return;
  const { lastMs, memoryBytes } = status;
  // First why, and what to do: of a long tooltip the end is out of sight.
  for (const error of [status.error, project.unasked(node)]) appendError(text, error);
  for (const remark of status.seen ? cloudRemarks(status.seen) : []) appendRemark(text, 'info', remark);
  appendFacts(text, [
    [vscode.l10n.t('State'), stateFact(status)],
    [vscode.l10n.t('URL'), status.url],
    [vscode.l10n.t('Version'), status.version.slice(0, 7)],
    [vscode.l10n.t('Framework'), FRAMEWORK_TITLES[status.framework]],
    [vscode.l10n.t('Interpreter'), status.interpreter],
    ...cloudFacts(status),
    [vscode.l10n.t('Image'), status.image && imageText(status.image)],
    [vscode.l10n.t('Python of the image'), status.image?.python],
    [vscode.l10n.t('Pushed'), pushedText(status)],
    [vscode.l10n.t('Made with'), madeWith(status.madeWith ?? []) || undefined],
    [vscode.l10n.t('Deployed'), timeText(status.deployedAt)],
    [vscode.l10n.t('Workers'), status.cloud ? undefined : String(status.workers)],
    [
      vscode.l10n.t('Memory'),
      memoryBytes === undefined
        ? undefined
        : vscode.l10n.t('about {0} MB', Math.round(memoryBytes / MB).toLocaleString(vscode.env.language)),
    ],
    [vscode.l10n.t('Last warm'), latency(lastMs.warm)],
    [vscode.l10n.t('Last restored'), latency(lastMs.restored)],
    [vscode.l10n.t('Last cold'), latency(lastMs.cold)],
  ]);
  if (status.network !== undefined) {
    text.appendMarkdown('\n\n');
    appendRemark(text, status.network === 'none' ? 'info' : 'warning', networkText(status.network));
  }
  for (const difference of status.differs ?? []) {
    text.appendMarkdown('\n\n');
    appendRemark(text, 'warning', difference);
  }
  if (project.portTaken !== undefined) {
    const taken = vscode.l10n.t("The project's usual port {0} is taken by another program.", String(project.portTaken));
    text.appendMarkdown('\n\n');
    appendRemark(text, 'info', taken);
  }
}

function describeGhost(text: vscode.MarkdownString, node: GhostNode): void {
  const { project, stack, account, region } = node;
  const ghost = ghostOf(node);
  const removal = project.removalOf(node);
  text.appendMarkdown('**').appendText(stack).appendMarkdown('**\n\n');
  if (removal) text.appendText(progressText(removal)).appendMarkdown('\n\n');
  appendFacts(text, [
    [vscode.l10n.t('Account'), account],
    [vscode.l10n.t('Region'), region],
    [vscode.l10n.t('Deployment'), ghost && `${ghost.model}/${ghost.deployment}`],
    [vscode.l10n.t('State'), ghost?.stackStatus],
    [vscode.l10n.t('Version'), ghost?.version?.slice(0, 7)],
    [vscode.l10n.t('Made'), timeText(ghost?.createdAt)],
  ]);
  text.appendMarkdown('\n\n');
  appendSentence(
    text,
    vscode.l10n.t(
      "No models.json of this window has it. It may be a colleague's, or of another project. Adopt takes it over into models.json, Delete From AWS removes it.",
    ),
  );
}

function stateFact(status: DeploymentStatus): string {
  return [saidState(status), ...(status.seen?.drifted ? [driftedText()] : [])].join(', ');
}

/** What AWS's states mean, and what to do about them; of failures its own error says it. */
function cloudRemarks({ state, drifted, isAhead }: CloudSeen): string[] {
  return [
    ...(state === 'inactive'
      ? [
          vscode.l10n.t(
            'AWS Lambda took its resources back since nobody asked it for weeks. The next request wakes it, which takes it up to a minute.',
          ),
        ]
      : []),
    ...(state === 'rolling-back'
      ? [
          vscode.l10n.t(
            'An update failed or was cancelled, and CloudFormation goes back to what was there before, which answers meanwhile. Refresh shows when it has ended.',
          ),
        ]
      : []),
    ...(drifted
      ? [
          vscode.l10n.t(
            'Changed by hand since it was deployed, as CloudFormation saw at {0}: {1}. Compare With AWS shows what; Redeploy has it as models.json says.',
            timeText(drifted.at)!,
            drifted.parts.join(', '),
          ),
        ]
      : []),
    ...(isAhead
      ? [
          vscode.l10n.t(
            'What serves is another version than its stack names, by a deploy of the code alone or a roll-back. The next update of the stack tells it first: nothing is to be done.',
          ),
        ]
      : []),
  ];
}

function timeText(at: string | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toLocaleString(vscode.env.language);
}

function cloudFacts({ cloud, seen }: DeploymentStatus): [string, string | undefined][] {
  if (!cloud) return [];
  return [
    [vscode.l10n.t('AWS asked'), timeText(seen?.at)],
    [vscode.l10n.t('Version of the function'), seen?.liveVersion],
    [vscode.l10n.t('Account'), cloud.account],
    [vscode.l10n.t('Region'), cloud.region],
    [vscode.l10n.t('Stack'), cloud.stack],
    [vscode.l10n.t('Digest'), cloud.digest.slice(0, 19)],
    [vscode.l10n.t('Who may call'), authText(cloud.auth)],
  ];
}

/** `sha256:4a80b148f84b, 371 MB (nimbus/…:sentiment.docker.33bb6dec932f)`. */
function imageText({ id, bytes, reference, platform, isEmulated }: ImageStatus): string {
  const emulated = isEmulated ? vscode.l10n.t('{0}, emulated: slower than on AWS by far', platform) : platform;
  return `${id.slice(0, 19)}, ${formatBytes(bytes, vscode.env.language)} (${reference}), ${emulated}`;
}

function pushedText({ pushed, image }: DeploymentStatus): string | undefined {
  if (!pushed) return undefined;
  return pushed.image === image?.id ? pushed.reference : vscode.l10n.t('{0} (an older version)', pushed.reference);
}

function latency(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : formatMs(ms, vscode.env.language);
}

function networkText(network: NonNullable<DeploymentStatus['network']>): string {
  return network === 'none'
    ? vscode.l10n.t('It runs without a network, since loading it needed your consent.')
    : vscode.l10n.t(
        'It has the network although loading it needed your consent: this system does not let it run without.',
      );
}

function appendError(text: vscode.MarkdownString, error: UserError | undefined): void {
  if (!error) return;
  appendRemark(text, 'error', error.what);
  for (const more of [error.why, error.next]) if (more) appendSentence(text, more).appendMarkdown('\n\n');
}

function appendRemark(text: vscode.MarkdownString, icon: 'info' | 'warning' | 'error', sentence: string): void {
  appendSentence(text.appendMarkdown(`$(${icon}) `), sentence).appendMarkdown('\n\n');
}

function appendFacts(text: vscode.MarkdownString, facts: [string, string | undefined][]): void {
  for (const [name, value] of facts) {
    if (value !== undefined) appendSentence(text.appendMarkdown('- '), `${name}: ${value}`).appendMarkdown('\n');
  }
}

/** As `appendText`, whose spaces do not break: lines would end in the middle of words. */
function appendSentence(text: vscode.MarkdownString, sentence: string): vscode.MarkdownString {
  const { value } = new vscode.MarkdownString().appendText(sentence);
  return text.appendMarkdown(value.replaceAll('&nbsp;', ' '));
}
