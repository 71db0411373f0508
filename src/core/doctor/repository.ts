import { findRepository } from '../cloud/repository.ts';
import { IMAGES } from '../cloud/stack.ts';
import type { AwsAccess } from './aws.ts';
import { foundBy, type Found } from './finding.ts';

export async function checkRepository({ account, config }: AwsAccess): Promise<Found> {
  const found = await findRepository(config);
  if (!found.ok) return foundBy(found.error, 'unknown');
  if (found.value !== undefined) return { state: 'ok', what: found.value };
  return {
    state: 'absent',
    what: `There is no ${IMAGES.repository} in ${account.region}.`,
    next: 'The first deploy makes it once you agree to its plan.',
  };
}
