import type { Sample } from '../../src/shared/latency.ts';
import { kindOf, type Kind } from './kinds.ts';
import { logScale } from './scale.ts';

export interface PlottedMark {
  sample: Sample;
  kind: Kind;
  x: number;
  y: number;
}

/** A scatter chart in CSS pixels. */
export interface Plot {
  width: number;
  height: number;
  /** Where the area of the marks begins, right of the ticks' labels. */
  left: number;
  ticks: { y: number; ms: number }[];
  marks: PlottedMark[];
  /** Id of the mark nearest to a point, if one is within reach of a pointer. */
  nearest(x: number, y: number): string | undefined;
}

const LEFT = 56;
const HEIGHT = 136;
/** Room for half a mark and its halo at each edge. */
const EDGE = 10;
/** How far beside a mark a click may be. */
const REACH = 24;
/** Few marks stand this far apart at most, and do not spread over the whole width. */
const WIDEST_STEP = 24;

/** Places requests left to right in the order sent, evenly: a burst and a pause are equally readable. */
export function plot(samples: readonly Sample[], width: number): Plot {
  const scale = logScale(samples.map((sample) => sample.phases.totalMs));
  const yOf = (ms: number): number => HEIGHT - EDGE - scale.at(ms) * (HEIGHT - 2 * EDGE);
  const room = Math.max(0, width - LEFT - 2 * EDGE);
  const step = Math.min(WIDEST_STEP, samples.length > 1 ? room / (samples.length - 1) : 0);
  const marks = samples.map((sample, index) => ({
    sample,
    kind: kindOf(sample),
    x: LEFT + EDGE + index * step,
    y: yOf(sample.phases.totalMs),
  }));
  return {
    width,
    height: HEIGHT,
    left: LEFT,
    ticks: scale.ticks.map((ms) => ({ ms, y: yOf(ms) })),
    marks,
    nearest: (x, y) => {
      let best: { id: string; distance: number } | undefined;
      for (const mark of marks) {
        const distance = Math.hypot(mark.x - x, mark.y - y);
        if (distance <= REACH && (!best || distance < best.distance)) best = { id: mark.sample.id, distance };
      }
      return best?.id;
    },
  };
}
