/** Workers that are processes: what each is told to load, and its start. */
import { randomUUID } from 'node:crypto';
import type { DeploymentKey } from '../../shared/spec.ts';
import type { LogLine } from '../../shared/states.ts';
import { noteUse } from '../environment/used.ts';
import type { Surroundings } from './deployment.ts';
import { workerEnvironment, writeFunctionFile } from './function-file.ts';
import { processTransport } from './process-transport.ts';
import type { Snapshot } from './snapshots.ts';
import type { DeploymentRecord, ModulesRecord } from './state.ts';
import { Worker } from './worker.ts';

/** What one version of a deployment is made of. */
interface FunctionOf {
  spec: DeploymentRecord['spec'];
  version: string;
  snapshotPath: string;
  modules: ModulesRecord;
  madeWith: DeploymentRecord['madeWith'];
  ownCode: boolean;
}

/** Writes what a worker is to load; the same for the same. */
export function writeFunction(
  { functions, modulesPath }: Surroundings,
  { model, deployment }: DeploymentKey,
  { snapshotPath, modules, ...parts }: FunctionOf,
): string {
  const modulePaths = modules.hash === undefined ? [] : [modulesPath(modules.hash)];
  return writeFunctionFile(functions, { model, deployment, modulePaths, path: snapshotPath, ...parts });
}

export interface WorkerParts {
  functionFile: string;
  snapshot: Pick<Snapshot, 'hash' | 'path'>;
  modules: ModulesRecord;
  spec: DeploymentRecord['spec'];
  interpreter: string;
  /** Values of the variables that the spec names. */
  env: Record<string, string>;
  /** As of `ProcessOptions`. */
  isolated: boolean;
  since?: number;
}

/** Starts a worker of any version of a deployment. */
export function spawnWorker(
  { project, settings, runtime, markPrefix, functions, env: hostEnv, useSnapshot }: Surroundings,
  key: DeploymentKey,
  { functionFile, spec, snapshot, modules, interpreter, env: given, isolated, since }: WorkerParts,
  onLine: (line: LogLine) => void,
): Worker {
  void noteUse(interpreter, { project, model: key.model });
  const { env, missing } = workerEnvironment(key, spec, given, hostEnv);
  if (missing.length > 0) {
    onLine({ at: Date.now(), source: 'host', text: `not set in the environment: ${missing.join(', ')}` });
  }
  const worker = new Worker({
    start: processTransport({
      python: interpreter,
      runtime,
      functionFile,
      env,
      // As on AWS Lambda, where the working directory is the folder of the function's own files.
      cwd: spec.framework === 'custom' ? snapshot.path : functions,
      mark: `${markPrefix}-${randomUUID()}`,
      isolated: isolated && !settings.consentedNetwork,
      memory:
        spec.memoryMb === undefined
          ? { bytes: settings.workerMemoryBytes, declared: false }
          : { bytes: spec.memoryMb * 2 ** 20, declared: true },
    }),
    initTimeoutMs: settings.initTimeoutMs,
    ...(since === undefined ? {} : { since }),
    onLine,
  });
  void worker.ended.then(useSnapshot(snapshot.hash));
  if (modules.hash !== undefined) void worker.ended.then(useSnapshot(modules.hash));
  return worker;
}
