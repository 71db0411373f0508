/** What a row shows of a deployment's state; of one on AWS what AWS said last, which has more than the states of all targets. */
import type { CloudStateName, DeploymentStatus, State } from '../../shared/states.ts';
import { driftedText, saidState, stateText } from './texts.ts';

interface Icon {
  /** Name of a codicon. */
  icon: string;
  /** Id of a theme colour. */
  color?: string;
}

export const STATE_ICONS: Record<State, Icon> = {
  updating: { icon: 'sync' },
  gone: { icon: 'question', color: 'list.warningForeground' },
  'not-deployed': { icon: 'circle-outline', color: 'disabledForeground' },
  idle: { icon: 'circle-outline', color: 'descriptionForeground' },
  starting: { icon: 'loading~spin' },
  serving: { icon: 'circle-filled', color: 'testing.iconPassed' },
  stopped: { icon: 'debug-stop', color: 'disabledForeground' },
  failed: { icon: 'error', color: 'testing.iconFailed' },
  changed: { icon: 'diff-modified', color: 'list.warningForeground' },
  refused: { icon: 'warning', color: 'list.warningForeground' },
};

/** Where AWS has more states than there are for all targets. */
const CLOUD_ICONS: Partial<Record<CloudStateName, Icon>> = {
  'rolling-back': { icon: 'discard', color: 'list.warningForeground' },
  deleting: { icon: 'trash' },
  inactive: { icon: 'circle-slash', color: 'descriptionForeground' },
};
const DRIFTED: Icon = { icon: 'diff', color: 'list.warningForeground' };

/** The worst first. */
const NEEDS_ATTENTION: readonly State[] = ['failed', 'gone', 'refused', 'changed'];

export interface Look extends Icon {
  /** The state whose commands it has. */
  offers: State;
}

export function lookOf(status: DeploymentStatus): Look {
  const { state, seen } = status;
  // Redeploying puts it right, as what has changed.
  if (isDrifted(status)) return { ...DRIFTED, offers: 'changed' };
  const ofCloud = state === 'changed' || !seen ? undefined : CLOUD_ICONS[seen.state];
  return { ...(ofCloud ?? STATE_ICONS[state]), offers: state };
}

/** What a model's row says of its deployments; undefined where none needs anybody. */
export function attentionText(statuses: readonly DeploymentStatus[]): string | undefined {
  const worst = NEEDS_ATTENTION.find((one) => statuses.some(({ state }) => state === one));
  if (worst) return stateText(worst);
  const back = statuses.find(({ seen }) => seen?.state === 'rolling-back');
  if (back) return saidState(back);
  return statuses.some(isDrifted) ? driftedText() : undefined;
}

/** Whether that somebody changed it by hand is the first thing to be said of it. */
function isDrifted({ state, seen }: DeploymentStatus): boolean {
  return seen?.drifted !== undefined && (state === 'serving' || state === 'idle');
}
