import { environmentDifferences } from '../../core/compare/environments.ts';
import { toleranceFor } from '../../core/compare/tolerance.ts';
import { FLOATS } from '../../shared/parity.ts';
import type { ComparedWith } from '../../shared/playground.ts';
import type { Selection } from './bridge.ts';

/** What two deployments differ in beside their answers; undefined where one of them is gone. */
export async function comparedWith(first: Selection, second: Selection): Promise<ComparedWith | undefined> {
  const one = first.project.status(first.key);
  const other = second.project.status(second.key);
  if (!one || !other) return undefined;
  const [tolerances, environments] = await Promise.all([
    Promise.all([first, second].map(toleranceOfModel)),
    environmentDifferences(one, other),
  ]);
  // Of two models the less exact one decides.
  const [tolerance = FLOATS] = tolerances.toSorted((a, b) => b.relative - a.relative);
  return { tolerance, ...(environments.ok ? { environments: environments.value } : {}) };
}

async function toleranceOfModel({ project, key }: Selection): Promise<ComparedWith['tolerance']> {
  const spec = project.spec(key.model);
  return spec ? toleranceFor(project.folder, spec) : FLOATS;
}
