/** A process as the host of a project: elected, leased, ended in order. */
import { chdir } from 'node:process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { places, projectId } from '../places.ts';
import { runtimeFolder } from '../runtime-folder.ts';
import { addressOf, elect, type Election } from './election.ts';
import { endByForce } from './force.ts';
import { describe, Host } from './host.ts';
import { Lease } from './lease.ts';
import { LogFile } from './log-file.ts';
import { killMarked } from './processes.ts';
import { Clients } from './server.ts';
import type { HostHello } from './protocol.ts';
import { hostSettings } from './settings.ts';
import { VERSION } from './identity.ts';
import { touch } from './copy.ts';

/** Between two looks at whether clients still find this host. */
const OWNERSHIP_MS = 5000;
/** A host that does not manage to end in this time is ended. */
const END_MS = 10_000;
const DAY_MS = 24 * 3600_000;

export interface RunOptions {
  /** Absolute real path. */
  project: string;
  /** Stay until a signal comes, whether or not anybody needs the host. */
  serve: boolean;
  /** Folder of worker.py; the one beside this program where left out. */
  runtime?: string;
  /** Called once requests are answered. */
  onListening?(hello: HostHello): void;
}

/**
 * Makes this process the project's host. Resolves with `false` where another host lives; from then on the process
 * belongs to the host, which ends it. Rejects, and nothing is left, where the folder of sockets is not safe.
 */
export async function runHost({ project, serve, runtime, onListening }: RunOptions): Promise<boolean> {
  const log = new LogFile(hostLog(project));
  const address = addressOf(project);
  if (!address.ok) {
    log.write(`cannot start: ${address.error.what}`);
    throw new Error(address.error.what);
  }
  const election = await elect(address.value.path);
  if (!election) return false;
  // A process keeps its working directory from being removed or unmounted.
  chdir(places().run);
  const settings = hostSettings(process.env);
  let settleHost!: (host: Host) => void;
  const started = new Promise<Host>((resolve) => (settleHost = resolve));
  let host: Host | undefined;
  let ending = false;

  const end = async (why: string, status = 0): Promise<void> => {
    if (ending) return;
    ending = true;
    log.write(`ends: ${why}`);
    endByForce(END_MS);
    lease.end();
    clients.refuse();
    // A successor needs the port and must not lose its workers to this end: the address is given up last.
    await host?.end();
    await killMarked(address.value.mark, 'prefix');
    clients.close();
    election.release();
    process.exit(status);
  };
  const lease = new Lease({
    lingerEditorMs: settings.lingerEditorMs,
    lingerCliMs: settings.lingerCliMs,
    isBusy: () => serve || (host?.busy ?? true),
    onEnd: () => void end('nobody needs it'),
  });
  const clients = new Clients({ lease, host: started, onShutdown: () => void end('it was asked to') });

  process.on('SIGTERM', () => void end('SIGTERM'));
  process.on('SIGINT', () => void end('SIGINT'));
  process.on('SIGHUP', () => void end('SIGHUP'));
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      log.write(`${event}: ${describe(error)}`);
      void end(event, 1);
    });
  }
  watchOwnership(election, () => void end('another host has taken its address'));
  const own = path.dirname(fileURLToPath(import.meta.url));
  if (own.startsWith(places().data)) setInterval(() => void touch(own), DAY_MS).unref();

  log.write(`starts, Nimbus ${VERSION}, process ${process.pid}`);
  clients.listen(election.server);
  host = await Host.start(
    {
      project,
      runtime: runtime ?? runtimeFolder(),
      settings,
      version: VERSION,
      markPrefix: address.value.mark,
      log,
      env: process.env,
    },
    clients,
  );
  settleHost(host);
  onListening?.(host.hello);
  return true;
}

function watchOwnership(election: Election, onLost: () => void): void {
  setInterval(() => {
    if (!election.owns()) onLost();
  }, OWNERSHIP_MS).unref();
}

/** The log of a project's hosts. */
function hostLog(project: string): string {
  return path.join(places().logs, projectId(project), 'host.log');
}
