import { connectHost, findHost, type HostConnection } from '../core/host/client.ts';
import type { HostEvents } from '../core/host/protocol.ts';
import { findProject } from '../core/models/paths.ts';
import { readModels } from '../core/models/read.ts';
import type { DeploymentKey, ModelsSpec } from '../shared/spec.ts';
import type { DeploymentStatus } from '../shared/states.ts';
import { fail } from '../shared/outcome.ts';
import { resolveName } from './names.ts';
import { orExit, type Terminal } from './terminal.ts';

/** The project that a command works on: the nearest folder upward that holds models.json, else the current one. */
export interface Project {
  folder: string;
  models: ModelsSpec['models'];
}

export async function openProject(terminal: Terminal, start = process.cwd()): Promise<Project> {
  const folder = findProject(start);
  const read = orExit(terminal, await readModels(folder));
  return { folder, models: read.models };
}

export async function connect(
  terminal: Terminal,
  folder: string,
  events: Partial<HostEvents> = {},
): Promise<HostConnection> {
  return orExit(terminal, await connectHost({ project: folder, kind: 'cli', events, signal: terminal.signal }));
}

/** The project's running host, without starting one. */
export async function connectIfRunning(folder: string): Promise<HostConnection | undefined> {
  return findHost({ project: folder, kind: 'cli' });
}

/** Opens the project, finds the deployment that `name` means, and hands both to `work` with a connection that is closed afterwards. */
export async function withDeployment<T>(
  terminal: Terminal,
  name: string,
  work: (connection: HostConnection, key: DeploymentKey, project: Project) => Promise<T>,
  events: Partial<HostEvents> = {},
): Promise<T> {
  const project = await openProject(terminal);
  const key = orExit(terminal, resolveName(project.models, name));
  const connection = await connect(terminal, project.folder, events);
  try {
    return await work(connection, key, project);
  } finally {
    connection.close();
  }
}

export function statusOf(connection: HostConnection, key: DeploymentKey): DeploymentStatus | undefined {
  return connection.hello.deployments.find((one) => one.model === key.model && one.deployment === key.deployment);
}

export function statusOrExit(terminal: Terminal, connection: HostConnection, key: DeploymentKey): DeploymentStatus {
  const status = statusOf(connection, key);
  return orExit(
    terminal,
    status
      ? { ok: true, value: status }
      : fail('not-deployed', `${key.model}/${key.deployment} is not served on this machine.`, {
          next: `Deploy it again: nimbus deploy`,
        }),
  );
}
