import { fail, type Outcome } from '../../shared/outcome.ts';
import type { LaterEntry } from './document.ts';

/**
 * The error where a name belongs to an entry of models.json that this Nimbus does not know, and must not write over;
 * undefined where it does not. Without `deployment` it is about the model itself.
 */
export function heldByLater(
  later: readonly LaterEntry[],
  key: { model: string; deployment?: string },
): Outcome<never> | undefined {
  const entry = later.find(
    ({ model, deployment }) => model === key.model && (deployment === undefined || deployment === key.deployment),
  );
  if (!entry) return undefined;
  const name = entry.deployment === undefined ? entry.model : `${entry.model}/${entry.deployment}`;
  return fail('needs-newer-nimbus', `${name} needs a newer Nimbus.`, {
    why: `models.json, line ${entry.line + 1}: ${entry.message}`,
    next: 'Update Nimbus, or choose another name.',
  });
}
