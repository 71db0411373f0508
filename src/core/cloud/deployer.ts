/** Starts the deployer (`infra/deployer`), a process of its own, and speaks to it. */
import { createBirpc } from 'birpc';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DeployerApi, DeployerEvent, DeployerEvents } from '../../../infra/deployer/protocol.ts';

export interface DeployerClient {
  /** Calls under way are rejected with `DeployerEnded` where the process ends. */
  api: DeployerApi;
  pid: number;
  /** Resolves when the process has ended, however. */
  ended: Promise<void>;
  /** Ends the process at once. What CloudFormation does goes on. */
  kill(): Promise<void>;
}

/** The process is gone. What CloudFormation was told to do goes on: another deployer can follow it. */
export class DeployerEnded extends Error {
  override name = 'DeployerEnded';
}

export interface DeployerOptions {
  /** The program: `infra/deployer/main.ts`, or its bundle. */
  program: string;
  env?: NodeJS.ProcessEnv;
  onEvent: (event: DeployerEvent) => void;
}

/** `deployer/lib/deployer.cjs` beside the bundle (or beside the folder of its chunks), or the sources where this runs unbundled. */
export function deployerProgram(): string {
  const here = fileURLToPath(import.meta.url);
  if (here.endsWith('.ts')) return path.resolve(path.dirname(here), '../../../infra/deployer/main.ts');
  const beside = path.dirname(here);
  return [beside, path.dirname(beside)]
    .map((folder) => path.join(folder, 'deployer/lib/deployer.cjs'))
    .find(existsSync)!;
}

/** It begins to load at once, so that it is warm when it is needed. */
export async function startDeployer({ program, env = process.env, onEvent }: DeployerOptions): Promise<DeployerClient> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'nimbus-deployer-'));
  const child = fork(program, [folder], {
    env,
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const ended = new Promise<void>((resolve, reject) => child.once('exit', () => void remove().then(resolve, reject)));
  // A process that could not be started, or a message to one that has just ended.
  child.on('error', () => undefined);
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\n')) if (line !== '') onEvent({ kind: 'log', line });
    });
  }
  const rpc = createBirpc<DeployerApi, DeployerEvents>(
    { event: onEvent },
    {
      post: (message) => {
        if (child.connected) child.send(message, () => undefined);
      },
      on: (receive) => child.on('message', receive),
      timeout: -1,
    },
  );
  child.once('exit', () => rpc.$close(new DeployerEnded('The deployer has ended.')));
  try {
    await once(child, 'spawn');
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    api: rpc,
    pid: child.pid as number,
    ended,
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
