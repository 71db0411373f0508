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

/** Where there is room for one word; the row of the model has them all. */
function shortStateText(state: State): string {
  if (state === 'changed') return vscode.l10n.t('changed');
  return state === 'refused' ? vscode.l10n.t('refused') : stateText(state);
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
  const rest = [...middle, ...placeOf(status)];
  const spoken = [stateText(status.state), ...rest].join(' · ');
  // The usual width of the view has room for two times and a short word: the icon says that it serves.
  const isTold = status.state === 'serving' && times.length > 0;
  return { description: [...(isTold ? [] : [shortStateText(status.state)]), ...rest].join(' · '), spoken };
}

/** Said where it is not this machine's own Python. */
function placeOf({ cloud, image }: DeploymentStatus): string[] {
  if (cloud) return [vscode.l10n.t('AWS Lambda, {0}', cloud.region)];
  return image ? [vscode.l10n.t('Docker, {0}', formatBytes(image.bytes, vscode.env.language))] : [];
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
