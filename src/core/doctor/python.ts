import { candidates } from '../environment/candidates.ts';
import { MINIMUM_PYTHON, probe } from '../environment/probe.ts';
import type { Found } from './finding.ts';

interface PythonOptions {
  project: string;
  trustedProject: boolean;
  env: NodeJS.ProcessEnv;
  pythonExtension?: string;
}

/** The first interpreter that answers of those that a deploy would try. One of the project runs only where it is trusted. */
export async function checkPython({ trustedProject, ...search }: PythonOptions): Promise<Found> {
  const found = await candidates(search);
  const usable = found.filter(({ source }) => trustedProject || source !== 'project');
  const why: string[] = [];
  for (const { python } of usable) {
    const probed = await probe(python, [], {});
    if (probed.ok) {
      const own = found.find(({ source }) => source === 'project');
      const untrusted =
        trustedProject || own === undefined ? {} : { why: `${own.python} is not run: nobody trusted the project yet.` };
      return { state: 'ok', what: `${probed.value.version}, ${python}`, ...untrusted };
    }
    why.push(`${python}: ${probed.error.why ?? probed.error.what}`);
  }
  return {
    state: 'problem',
    what: `There is no Python ${MINIMUM_PYTHON} or newer that answers.`,
    ...(why.length === 0 ? {} : { why: why.join('\n') }),
    next: 'Install one (https://www.python.org/downloads, or uv python install), or activate its environment.',
  };
}
