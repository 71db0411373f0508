/** The engine and the images that scripts/setup/docker.mjs made ready, and a registry of images. */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** With the contract of AWS's base for Python 3.13. */
export const LAMBDA_PYTHON = 'nimbus-test/lambda-python:3.13';
/** With the contract of python:3.11-slim. */
export const PYTHON_SLIM = 'nimbus-test/python:3.11-slim';

/** AWS's runtime client for Python 3.11, a folder of packages: python-slim brings none. */
export const RUNTIME_CLIENT = fileURLToPath(new URL('../../.cache/docker/runtime-client-3.11', import.meta.url));
/** The stand-in for AWS's emulator of its runtime interface, as it is in `LAMBDA_PYTHON`. */
export const EMULATOR = fileURLToPath(new URL('base/aws-lambda-rie', import.meta.url));

const execute = promisify(execFile);

/** What the docker command prints on standard output, trimmed; what it says on standard error where it fails. */
export async function docker(...command: string[]): Promise<string> {
  const { stdout } = await execute('docker', command, { maxBuffer: 64 * 1024 * 1024 });
  return stdout.trim();
}

/** A registry of images on a loopback port, which an engine on this machine takes without TLS. */
export interface Registry {
  /** `127.0.0.1:<port>`: with a slash, what the names of its images begin with. */
  address: string;
  end(): Promise<void>;
}

export async function startRegistry(): Promise<Registry> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'nimbus-registry-'));
  const configuration = {
    version: 0.1,
    log: { formatter: 'json', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: path.join(folder, 'data') }, delete: { enabled: true } },
    http: { addr: '127.0.0.1:0' },
  };
  const file = path.join(folder, 'config.yml');
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(configuration));
  const child = spawn('docker-registry', ['serve', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const said: string[] = [];
  const address = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    void ended.then(() => reject(new Error(`the registry ended:\n${said.join('\n')}`)));
    createInterface(child.stderr).on('line', (line) => {
      said.push(line);
      const listening = /listening on (127\.0\.0\.1:\d+)/.exec(line);
      if (listening) resolve(listening[1]!);
    });
  });
  return {
    address,
    end: async () => {
      child.kill();
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}
