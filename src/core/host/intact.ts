/** Before a worker starts: what it loads is what was agreed to. */
import { modelPath } from '../models/paths.ts';
import { PROJECT_FOLDER } from '../places.ts';
import type { Outcome } from '../../shared/outcome.ts';
import type { Failure } from './problems.ts';
import type { Snapshots } from './snapshots.ts';
import type { DeploymentRecord } from './state.ts';
import { takeModules } from './version-parts.ts';

export interface CopyPorts {
  project: string;
  snapshots: Snapshots;
  log(text: string): void;
}

/** Makes sure that a record's copies of the model and its modules are as they were made; why not, where they are not. */
export async function verifyCopies(
  { snapshot, modules, spec }: DeploymentRecord,
  ports: CopyPorts,
): Promise<Failure | undefined> {
  const { project, snapshots } = ports;
  const { signal } = new AbortController();
  const model = await verify(snapshot, () => snapshots.take(modelPath(project, spec), project, signal), ports);
  const takeCode = (): Promise<Outcome<{ hash?: string }>> =>
    takeModules(modules.names, { project, spec, signal }, snapshots);
  const code = modules.hash === undefined || (await verify(modules.hash, takeCode, ports));
  if (model && code) return undefined;
  return {
    code: 'init-failed',
    detail: `The copy of the model in ${PROJECT_FOLDER} was changed or removed by another program, so it is not loaded; the model itself has changed too.`,
    next: 'Redeploy the model.',
  };
}

/** A snapshot that is not as it was made is made again, which works where its source is still the same. */
async function verify(
  hash: string,
  take: () => Promise<Outcome<{ hash?: string }>>,
  { snapshots, log }: CopyPorts,
): Promise<boolean> {
  const release = snapshots.hold(hash);
  try {
    if (await snapshots.check(hash)) return true;
    if (await snapshots.mend(hash)) {
      log(`${hash.slice(0, 7)} had in it what does not belong there; that is left out`);
      return true;
    }
    log(`${hash.slice(0, 7)} is not as it was made; it is made again`);
    const taken = await take();
    return taken.ok && taken.value.hash === hash;
  } finally {
    release();
  }
}
