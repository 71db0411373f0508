import type { DeploymentStatus, State as DeploymentState } from '../src/shared/states.ts';

export interface StateWords {
  word: string;
  /** Name of a codicon. */
  icon: string;
  meaning: string;
}

/** How a deployment's state is shown: always a word and an icon, never a colour alone. */
export function stateWords({ state, cloud }: Pick<DeploymentStatus, 'state' | 'cloud'>): StateWords {
  const words = STATE_WORDS[state];
  return cloud && state === 'serving' ? { ...words, meaning: SERVING_ON_AWS } : words;
}

const SERVING_ON_AWS =
  'It answers. AWS Lambda decides which requests are cold: after a pause, and where several come at once.';

export const STATE_WORDS: Record<DeploymentState, StateWords> = {
  'not-deployed': {
    word: 'not deployed',
    icon: 'circle-outline',
    meaning: 'models.json declares it; nobody deployed it on this machine.',
  },
  idle: { word: 'idle', icon: 'circle-outline', meaning: 'No worker runs: the next request is cold.' },
  starting: { word: 'starting', icon: 'sync', meaning: 'A worker is starting; a request waits for it.' },
  serving: { word: 'serving', icon: 'circle-filled', meaning: 'A worker is ready: the next request is warm.' },
  stopped: { word: 'stopped', icon: 'debug-stop', meaning: 'Requests are refused with status 503 until you start it.' },
  failed: { word: 'failed', icon: 'error', meaning: 'The last start failed.' },
  changed: { word: 'changed', icon: 'diff-modified', meaning: 'The model differs from what is deployed.' },
  refused: {
    word: 'new version refused',
    icon: 'warning',
    meaning: 'The new version could not answer; the old one serves on.',
  },
  updating: { word: 'updating', icon: 'sync', meaning: 'AWS works on it.' },
  gone: { word: 'gone', icon: 'question', meaning: 'It was deleted in AWS: deploy it again, or remove it here.' },
};
