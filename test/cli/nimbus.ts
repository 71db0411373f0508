import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { findHost } from '../../src/core/host/client.ts';

export const root = path.resolve(import.meta.dirname, '../..');
export const python = path.join(root, '.cache/python/bin/python');
export const samples = path.join(root, 'examples/models');

/** What a command line ended with. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A project in a folder of its own, with a user of its own: no test sees another's host. */
export interface Sandbox {
  folder: string;
  /** What its user has of Nimbus: caches, logs, consents. */
  home: string;
  /** Runs the bundled command line to its end, without a terminal. */
  nimbus(argv: string[], options?: { stdin?: string; env?: NodeJS.ProcessEnv; cwd?: string }): Promise<Ended>;
  /** Starts it and leaves it running. */
  start(argv: string[], env?: NodeJS.ProcessEnv, cwd?: string): ChildProcess;
  /** Runs it with `--json`, expects success, and answers with the document. */
  json<T>(argv: string[], options?: { stdin?: string }): Promise<T>;
  /** Copies one of the examples into the project. */
  add(from: string, to: string): string;
  /** Ends the host, if one runs; of this folder where it is another project. */
  endHost(project?: string): Promise<void>;
  /** Ends the host and removes everything. */
  remove(): Promise<void>;
}

export function createSandbox(): Sandbox {
  const base = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'nc-')));
  const folder = path.join(base, 'proj ect ü');
  const home = path.join(base, 'home');
  cpSync(path.join(root, 'examples/custom'), folder, { recursive: true });
  const env: NodeJS.ProcessEnv = { ...process.env, NIMBUS_HOME: home };
  delete env['PYTHONDONTWRITEBYTECODE'];
  const node = process.env['NIMBUS_USER_NODE'] ?? process.execPath;
  const cli = path.join(root, 'dist/cli.js');
  const start = (argv: string[], more: NodeJS.ProcessEnv = {}, cwd = '.'): ChildProcess =>
    spawn(node, [cli, ...argv], {
      cwd: path.join(folder, cwd),
      env: { ...env, ...more },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  const nimbus: Sandbox['nimbus'] = async (argv, options = {}) => {
    const child = start(argv, options.env, options.cwd);
    let stdout = '';
    let stderr = '';
    child.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdin!.end(options.stdin ?? '');
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return { code, stdout, stderr };
  };
  const endHost = async (project = folder): Promise<void> => {
    process.env['NIMBUS_HOME'] = home;
    const host = await findHost({ project, kind: 'cli' });
    const asked = await host?.api.shutdown();
    // It is at work, for a test that failed in the middle.
    if (asked?.ok === false) process.kill(host!.hello.pid, 'SIGTERM');
    await host?.closed;
  };
  return {
    folder,
    home,
    nimbus,
    start,
    async json<T>(argv: string[], options?: { stdin?: string }) {
      const ended = await nimbus([...argv, '--json'], options);
      if (ended.code !== 0)
        throw new Error(`nimbus ${argv.join(' ')} ended with ${ended.code}:\n${ended.stdout}${ended.stderr}`);
      return JSON.parse(ended.stdout) as T;
    },
    add(from, to) {
      const target = path.join(folder, to);
      cpSync(from, target, { recursive: true });
      return target;
    },
    endHost,
    async remove() {
      await endHost();
      rmSync(base, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
