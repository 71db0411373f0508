import type { StartKind } from '../../src/shared/contract.ts';
import type { Sample } from '../../src/shared/latency.ts';

/** What a request's mark says: how its environment had started, or that it failed. */
export type Kind = StartKind | 'error';

/** Every kind has a word and a shape, so that nothing depends on telling colours apart. */
export const KINDS: Record<Kind, { word: string; meaning: string; shape: string }> = {
  cold: {
    word: 'cold',
    meaning: 'The worker was started for this request, which waited for it.',
    shape: 'M6 1 11 6 6 11 1 6Z',
  },
  restored: {
    word: 'restored',
    meaning: 'The worker came from a warm parent or a snapshot.',
    shape: 'M2 2H10V10H2Z',
  },
  preinitialised: {
    word: 'preinitialised',
    meaning: 'The first request of a worker that was ready before the request came.',
    shape: 'M6 1 11 10.5H1Z',
  },
  warm: {
    word: 'warm',
    meaning: 'The worker had answered before.',
    shape: 'M6 2A4 4 0 1 1 6 10A4 4 0 1 1 6 2Z',
  },
  error: {
    word: 'error',
    meaning: 'The request failed.',
    shape: 'M2.5 1 6 4.5 9.5 1 11 2.5 7.5 6 11 9.5 9.5 11 6 7.5 2.5 11 1 9.5 4.5 6 1 2.5Z',
  },
};

/** In the order in which tables and legends name them. */
export const KIND_ORDER: readonly Kind[] = ['warm', 'cold', 'restored', 'preinitialised', 'error'];

export function failed(sample: Sample): boolean {
  return sample.problem !== undefined || sample.status < 200 || sample.status >= 300;
}

/** Requests that failed are apart: their times are not those of an answer. */
export function kindOf(sample: Sample): Kind {
  return failed(sample) ? 'error' : (sample.start ?? 'error');
}
