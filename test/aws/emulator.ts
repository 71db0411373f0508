import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { awsPython } from '../../scripts/lib/paths.mjs';
import { EMULATOR as RUNTIME_INTERFACE_EMULATOR } from '../docker/support.ts';

const LAUNCH = fileURLToPath(new URL('emulator/launch.py', import.meta.url));

/** A running emulator of AWS: its API, and an image registry, at one address. It keeps all in memory. */
export interface Emulator {
  /** `http://localhost:4566` */
  endpoint: string;
  /** What the AWS clients are given to speak to it. */
  client: { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } };
  /** From now on CloudFormation takes so long for each resource, that which it is at too. It takes none when the emulator starts. */
  slow(seconds: number): void;
  /** Ends it, and the containers of its functions with it. */
  end(): Promise<void>;
}

/** `mostMemoryMb`: what the account allows a function. */
export async function startEmulator({ mostMemoryMb = 10_240 } = {}): Promise<Emulator> {
  const port = await freePort();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'nimbus-aws-'));
  const slowFile = path.join(folder, 'slow');
  // Renamed into place: it is read at any moment.
  const slow = (seconds: number): void => {
    writeFileSync(`${slowFile}.new`, String(seconds));
    renameSync(`${slowFile}.new`, slowFile);
  };
  slow(0);
  const child = spawn(awsPython, [LAUNCH], {
    env: {
      ...process.env,
      GATEWAY_PORT: String(port),
      RUNTIME_INTERFACE_EMULATOR,
      SLOW_FILE: slowFile,
      MOST_MEMORY: String(mostMemoryMb),
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'close');
  const said = text(child.stderr);
  const endpoint = `http://localhost:${port}`;
  while (!(await answers(`${endpoint}/_ministack/health`))) {
    if (child.exitCode !== null) throw new Error(`the emulator ended:\n${await said}`);
    await delay(100);
  }
  return {
    endpoint,
    client: { endpoint, region: 'eu-west-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } },
    slow,
    end: async () => {
      child.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** It says nowhere which port it took. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}
