import type { UserError } from '../../shared/outcome.ts';
import type { Finding, FindingState } from '../../shared/doctor.ts';

/** What a check says of itself; which check it is, its caller knows. */
export type Found = Omit<Finding, 'check'>;

/** A failure as what a check found. */
export function foundBy({ what, why, next }: UserError, state: FindingState): Found {
  return { state, what, ...(why === undefined ? {} : { why }), ...(next === undefined ? {} : { next }) };
}
