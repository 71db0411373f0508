/** The host's process. Arguments: `--project DIR [--serve] [--runtime DIR]`; ends at once where another host lives. */
import { chdir } from 'node:process';
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { places, projectId } from '../places.ts';
import { runtimeFolder } from '../runtime-folder.ts';
import { addressOf, elect, type Election } from './election.ts';
import { describe, Host } from './host.ts';
import { Lease } from './lease.ts';
import { LogFile } from './log-file.ts';
import { killMarked } from './processes.ts';
import { Clients } from './server.ts';
import { hostSettings } from './settings.ts';
import { VERSION } from './identity.ts';
import { touch } from './copy.ts';

/** Between two looks at whether clients still find this host. */
const OWNERSHIP_MS = 5000;
/** A host that does not manage to end in this time is ended. */
const END_MS = 10_000;
const DAY_MS = 24 * 3600_000;

const { values } = parseArgs({
  options: { project: { type: 'string' }, serve: { type: 'boolean' }, runtime: { type: 'string' } },
});
if (values.project === undefined) {
  process.stderr.write('usage: host --project DIR [--serve] [--runtime DIR]\n');
  process.exit(2);
}
await main(realpathSync(values.project), values.serve ?? false, values.runtime);

async function main(project: string, serve: boolean, runtime: string | undefined): Promise<void> {
  const log = new LogFile(hostLog(project));
  const address = addressOf(project);
  if (!address.ok) {
    log.write(`cannot start: ${address.error.what}`);
    process.stderr.write(`${address.error.what}\n`);
    process.exit(1);
  }
  const election = await elect(address.value.path);
  if (!election) {
    process.stderr.write('Another host serves this project.\n');
    process.exit(0);
  }
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
    setTimeout(() => process.exit(1), END_MS).unref();
    lease.end();
    election.release();
    await host?.end();
    clients.close();
    await killMarked(address.value.mark, 'prefix');
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
  if (serve) process.stdout.write(`${JSON.stringify(host.hello)}\n`);
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
