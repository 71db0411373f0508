/** What the rows of a benchmark are made of, and how they are summed up. */

export type Round = Record<string, number>;
export type Model = 'entities' | 'sentiment';

export const TITLES: Record<Model, string> = { entities: 'spaCy', sentiment: 'scikit-learn' };
export const MODELS = Object.keys(TITLES) as Model[];

export interface Goal {
  what: string;
  measured: string;
  goal: string;
  met: boolean;
}

export function median(rounds: Round[], side: string): number {
  const values = rounds.map((round) => round[side]!).sort((a, b) => a - b);
  const middle = values.length / 2;
  return values.length % 2 === 1 ? values[Math.floor(middle)]! : (values[middle - 1]! + values[middle]!) / 2;
}

/** The median of the rounds' own ratios: both sides of a ratio were measured within seconds of each other. */
export function ratio(rounds: Round[], of: (round: Round) => number, to: (round: Round) => number): number {
  return median(
    rounds.map((round) => ({ ratio: of(round) / to(round) })),
    'ratio',
  );
}

export const times = (value: number): string => `${value.toFixed(2)}×`;
export const side = (name: string) => (round: Round) => round[name]!;

export function atMost(what: string, value: number, limit: number): Goal {
  return { what, measured: times(value), goal: `≤ ${times(limit)}`, met: value <= limit };
}
