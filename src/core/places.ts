import { createHash } from 'node:crypto';
import { mkdirSync, realpathSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import envPaths from 'env-paths';

/** Where Nimbus keeps what belongs to the user rather than to a project. All are made on first use, for this user only. */
export interface Places {
  /** What must be kept: consents, versioned copies of the host. */
  data: string;
  /** What can be made again: managed environments. */
  cache: string;
  /** Log files. */
  logs: string;
  /** Sockets of running hosts; short, since a socket's path holds 104 bytes on macOS and 108 on Linux. */
  run: string;
}

/** The folders of this user; `NIMBUS_HOME` puts all of them below one folder. */
export function places(env: NodeJS.ProcessEnv = process.env): Places {
  const home = env['NIMBUS_HOME'];
  const usual = envPaths('nimbus', { suffix: '' });
  const found: Places = home
    ? {
        data: path.join(home, 'data'),
        cache: path.join(home, 'cache'),
        logs: path.join(home, 'logs'),
        run: path.join(home, 'run'),
      }
    : { data: usual.data, cache: usual.cache, logs: usual.log, run: runFolder(env) };
  for (const folder of Object.values(found)) mkdirSync(folder, { recursive: true, mode: 0o700 });
  return found;
}

function runFolder(env: NodeJS.ProcessEnv): string {
  if (env['XDG_RUNTIME_DIR']) return path.join(env['XDG_RUNTIME_DIR'], 'nimbus');
  return path.join(os.tmpdir(), `nimbus-${os.userInfo().username}`);
}

/** A project's short identity on this machine: 16 hexadecimal digits of its real path's hash. */
export function projectId(project: string): string {
  return createHash('sha256').update(realpathSync(project)).digest('hex').slice(0, 16);
}

/** The folder inside a project for what can be made again; it ignores itself in git. */
export const PROJECT_FOLDER = '.nimbus';
