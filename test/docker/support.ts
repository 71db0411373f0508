/** The engine and the images that scripts/setup/docker.mjs made ready, and a registry of images. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
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

/** An engine reached over the network, as one is that several machines use. */
export interface Forwarded {
  /** For DOCKER_HOST. */
  host: string;
  /** The first bytes of each connection. */
  heads: string[];
  end(): void;
}

/**
 * @param host of an engine with a socket; the tests' where left out
 * @param between changes the head of a request, or answers in the engine's place
 */
export async function forwardEngine(
  host?: string,
  between: (head: string) => { ask: string } | { answer: string } = (head) => ({ ask: head }),
): Promise<Forwarded> {
  const address = host ?? (await docker('context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'));
  const heads: string[] = [];
  const forwarder = createServer({ allowHalfOpen: true }, (client) => {
    client.once('error', () => undefined);
    client.once('data', (data) => {
      const head = data.toString('latin1');
      heads.push(head);
      const turned = between(head);
      if ('answer' in turned) return client.resume().end(turned.answer);
      const server = connect({ path: address.replace('unix://', ''), allowHalfOpen: true });
      server.write(turned.ask, 'latin1');
      client.pipe(server).pipe(client);
      client.on('error', () => server.destroy());
      server.on('error', () => client.destroy());
    });
  }).listen(0, '127.0.0.1');
  await once(forwarder, 'listening');
  return {
    host: `tcp://127.0.0.1:${(forwarder.address() as AddressInfo).port}`,
    heads,
    end: () => void forwarder.close(),
  };
}

/** A registry of images. */
export interface Registry {
  /** `127.0.0.1:<port>`: with a slash, what the names of its images begin with. */
  address: string;
  /** The folder of all that it stores. */
  data: string;
  /** Ends it as it is, without a word to who it talks to. */
  kill(): Promise<void>;
  end(): Promise<void>;
}

export interface RegistryOptions {
  /** An engine on this machine takes one on a loopback address without TLS, and no other. */
  host?: string;
  /** Only `REGISTRY_USER` may use it. */
  closed?: true;
  /** A certificate and its key, PEM files. */
  tls?: { certificate: string; key: string };
  /** How much it can store in all. */
  diskMb?: number;
}

/** Of a registry that is `closed`. */
export const REGISTRY_USER = { username: 'somebody', password: 'right-password' };
/** bcrypt, of `REGISTRY_USER`. */
const HTPASSWD = 'somebody:$2b$05$abcdefghijklmnopqrstuuBO.kmgTJhdt40M5ZyHgFmcpBdUb9aS.\n';

export async function startRegistry(options: RegistryOptions = {}): Promise<Registry> {
  const { host = '127.0.0.1', closed, tls, diskMb } = options;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'nimbus-registry-'));
  const passwords = path.join(folder, 'htpasswd');
  const data = path.join(folder, 'data');
  mkdirSync(data);
  if (diskMb !== undefined) execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskMb}m`, 'tmpfs', data]);
  if (closed) writeFileSync(passwords, HTPASSWD);
  const configuration = {
    version: 0.1,
    log: { formatter: 'json', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: data }, delete: { enabled: true } },
    http: { addr: `${host}:0`, ...(tls ? { tls } : {}) },
    ...(closed ? { auth: { htpasswd: { realm: 'tests', path: passwords } } } : {}),
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
      const listening = /listening on ((?:\d+\.){3}\d+:\d+)/.exec(line);
      if (listening) resolve(listening[1]!);
    });
  });
  return {
    address,
    data,
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
    end: async () => {
      child.kill();
      await ended;
      if (diskMb !== undefined) execFileSync('umount', ['--lazy', data]);
      rmSync(folder, { recursive: true });
    },
  };
}
