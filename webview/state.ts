/** What the page knows, and what follows from it. */
import type { ModelCard } from '../src/shared/contract.ts';
import type { Sample, Through } from '../src/shared/latency.ts';
import type { UserError } from '../src/shared/outcome.ts';
import type { ComparedWith } from '../src/shared/playground.ts';
import { sameKey, type DeploymentKey } from '../src/shared/spec.ts';
import type { DeploymentStatus } from '../src/shared/states.ts';
import type { Wait } from '../src/shared/waits.ts';
import { formOfCard } from './input/card.ts';
import { blankInput, type InputProblems, type TypedInput } from './input/read.ts';
import type { Form } from './input/schema.ts';
import type { KeptInput } from './input/typed.ts';

export type Activity =
  | { kind: 'none' }
  | {
      kind: 'send';
      startedAt: number;
      elapsedMs: number;
      cancelling: boolean;
      /** Of the two requests, where it goes to two deployments. */
      pair?: string;
      /** What it waits for beside its answer. */
      wait?: Wait;
    }
  | {
      kind: 'repeat';
      startedAt: number;
      elapsedMs: number;
      cancelling: boolean;
      times: number;
      done: number;
      wait?: Wait;
    };

export type Switching = 'cold' | 'start' | 'stop';

/** All that the page shows. One plain object, changed only by `reduce`. */
export interface State {
  /** False until the extension has answered `ready`. */
  ready: boolean;
  locale: string;
  deployments: DeploymentStatus[];
  selected?: DeploymentKey;
  /** The deployment whose answers stand beside those of the selected one. */
  compared?: DeploymentKey;
  /** What the two differ in beside their answers, once it is known. */
  comparedWith?: ComparedWith;
  card?: ModelCard;
  typed: TypedInput;
  kept: KeptInput;
  /** What was wrong with the input when it was last to be sent. */
  problems: InputProblems;
  repeatTimes: number;
  /** How requests reach deployments on AWS. */
  through: Exclude<Through, 'cold'>;
  activity: Activity;
  switching?: Switching;
  /** Requests of all deployments, oldest first, at most `MOST_SAMPLES` of each. */
  samples: Sample[];
  /** Id of the request whose answer and phases are on view. */
  shown?: string;
  /** Id of the request that the keyboard is on in the chart and the history. */
  cursor?: string;
  view: 'answer' | 'json';
  /** Why nothing was sent, or a command failed; stands where the answer would. */
  error?: UserError;
  /** Long parts of an answer that are to be shown whole. */
  expanded: readonly string[];
  /** Numbers chosen in parts of answers: the index of a tensor, an order. They stay from answer to answer. */
  choices: Readonly<Record<string, number>>;
  phasesOpen: boolean;
  historyRows: number;
  /** What was just copied, for the button that did it. */
  copied?: string;
  /** Width of the chart in CSS pixels, as last measured. */
  chartWidth: number;
  /** The latest texts to be read out, each once. Several may fall between two frames. */
  announcements: readonly { text: string; count: number }[];
}

export const HISTORY_ROWS = 10;

export function initialState(): State {
  return {
    ready: false,
    locale: 'en',
    deployments: [],
    typed: blankInput(),
    kept: {},
    problems: {},
    repeatTimes: 20,
    through: 'api',
    activity: { kind: 'none' },
    samples: [],
    view: 'answer',
    expanded: [],
    choices: {},
    phasesOpen: false,
    historyRows: HISTORY_ROWS,
    chartWidth: 640,
    announcements: [],
  };
}

export function statusOf(state: State): DeploymentStatus | undefined {
  return state.selected && state.deployments.find((one) => sameKey(one, state.selected));
}

/** How requests reach the chosen deployment; undefined where it is not on AWS. Where callers sign, the page's only way is Invoke. */
export function throughOf(state: State): State['through'] | undefined {
  const { cloud } = statusOf(state) ?? {};
  return cloud && (cloud.auth === 'iam' ? 'invoke' : state.through);
}

/** One deployment's requests, oldest first: kinds of different deployments are never mixed either. */
export function samplesOf(state: State, key = state.selected): Sample[] {
  return state.samples.filter((sample) => sameKey(sample, key));
}

export function shownSample(state: State): Sample | undefined {
  return state.samples.find((sample) => sample.id === state.shown);
}

export function formOfState(state: State): Form | undefined {
  return formOfCard(state.card);
}
