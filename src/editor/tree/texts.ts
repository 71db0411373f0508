/** What is said of a deployment: its state, where it is, what its requests took. */
import * as vscode from 'vscode';
import { formatBytes } from '../../shared/bytes.ts';
import { formatMs } from '../../shared/latency.ts';
import type { DeploymentStatus, State } from '../../shared/states.ts';

/** States as people read them. */
export function stateText(state: State): string {
  switch (state) {
    case 'not-deployed':
      return vscode.l10n.t('not deployed on this machine');
    case 'idle':
      return vscode.l10n.t('idle');
    case 'starting':
      return vscode.l10n.t('starting');
    case 'serving':
      return vscode.l10n.t('serving');
    case 'stopped':
      return vscode.l10n.t('stopped');
    case 'failed':
      return vscode.l10n.t('failed');
    case 'changed':
      return vscode.l10n.t('changed since deploy');
    case 'refused':
      return vscode.l10n.t('new version refused');
    case 'updating':
      return vscode.l10n.t('updating');
    case 'gone':
      return vscode.l10n.t('gone');
    default:
      return state satisfies never;
  }
}

/** As `stateText`, in AWS's own words where it has more states than there are for all targets. */
export function saidState({ state, seen }: Pick<DeploymentStatus, 'state' | 'seen'>): string {
  if (state === 'changed') return stateText(state);
  switch (seen?.state) {
    case 'creating':
      return vscode.l10n.t('being created');
    case 'rolling-back':
      return vscode.l10n.t('rolling back');
    case 'deleting':
      return vscode.l10n.t('being deleted');
    case 'inactive':
      return vscode.l10n.t('inactive');
    case 'waking':
      return vscode.l10n.t('waking up');
    default:
      return stateText(state);
  }
}

export function driftedText(): string {
  return vscode.l10n.t('drifted');
}

/** Where there is room for one word; the row of the model has them all. */
function shortStateText(status: DeploymentStatus): string {
  if (status.state === 'changed') return vscode.l10n.t('changed');
  return status.state === 'refused' ? vscode.l10n.t('refused') : saidState(status);
}

export interface Texts {
  description: string;
  /** What a screen reader says. */
  spoken: string;
}

/** What follows the name in its row. */
export function textsOf(status: DeploymentStatus): Texts {
  const reason = status.error ? [status.error.what] : [];
  const times = latencies(status);
  // Of what does not answer at all the reason matters more than the times of before.
  const middle = status.state === 'failed' ? [...reason, ...times] : [...times, ...reason];
  const rest = [...middle, ...placeOf(status), ...aheadOf(status)];
  const drifted = status.seen?.drifted ? [driftedText()] : [];
  const spoken = [saidState(status), ...drifted, ...rest].join(' · ');
  // The usual width of the view has room for two times and a short word: the icon says that it serves.
  const isTold = status.state === 'serving' && (times.length > 0 || drifted.length > 0);
  return { description: [...(isTold ? [] : [shortStateText(status)]), ...drifted, ...rest].join(' · '), spoken };
}

/** Said where it is not this machine's own Python. */
function placeOf({ cloud, image }: DeploymentStatus): string[] {
  if (cloud) return [vscode.l10n.t('AWS Lambda, {0}', cloud.region)];
  return image ? [vscode.l10n.t('Docker, {0}', formatBytes(image.bytes, vscode.env.language))] : [];
}

function aheadOf({ seen }: DeploymentStatus): string[] {
  return seen?.isAhead ? [vscode.l10n.t('ahead of its stack')] : [];
}

/** Without a worker the cold one first: that is what the next request takes. */
function latencies({ state, lastMs }: DeploymentStatus): string[] {
  const { warm, cold } = lastMs;
  const both = [
    ...(warm === undefined ? [] : [vscode.l10n.t('warm {0}', formatMs(warm, vscode.env.language))]),
    ...(cold === undefined ? [] : [vscode.l10n.t('cold {0}', formatMs(cold, vscode.env.language))]),
  ];
  return state === 'idle' ? both.reverse() : both;
}
