import { MOST_SAMPLES, newestThatFit, readSamples } from '../src/shared/history.ts';
import type { Sample } from '../src/shared/latency.ts';
import type { DeploymentKey } from '../src/shared/spec.ts';
import { isRecord } from './answer/guards.ts';
import type { TypedInput } from './input/read.ts';
import { initialState, type State } from './state.ts';

/** What outlives a reload of the page. Kept by the editor in its own storage, never in the project. */
export interface Remembered {
  version: 1;
  selected?: DeploymentKey;
  typed: TypedInput;
  repeatTimes: number;
  view: State['view'];
  samples: Sample[];
  shown?: string;
}

/** The newest requests that fit, with what was typed and chosen. */
export function remember(state: State): Remembered {
  return {
    version: 1,
    typed: state.typed,
    repeatTimes: state.repeatTimes,
    view: state.view,
    samples: newestThatFit(state.samples),
    ...(state.selected && { selected: state.selected }),
    ...(state.shown && { shown: state.shown }),
  };
}

/** The state to begin with. What an older or newer page left behind is not trusted to have today's shape. */
export function restore(remembered: unknown): State {
  const state = initialState();
  if (!isRecord(remembered) || remembered['version'] !== 1) return state;
  const { selected, typed, repeatTimes, view, samples, shown } = remembered as unknown as Remembered;
  const kept = readSamples(samples).slice(-MOST_SAMPLES);
  return {
    ...state,
    ...(isRecord(typed) && { typed: { ...state.typed, ...typed } }),
    ...(typeof repeatTimes === 'number' && { repeatTimes }),
    ...(view === 'json' && { view }),
    ...(isRecord(selected) && { selected }),
    samples: kept,
    ...(kept.some((sample) => sample.id === shown) && shown !== undefined && { shown, cursor: shown }),
  };
}
