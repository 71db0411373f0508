/** The way to a project's host: connect to the one that runs, or start it. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, realpathSync } from 'node:fs';
import type { Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import { compiledFolder } from '../compiled.ts';
import { places, projectId } from '../places.ts';
import { hostProgram } from './copy.ts';
import { addressOf, connectTo } from './election.ts';
import { isNewer, VERSION } from './identity.ts';
import { tail } from './log-file.ts';
import { PROTOCOL, type ClientHello, type HostApi, type HostEvents, type HostHello } from './protocol.ts';
import { overSocket } from './rpc.ts';

export interface HostConnection {
  /** Calls reject where the connection breaks, and only then. */
  api: HostApi;
  /** As of the moment of connecting; from then on events tell what changes. */
  hello: HostHello;
  /** Resolves when the host has ended or `close` was called. */
  closed: Promise<void>;
  close(): void;
}

export interface ConnectOptions {
  /** Absolute path of the project's folder. */
  project: string;
  kind: ClientHello['kind'];
  events?: Partial<HostEvents>;
  signal?: AbortSignal;
  /** Values for what deployments need whose host was started again; from this process's environment where left out. */
  values?(names: string[]): Promise<Record<string, string>>;
  /** Variables for a host that is started, over those of this process; see `settings.ts`. */
  env?: Record<string, string>;
}

/** Until a started host must listen: a slow disk and a busy machine included. */
const START_MS = 30_000;
const LOOK_MS = 15;
/** What one request leaves behind is small: a little young generation is enough, and keeps an idle host small. */
const NODE_FLAGS = ['--max-semi-space-size=1'];
/** A host that does not greet has hung. */
const HELLO_MS = 10_000;

/**
 * Connects to the project's host, and starts it where none runs. A host of an older version makes room unless an
 * operation or a request runs: then it serves on, and the next one to connect asks again. Errors: it cannot be started
 * (with the end of its log); the folder of sockets is not safe; cancelled.
 */
export async function connectHost(options: ConnectOptions): Promise<Outcome<HostConnection>> {
  const project = realpathSync(options.project);
  const address = addressOf(project);
  if (!address.ok) return address;
  const deadline = performance.now() + START_MS;
  let replaced = false;
  while (performance.now() < deadline) {
    const socket = (await connectTo(address.value.path)) ?? (await start(project, address.value.path, options));
    if ('ok' in socket) return socket;
    const connection = await greet(socket, options);
    if (connection === 'ending') {
      // It leaves in this moment; then another one can be started.
      await delay(LOOK_MS);
      continue;
    }
    if (connection === 'silent') break;
    if (replaced || !isNewer(VERSION, connection.hello.version)) return ok(await provided(connection, options));
    const shutdown = await connection.api.shutdown();
    if (!shutdown.ok) return ok(await provided(connection, options));
    await connection.closed;
    replaced = true;
  }
  return fail('host-silent', 'The host of this project does not answer.', {
    next: `End the process that serves ${project}, and try again.`,
  });
}

/** The project's host if one runs; never starts one. */
export async function findHost(options: Omit<ConnectOptions, 'env'>): Promise<HostConnection | undefined> {
  const address = addressOf(realpathSync(options.project));
  if (!address.ok) return undefined;
  const socket = await connectTo(address.value.path);
  const connection = socket && (await greet(socket, options));
  return typeof connection === 'object' ? connection : undefined;
}

/** Hands over what the host's deployments lack and this client has. */
async function provided(connection: HostConnection, { values }: ConnectOptions): Promise<HostConnection> {
  for (const { model, deployment, needs } of connection.hello.deployments) {
    if (!needs) continue;
    const found = await (values ?? ofThisProcess)(needs);
    if (Object.keys(found).length > 0) await connection.api.provide({ model, deployment }, found);
  }
  return connection;
}

async function ofThisProcess(names: string[]): Promise<Record<string, string>> {
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

async function greet(
  socket: Socket,
  { kind, events = {} }: Pick<ConnectOptions, 'kind' | 'events'>,
): Promise<HostConnection | 'ending' | 'silent'> {
  const ignore = (): void => undefined;
  // Events that come before `hello` is answered are part of what it says.
  const local: HostEvents = { deployment: ignore, removed: ignore, operation: ignore, log: ignore, ...events };
  const rpc = overSocket<HostApi, HostEvents>(socket, local, []);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  try {
    const hello = await Promise.race([
      rpc.hello({ protocol: PROTOCOL, version: VERSION, kind }),
      delay(HELLO_MS, undefined, { ref: false }),
    ]);
    if (hello) return { api: rpc, hello, closed, close: () => void socket.end() };
    socket.destroy();
    return 'silent';
  } catch {
    socket.destroy();
    return 'ending';
  }
}

/** Starts a host and waits until somebody listens: it, or the one that was quicker. */
async function start(
  project: string,
  address: string,
  { signal, env }: ConnectOptions,
): Promise<Socket | Outcome<never>> {
  const logFile = path.join(places().logs, projectId(project), 'host.log');
  mkdirSync(path.dirname(logFile), { recursive: true, mode: 0o700 });
  const program = await hostProgram();
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(process.execPath, [...NODE_FLAGS, ...program, '--project', project], {
    cwd: places().run,
    detached: true,
    stdio: ['ignore', log, log],
    windowsHide: true,
    env: {
      ...withoutDebugger(process.env),
      ...env,
      NODE_COMPILE_CACHE: compiledFolder(),
      // VS Code's own runtime is Node only when it is told so.
      ...(process.versions['electron'] ? { ELECTRON_RUN_AS_NODE: '1' } : {}),
    },
  });
  closeSync(log);
  child.unref();
  let failure: string | undefined;
  child.once('error', (error) => (failure = error.message));
  // Where another host was quicker this one ends with 0, and the other one is there to connect to.
  child.once('exit', (code, by) => {
    if (code !== 0) failure = by ? `It was ended by ${by}.` : `It ended with exit code ${code}.`;
  });
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline) {
    if (signal?.aborted) return cancelled();
    const socket = await connectTo(address);
    if (socket) return socket;
    if (failure !== undefined) break;
    await delay(LOOK_MS);
  }
  const why = [failure ?? `It did not listen within ${START_MS / 1000} s.`, await tail(logFile, 30)].join('\n').trim();
  return fail('host-not-started', 'The function host cannot be started.', { why, next: `Its log: ${logFile}` });
}

/** A debugger of this process must not wait for, or hold, a process that outlives it. */
function withoutDebugger(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, VSCODE_INSPECTOR_OPTIONS: _inspector, ...rest } = env;
  return rest;
}
