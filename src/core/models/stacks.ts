/** Which stacks of AWS a models.json has, and whether that can be said at all. */
import path from 'node:path';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { keyText, type ModelsSpec } from '../../shared/spec.ts';
import type { StackPlace } from '../../shared/states.ts';
import { MODELS_FILE } from './document.ts';
import { newerFile, readModels, type Declared } from './read.ts';

export interface DeclaredStack extends Pick<StackPlace, 'stack'> {
  /** `MODEL/DEPLOYMENT` */
  name: string;
  /** Both are written with the stack; by hand it may stand alone. */
  account: string | undefined;
  region: string | undefined;
}

export function declaredStacks(models: Readonly<ModelsSpec['models']>): DeclaredStack[] {
  return Object.entries(models).flatMap(([model, { deployments = {} }]) =>
    Object.entries(deployments).flatMap(([deployment, { account, region, stack }]) =>
      stack === undefined ? [] : [{ name: keyText({ model, deployment }), account, region, stack }],
    ),
  );
}

/**
 * What a project's models.json declares, as it is now and as a whole. Errors: as of `readModels`; there is something in it that
 * this Nimbus does not understand.
 */
export async function readWhole(project: string): Promise<Outcome<Declared>> {
  const read = await readModels(project);
  if (!read.ok) return read;
  const file = path.join(project, MODELS_FILE);
  const { newer, later } = read.value;
  if (newer !== undefined) return newerFile(file, newer);
  const [first] = later;
  if (!first) return read;
  return fail('needs-newer-nimbus', `${file} has an entry that needs a newer Nimbus: its stacks are not known.`, {
    why: `Line ${first.line + 1}: ${first.message}`,
    next: 'Update Nimbus.',
  });
}

/** That a project's models.json, as it is now, does not have a stack. Errors: it has it; as of `readWhole`. */
export async function lacksStack(
  project: string,
  { account, region, stack }: Readonly<StackPlace>,
): Promise<Outcome<void>> {
  const read = await readWhole(project);
  if (!read.ok) return read;
  const its = declaredStacks(read.value.models).find(
    (one) => one.stack === stack && (one.account ?? account) === account && (one.region ?? region) === region,
  );
  if (!its) return ok(undefined);
  return fail('stack-declared', `${path.join(project, MODELS_FILE)} has the stack ${stack}, as ${its.name}.`, {
    next: `Remove ${its.name} instead, if it is to go.`,
  });
}
