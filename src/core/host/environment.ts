import { access, constants } from 'node:fs/promises';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { createEnvironment } from '../environment/create.ts';
import type { EnvironmentPlan } from '../environment/environment.ts';
import type { Shell } from '../shell.ts';

/** Absolute path of the Python that a plan means; a managed environment is made where it is not there yet. */
export async function ensureEnvironment(plan: EnvironmentPlan, shell: Shell): Promise<Outcome<string>> {
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
      return ok(plan.python);
    case 'create': {
      const created = await createEnvironment(plan, shell);
      return created.ok ? ok(created.value.python) : created;
    }
    default:
      return plan satisfies never;
  }
}
