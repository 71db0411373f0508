import type { Phases, Sample } from '../../../src/shared/latency.ts';

const NO_PHASES: Phases = {
  connectMs: 0,
  queueMs: 0,
  startMs: 0,
  interpreterMs: 0,
  importsMs: 0,
  loadMs: 0,
  handlerMs: 0,
  restMs: 0,
  totalMs: 0,
};

let made = 0;

export function phases(some: Partial<Phases>): Phases {
  return { ...NO_PHASES, ...some };
}

/** A warm answer of `sentiment/local`, changed as given; `ms` is the whole request. */
export function sample({ ms = 2, ...some }: Partial<Sample> & { ms?: number } = {}): Sample {
  made += 1;
  return {
    id: `s${made}`,
    number: made,
    at: made * 1000,
    model: 'sentiment',
    deployment: 'local',
    input: 'a text',
    status: 200,
    start: 'warm',
    phases: phases({ totalMs: ms, handlerMs: ms }),
    result: { label: 'positive' },
    ...some,
  };
}
