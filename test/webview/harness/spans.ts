import type { ModelCard, Span } from '../../../src/shared/contract.ts';

/** Spans of the given pieces of a text, by code points. */
export function spansIn(text: string, ...pieces: [piece: string, label: string][]): Span[] {
  return pieces.map(([piece, label]) => {
    const start = Array.from(text.slice(0, text.indexOf(piece))).length;
    return { text: piece, label, start, end: start + Array.from(piece).length };
  });
}

export const LIMITS: ModelCard['limits'] = {
  memoryMb: 1769,
  timeoutSeconds: 29,
  payloadBytes: 6_291_456,
  batchInputs: 1000,
};
