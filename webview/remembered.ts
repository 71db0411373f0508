import { newestThatFit, readSamples } from '../src/shared/history.ts';
import type { Sample } from '../src/shared/latency.ts';
import type { DeploymentKey } from '../src/shared/spec.ts';
import { isRecord } from './answer/guards.ts';
import { blankInput, type TypedInput } from './input/read.ts';
import type { KeptInput } from './input/typed.ts';
import { initialState, type State } from './state.ts';

/** What outlives a reload of the page. Kept by the editor in its own storage, never in the project. */
export interface Remembered {
  version: 1;
  selected?: DeploymentKey;
  compared?: DeploymentKey;
  typed: TypedInput;
  kept?: KeptInput;
  repeatTimes: number;
  through?: State['through'];
  view: State['view'];
  samples: Sample[];
  shown?: string;
}

/** A longer input of a deployment that is not chosen is not kept, in UTF-16 units of JSON. */
const MOST_KEPT = 100_000;

/** The newest requests that fit, with what was typed and chosen. */
export function remember(state: State): Remembered {
  return {
    version: 1,
    typed: state.typed,
    kept: Object.fromEntries(Object.entries(state.kept).filter(([, one]) => sizeOf(one) <= MOST_KEPT)),
    repeatTimes: state.repeatTimes,
    through: state.through,
    view: state.view,
    samples: newestThatFit(state.samples),
    ...(state.selected && { selected: state.selected }),
    ...(state.compared && { compared: state.compared }),
    ...(state.shown && { shown: state.shown }),
  };
}

/** The state to begin with. What an older or newer page left behind is not trusted to have today's shape. */
export function restore(remembered: unknown): State {
  const state = initialState();
  if (!isRecord(remembered) || remembered['version'] !== 1) return state;
  const { selected, compared, typed, kept, repeatTimes, through, view, samples, shown } =
    remembered as unknown as Remembered;
  const requests = newestThatFit(readSamples(samples));
  return {
    ...state,
    ...(isRecord(typed) && { typed: { ...state.typed, ...typed } }),
    ...(isRecord(kept) && { kept: readKept(kept) }),
    ...(typeof repeatTimes === 'number' && { repeatTimes }),
    ...(through === 'invoke' && { through }),
    ...(view === 'json' && { view }),
    ...(isRecord(selected) && { selected }),
    ...(isRecord(compared) && { compared }),
    samples: requests,
    ...(requests.some((sample) => sample.id === shown) && shown !== undefined && { shown, cursor: shown }),
  };
}

function readKept(kept: Record<string, unknown>): KeptInput {
  const known = Object.entries(kept).filter((entry): entry is [string, TypedInput] => isRecord(entry[1]));
  return Object.fromEntries(known.map(([key, one]) => [key, { ...blankInput(), ...one }]));
}

function sizeOf(typed: TypedInput): number {
  return JSON.stringify(typed).length;
}
