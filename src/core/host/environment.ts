import { access, constants } from 'node:fs/promises';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { createEnvironment } from '../environment/create.ts';
import type { EnvironmentPlan } from '../environment/environment.ts';
import { environmentIdentity } from '../environment/identity.ts';
import { probe } from '../environment/probe.ts';
import type { Shell } from '../shell.ts';
import type { ReadyEnvironment } from './version-request.ts';

/** The Python that a plan means; a managed environment is made where it is not there yet. */
export async function ensureEnvironment(plan: EnvironmentPlan, shell: Shell): Promise<Outcome<ReadyEnvironment>> {
  switch (plan.kind) {
    case 'use':
      try {
        await access(plan.python, constants.X_OK);
      } catch {
        return fail('interpreter-missing', `The interpreter ${plan.python} cannot be run.`, {
          next: 'Choose another interpreter.',
        });
      }
      shell.stage('environment', { detail: `Python ${plan.probe.version}, ${plan.python}` });
      return ok({ python: plan.python, lock: await environmentIdentity(plan.probe, plan.lock) });
    case 'create': {
      const created = await createEnvironment(plan, shell);
      if (!created.ok) return created;
      const { python, withoutLock } = created.value;
      const found = await probe(python, [], { signal: shell.signal });
      if (!found.ok) return found;
      const without = withoutLock === undefined ? '' : `; without nimbus.lock: ${withoutLock}`;
      shell.stage('environment', { detail: `Python ${found.value.version}, ${python}${without}` });
      // Asked as every later deploy asks, so that one with nothing changed is the same version.
      return ok({ python, lock: await environmentIdentity(found.value) });
    }
    default:
      return plan satisfies never;
  }
}
