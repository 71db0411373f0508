/** What `nimbus doctor` finds: one line for each thing that a deploy may need. */

/** In the order in which they are shown. */
export const CHECKS = [
  'python',
  'uv',
  'engine',
  'disk',
  'credentials',
  'bootstrap',
  'repository',
  'permissions',
  'quotas',
] as const;

export type Check = (typeof CHECKS)[number];

export const CHECK_TITLES: Readonly<Record<Check, string>> = {
  python: 'Python',
  uv: 'uv',
  engine: 'Docker engine',
  disk: 'Free space',
  credentials: 'AWS credentials',
  bootstrap: 'CDK bootstrap',
  repository: 'Image repository',
  permissions: 'AWS permissions',
  quotas: 'AWS quotas',
};

/**
 * `absent`: not set up, and only who wants it has to do something. `unknown`: it cannot be told. Only a `problem` is
 * something that is there and does not work.
 */
export type FindingState = 'ok' | 'warning' | 'problem' | 'absent' | 'unknown';

export interface Finding {
  check: Check;
  state: FindingState;
  what: string;
  why?: string;
  /** What to do about it. */
  next?: string;
}

export function hasProblem(findings: readonly Finding[]): boolean {
  return findings.some(({ state }) => state === 'problem');
}

const SIGNS: Readonly<Record<FindingState, string>> = {
  ok: '✓',
  warning: '!',
  problem: '✗',
  absent: '–',
  unknown: '?',
};
const WIDTH = Math.max(...Object.values(CHECK_TITLES).map((title) => title.length));

/** Lines for people, in a font of one width. */
export function findingText({ check, state, what, why, next }: Finding): string {
  const first = `${SIGNS[state]} ${CHECK_TITLES[check].padEnd(WIDTH)}  ${what}`;
  const more = [why, next].flatMap((one) => one?.split('\n') ?? []);
  return [first, ...more.map((line) => `    ${line}`)].join('\n');
}
