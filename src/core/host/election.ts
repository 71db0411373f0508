/** One host per project, user and machine: whoever owns the socket is the host. Never a pid file. */
import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { places, projectId } from '../places.ts';

/** Where the host of a project listens: a link to its socket, or a named pipe. */
export interface Address {
  path: string;
  /** Begins the mark of all workers of this project's hosts. */
  mark: string;
}

/** Error: the folder of sockets belongs to somebody else, who could play the host. */
export function addressOf(project: string): Outcome<Address> {
  const { run } = places();
  const address = usualAddress(projectId(project));
  if (process.platform === 'win32') return ok(address);
  const { uid, mode } = lstatSync(run);
  if (uid !== process.getuid!() || (mode & 0o077) !== 0) {
    return fail('run-folder-unsafe', `Other users can write to ${run}.`, {
      why: 'Whoever can write there can take the place of the host.',
      next: `Remove the folder, or set XDG_RUNTIME_DIR to a folder of your own.`,
    });
  }
  if (Buffer.byteLength(address.path) + RANDOM_BYTES * 2 > SOCKET_PATH_BYTES) {
    return fail('run-folder-too-long', `The path of ${run} is too long for a socket.`, {
      next: 'Set NIMBUS_HOME or XDG_RUNTIME_DIR to a folder with a shorter path.',
    });
  }
  return ok(address);
}

/** Of a project by its id, whether or not its path may be used. */
function usualAddress(id: string): Address {
  const { run } = places();
  const mark = createHash('sha256').update(`${run}\0${id}`).digest('hex').slice(0, 16);
  const isPipe = process.platform === 'win32';
  return { path: isPipe ? `\\\\.\\pipe\\nimbus-${mark}` : path.join(run, `${id}.sock`), mark };
}

/** The mark of a project of this user, by its id, where no host of it lives. */
export async function deadMarkOf(id: string): Promise<string | undefined> {
  const address = usualAddress(id);
  const socket = await connectTo(address.path);
  socket?.destroy();
  return socket ? undefined : address.mark;
}

/** macOS allows 104 with the closing NUL, Linux 108. */
const SOCKET_PATH_BYTES = 103;
const RANDOM_BYTES = 6;

/** Connects to whoever listens; undefined where nobody does. */
export function connectTo(address: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(address);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', () => resolve(undefined));
  });
}

/** The ownership of a project's address. */
export interface Election {
  server: Server;
  /** Whether clients that connect now reach this process; takes the address back where it has become free. */
  owns(): boolean;
  /** Gives it up; nobody else's is touched. */
  release(): void;
}

/** Listens at the address if nobody else does; undefined where another host lives. */
export async function elect(address: string): Promise<Election | undefined> {
  return process.platform === 'win32' ? electByPipe(address) : electByLink(address);
}

async function electByPipe(address: string): Promise<Election | undefined> {
  const server = createServer();
  try {
    await listen(server, address);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
  return { server, owns: () => true, release: () => server.close() };
}

/**
 * The socket itself has a random name, and listens before a link at the address names it: making that link is the
 * exclusive step. So nobody meets a socket that is bound but does not listen yet; which socket the address leads to
 * can be read and compared (an inode's number may be given out again at once, a random name is not); and closing a
 * server, which removes its own path, cannot remove a successor's.
 */
async function electByLink(address: string): Promise<Election | undefined> {
  const own = `${path.basename(address, '.sock')}.${randomBytes(RANDOM_BYTES).toString('hex')}`;
  const socketPath = path.join(path.dirname(address), own);
  const server = createServer();
  await listen(server, socketPath);
  const give = (): void => {
    server.close();
    rmSync(socketPath, { force: true });
  };
  // Each round removes one stale link; only candidates that start in the same instant need more than two.
  for (let round = 0; round < 10; round++) {
    if (tryLink(own, address)) {
      sweepSockets(address, own);
      return {
        server,
        owns: () => ownsLink(own, address, socketPath),
        release: () => {
          if (readLink(address) === own) rmSync(address, { force: true });
          give();
        },
      };
    }
    const other = readLink(address);
    const living = await connectTo(address);
    if (living) {
      living.destroy();
      give();
      return undefined;
    }
    if (other !== undefined) removeStale(address, other);
    else if (lstatSync(address, { throwIfNoEntry: false })?.isSymbolicLink() === false) rmSync(address);
  }
  give();
  throw new Error(`the address ${address} can be neither reached nor taken`);
}

function ownsLink(own: string, address: string, socketPath: string): boolean {
  if (!lstatSync(socketPath, { throwIfNoEntry: false })) return false;
  return readLink(address) === own || tryLink(own, address);
}

/** Takes the stale link away and no other: one that a rival has put there since goes back. */
function removeStale(address: string, stale: string): void {
  const aside = `${address}.${randomBytes(RANDOM_BYTES).toString('hex')}`;
  try {
    renameSync(address, aside);
  } catch {
    // A rival removed it first.
    return;
  }
  const taken = readLink(aside);
  if (taken !== undefined && taken !== stale) tryLink(taken, address);
  rmSync(aside, { force: true });
}

function tryLink(target: string, link: string): boolean {
  try {
    symlinkSync(target, link);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readLink(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}

/** Sockets of killed hosts of this project. One of a rival that listens already goes too: it has lost. */
function sweepSockets(address: string, own: string): void {
  const folder = path.dirname(address);
  const prefix = `${path.basename(address, '.sock')}.`;
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    // Not the lock of models.json, which a host that was killed may have left there too and which goes stale by itself.
    const isSocket = lstatSync(file, { throwIfNoEntry: false })?.isSocket() ?? false;
    if (isSocket && name.startsWith(prefix) && name !== own) rmSync(file, { force: true });
  }
}

function listen(server: Server, where: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
