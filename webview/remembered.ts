import type { Sample } from '../src/shared/latency.ts';
import type { DeploymentKey } from '../src/shared/spec.ts';
import { isRecord } from './answer/guards.ts';
import type { TypedInput } from './input/read.ts';
import { initialState, MOST_SAMPLES, type State } from './state.ts';

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

/** The editor writes the state whole on every change, so it is kept to about this many UTF-16 units of JSON. */
export const MOST_REMEMBERED = 1_000_000;

const sizes = new WeakMap<Sample, number>();

function sizeOf(sample: Sample): number {
  let size = sizes.get(sample);
  if (size === undefined) sizes.set(sample, (size = JSON.stringify(sample).length));
  return size;
}

/** The newest requests that fit, with what was typed and chosen. */
export function remember(state: State): Remembered {
  let left = MOST_REMEMBERED;
  const samples = state.samples.toReversed().filter((sample) => {
    const size = sizeOf(sample);
    // One answer of megabytes must not push the small ones out.
    if (size > left) return false;
    left -= size;
    return true;
  });
  return {
    version: 1,
    typed: state.typed,
    repeatTimes: state.repeatTimes,
    view: state.view,
    samples: samples.reverse(),
    ...(state.selected && { selected: state.selected }),
    ...(state.shown && { shown: state.shown }),
  };
}

/** The state to begin with. What an older or newer page left behind is not trusted to have today's shape. */
export function restore(remembered: unknown): State {
  const state = initialState();
  if (!isRecord(remembered) || remembered['version'] !== 1) return state;
  const { selected, typed, repeatTimes, view, samples, shown } = remembered as unknown as Remembered;
  const kept = Array.isArray(samples) ? samples.filter(isSample).slice(-MOST_SAMPLES) : [];
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

function isSample(value: unknown): value is Sample {
  return (
    isRecord(value) && typeof value['id'] === 'string' && typeof value['at'] === 'number' && isRecord(value['phases'])
  );
}
