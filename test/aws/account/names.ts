/** How all that a run on a real account makes is told from everything else of the account. */
import { randomBytes } from 'node:crypto';

/** What a run has as its role: IAM is asked for roles by path, and a role of that path is nobody else's. */
export const ROLE_PATH = '/nimbus-test/';

/** Tags of the role, which is made first and removed last: it says what else there may be of the run. */
export const ROLE_TAGS = {
  run: 'nimbus:test-run',
  /** Roles are of all regions, what else there is of a run is of one. */
  region: 'nimbus:test-region',
  /** By then it has ended: a time as ISO 8601 has it. */
  until: 'nimbus:test-until',
  /** `yes` where the account had no repository of images before. */
  madeImages: 'nimbus:test-made-images',
} as const;

/** Twelve characters that begin with a letter. */
export function newRun(): string {
  return `r${BigInt(`0x${randomBytes(8).toString('hex')}`)
    .toString(36)
    .padStart(11, '0')
    .slice(-11)}`;
}

/** What the names of a run's models begin with; with it their stacks' tag `nimbus:model`, and the tags of their images. */
export function modelPrefix(run: string): string {
  return `test-${run}-`;
}

/** What the names of its stacks, functions, APIs, keys and usage plans begin with, and its role's whole name. */
export function stackPrefix(run: string): string {
  return `nimbus-${modelPrefix(run)}`;
}

export function roleName(run: string): string {
  return `nimbus-test-${run}`;
}

/** Of the role that makes CDK's bootstrap where there is none. */
export function bootstrapRoleName(run: string): string {
  return `${roleName(run)}-bootstrap`;
}
