import type { Phases } from '../../src/shared/latency.ts';
import type { TargetKind } from '../../src/shared/spec.ts';

export type PhaseName = Exclude<keyof Phases, 'totalMs'>;

/** In the order in which they happen, with the words people read. */
export const PHASES: readonly { name: PhaseName; word: string; meaning: string }[] = [
  { name: 'connectMs', word: 'connect', meaning: 'DNS, TCP and TLS; none on a connection that is already open.' },
  { name: 'queueMs', word: 'queue', meaning: 'Waiting for a free worker.' },
  { name: 'startMs', word: 'start', meaning: 'Creating the process, container or sandbox.' },
  { name: 'interpreterMs', word: 'interpreter', meaning: 'Python’s own start, until its first line runs.' },
  { name: 'importsMs', word: 'imports', meaning: 'Importing the framework of the model.' },
  { name: 'loadMs', word: 'load', meaning: 'Reading the model from disk.' },
  { name: 'handlerMs', word: 'handler', meaning: 'The model computing its answer.' },
  { name: 'restMs', word: 'rest', meaning: 'What is left: network, JSON, the front.' },
];

/** Of what is between here and the function on AWS nobody tells the parts. */
const REST_ON_AWS = {
  word: 'gateway and sandbox',
  meaning:
    'The network, API Gateway, and where it is cold AWS Lambda creating its sandbox: nobody tells one from the other.',
};

export interface PhaseBar {
  name: PhaseName;
  word: string;
  meaning: string;
  ms: number;
  /** Fractions of the whole width. Bars follow one another and their widths add up to 1. */
  x: number;
  width: number;
}

/** Narrower than this fraction a phase could not be seen; the widest ones give what it lacks. */
const LEAST_WIDTH = 0.006;

/** Past the gateway. */
const REST_OF_INVOKE = {
  word: 'network and sandbox',
  meaning:
    'The network, AWS Lambda’s own part, and where it is cold its creating a sandbox: nobody tells one from the other.',
};

/** The phases that took time, laid out one after another. Empty if none did. */
export function phaseBars(phases: Phases, target?: TargetKind, isPastGateway = false): PhaseBar[] {
  const restOnAws = isPastGateway ? REST_OF_INVOKE : REST_ON_AWS;
  const present = PHASES.map((phase) => ({
    ...phase,
    ...(target === 'lambda' && phase.name === 'restMs' ? restOnAws : {}),
    ms: Math.max(0, phases[phase.name]),
  })).filter((bar) => bar.ms > 0);
  const sum = present.reduce((all, bar) => all + bar.ms, 0);
  if (sum === 0) return [];
  let wideMs = sum;
  let wideShare = 1;
  const narrow = new Set<PhaseName>();
  // Shortest first: each that is widened leaves less room for the others, which may then be too narrow as well.
  for (const bar of present.toSorted((one, other) => one.ms - other.ms)) {
    if ((bar.ms / wideMs) * wideShare >= LEAST_WIDTH) break;
    narrow.add(bar.name);
    wideMs -= bar.ms;
    wideShare -= LEAST_WIDTH;
  }
  let x = 0;
  return present.map((bar) => {
    const width = narrow.has(bar.name) ? LEAST_WIDTH : (bar.ms / wideMs) * wideShare;
    const placed = { ...bar, x, width };
    x += width;
    return placed;
  });
}
