/**
 * The revision that an update of a stack gets, so that it publishes a version: when the stack was deployed, in milliseconds and
 * base 36. One that only tells the stack what serves has its own time before that: `mi5w2k1a-mi5vzz0c`.
 */

/** Eight digits are those of the years 1972 to 2059. */
const DEPLOYED = /(?:^|-)([0-9a-z]{8})$/;

/** Of a deploy. */
export function revisionNow(): string {
  return Date.now().toString(36);
}

/** Of an update that tells the stack what serves. `before`: the stack's own. */
export function levellingRevision(before: string): string {
  return `${revisionNow()}-${DEPLOYED.exec(before)?.[1] ?? 'unknown'}`;
}

/** When the stack was deployed, as far as its revision says it. */
export function deployedWith(revision: string): Date | undefined {
  const time = DEPLOYED.exec(revision)?.[1];
  return time === undefined ? undefined : new Date(Number.parseInt(time, 36));
}
