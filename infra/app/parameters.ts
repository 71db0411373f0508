/**
 * Names of the stack's parameters. What changes with every update is one, so that the template stays the same; and so is which
 * API key it is, which no update of the rest may change.
 */
import { createHash } from 'node:crypto';

export const PARAMETERS = {
  imageDigest: 'ImageDigest',
  version: 'Version',
  revision: 'Revision',
  keyRevision: 'KeyRevision',
} as const;

/** `EnvHFTOKEN1a2b3c4d` of `HF_TOKEN`: parameters have letters and digits only, and two names must not meet in one. */
export function environmentParameter(name: string): string {
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `Env${name.replaceAll('_', '')}${hash}`;
}
