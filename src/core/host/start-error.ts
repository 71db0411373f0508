/** What is said where a version cannot be started. */
import path from 'node:path';
import type { Risk } from '../detect/detection.ts';
import { unknownModules } from '../detect/estimator-packages.ts';
import { modelPath } from '../models/paths.ts';
import type { UserError } from '../../shared/outcome.ts';
import { whyOf } from './examples.ts';
import { isProjectModule } from './modules.ts';
import type { VersionRequest } from './version-request.ts';

export async function startError(
  failure: Parameters<typeof whyOf>[0],
  { project, spec }: Pick<VersionRequest, 'project' | 'spec'>,
  risk: Risk,
): Promise<UserError> {
  const missing = /No module named '(\w+)/.exec(failure.detail)?.[1];
  const model = modelPath(project, spec);
  return {
    code: failure.code,
    what: 'The model could not be loaded.',
    why: whyOf(failure),
    next:
      (missing === undefined ? undefined : await remedyOf(missing, risk, { project, model })) ??
      failure.next ??
      'Correct the model or its environment, and redeploy.',
  };
}

/** Where a missing module would be found; undefined where it is a known package's. */
async function remedyOf(
  missing: string,
  risk: Risk,
  where: { project: string; model: string },
): Promise<string | undefined> {
  if (await isProjectModule(missing, where)) {
    return `${missing} is a module of this project that the model does not import by its name: write "import ${missing}" where it is used.`;
  }
  // A package that is called as somebody's own module would be a stranger's.
  if (!('globals' in risk) || !unknownModules(risk.globals).includes(missing)) return undefined;
  const { base: name, dir: folder } = path.parse(where.model);
  const places = folder === where.project ? `beside ${name}` : `beside ${name} or in ${where.project}`;
  return `Put ${missing}.py ${places} and redeploy; if it is a package's, name that package in a requirements.txt beside ${name}, or install it into the Python that runs the model.`;
}
