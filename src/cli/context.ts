import path from 'node:path';
import { connectHost, findHost, type HostConnection } from '../core/host/client.ts';
import type { HostEvents } from '../core/host/protocol.ts';
import type { Access } from '../core/invoke/request.ts';
import { findProject } from '../core/models/paths.ts';
import { readModels } from '../core/models/read.ts';
import { MODELS_FILE, type FileProblem, type LaterEntry } from '../core/models/document.ts';
import type { DeploymentKey, ModelsSpec } from '../shared/spec.ts';
import type { DeploymentStatus } from '../shared/states.ts';
import { fail, ok, type Outcome } from '../shared/outcome.ts';
import { resolveName, type resolveImage } from './names.ts';
import { orExit, type Terminal } from './terminal.ts';

/** The project that a command works on: the nearest folder upward that holds models.json, else the current one. */
export interface Project {
  folder: string;
  models: ModelsSpec['models'];
  /** Entries of models.json that this Nimbus does not know. */
  later: readonly LaterEntry[];
  misspelt?: readonly FileProblem[];
  /** Format version of a models.json that a newer Nimbus wrote. */
  newer?: number;
  /** There is no models.json: nothing was deployed here yet, or this is no project. */
  absent?: true;
}

export async function openProject(terminal: Terminal, folder = findProject(process.cwd())): Promise<Project> {
  return { folder, ...orExit(terminal, await readModels(folder)) };
}

/**
 * As `openProject`, for commands that only use what is deployed: where models.json cannot be used, the project's host
 * still serves the last good state, and that is what there is, with a warning.
 */
export async function openServed(terminal: Terminal): Promise<Project> {
  const folder = findProject(process.cwd());
  const read = await readModels(folder);
  if (read.ok) return { folder, ...read.value };
  const host = await connectIfRunning(folder);
  host?.close();
  const deployments = host?.hello.deployments ?? [];
  if (deployments.length === 0) return orExit(terminal, read);
  terminal.warn(`${read.error.what} ${read.error.why ?? ''} This is the last good state, which is still served.`);
  return { folder, models: servedModels(deployments), later: [] };
}

/** For commands that are about the file: what stands in it and has no effect. */
export function warnOfMisspelt(terminal: Terminal, { folder, misspelt = [] }: Project): void {
  for (const { line, column, message } of misspelt) {
    terminal.warn(`${path.join(folder, MODELS_FILE)}:${line + 1}:${column + 1} ${message}`);
  }
}

function servedModels(deployments: readonly DeploymentStatus[]): ModelsSpec['models'] {
  const models: ModelsSpec['models'] = Object.create(null) as ModelsSpec['models'];
  for (const { model, deployment, framework, target } of deployments) {
    const spec = (models[model] ??= { path: '', framework, deployments: {} });
    spec.deployments = { ...spec.deployments, [deployment]: { target } };
  }
  return models;
}

export async function connect(
  terminal: Terminal,
  folder: string,
  events: Partial<HostEvents> = {},
): Promise<HostConnection> {
  const connection = orExit(
    terminal,
    await connectHost({ project: folder, kind: 'cli', events, signal: terminal.signal }),
  );
  const { portTaken, url } = connection.hello;
  if (portTaken !== undefined)
    terminal.note(`The project's usual port ${portTaken} is taken by another program: its endpoints are at ${url}.`);
  return connection;
}

/**
 * What a deployment is; of one on AWS as AWS says it now, where it is not known here or `now` is asked for. Errors: as of
 * `HostApi.look`.
 */
export async function lookedAt(
  connection: HostConnection,
  status: DeploymentStatus,
  now = false,
): Promise<Outcome<DeploymentStatus>> {
  if (status.target !== 'lambda' || (status.cloud && !now)) return ok(status);
  const { awsVariables } = await import('../core/cloud/aws.ts');
  const { model, deployment } = status;
  return connection.api.look({ model, deployment }, awsVariables(process.env));
}

/** For what sends many requests: as AWS says it now, since its key may have been rotated elsewhere; else as it is known. */
export async function lookedAtAgain(
  connection: HostConnection,
  status: DeploymentStatus,
): Promise<Outcome<DeploymentStatus>> {
  const looked = await lookedAt(connection, status, true);
  return looked.ok || !status.cloud ? looked : ok(status);
}

/** The headers with which a deployment is called: its key where it is on AWS. Errors: as of `headersFor`. */
export async function keyHeaders({ cloud }: DeploymentStatus): Promise<Outcome<Record<string, string>>> {
  if (!cloud) return ok({});
  const { fileKeyStore, headersFor } = await import('../core/cloud/keys.ts');
  return headersFor(cloud, fileKeyStore(), process.env);
}

/** How requests to a deployment are let in: with its key, or signed by this user. Errors: as of `headersFor` and `signerFor`. */
export async function accessTo(status: DeploymentStatus): Promise<Outcome<Access>> {
  if (status.cloud?.auth !== 'iam') {
    const headers = await keyHeaders(status);
    return headers.ok ? ok({ headers: headers.value }) : headers;
  }
  const { signerFor } = await import('../core/cloud/sign.ts');
  const sign = await signerFor(status.cloud, process.env);
  return sign.ok ? ok({ sign: sign.value }) : sign;
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
  { events = {}, resolve = resolveName }: { events?: Partial<HostEvents>; resolve?: typeof resolveImage } = {},
): Promise<T> {
  const project = await openServed(terminal);
  const key = orExit(terminal, resolve(project, name));
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
