/** The Docker engine that builds and runs images: the one that the `docker` command would talk to. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import Docker from 'dockerode';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';

export interface Engine {
  docker: Docker;
  /** Its own, the same after a restart. */
  id: string;
  /** e.g. `20.10.24`. */
  version: string;
  /** `x86_64`, `aarch64`: of the machine that it runs on. */
  architecture: string;
  /** Processors and bytes of memory of that machine. */
  cpus: number;
  memoryBytes: number;
  /** How people would name it: `unix:///var/run/docker.sock`, with the context's name where one is used. */
  address: string;
  /** It runs on this machine; else others may use it too. */
  isLocal: boolean;
}

/** BuildKit is a part of the engine since 18.09, and usable without experimental features since API 1.39. */
const OLDEST_API = 1.39;
const ANSWER_MS = 10_000;

/** Errors: no engine answers, this user may not use it, it is too old, it runs Windows containers. */
export async function openEngine(env: NodeJS.ProcessEnv = process.env): Promise<Outcome<Engine>> {
  const place = await enginePlace(env);
  if (!place.ok) return place;
  const { address } = place.value;
  const options = { ...place.value.options, agent: closingAgent(place.value.options) } as Docker.DockerOptions;
  const docker = new Docker({ ...options, timeout: ANSWER_MS });
  try {
    const [version, info] = await Promise.all([docker.version(), docker.info()]);
    if (Number(version.ApiVersion) < OLDEST_API) {
      return fail('engine-old', `The Docker engine ${version.Version} is too old.`, {
        why: `Its API is ${version.ApiVersion}; images are built by BuildKit, which needs ${OLDEST_API} or newer.`,
        next: 'Update Docker.',
      });
    }
    if (info.OSType !== 'linux') {
      return fail('engine-windows', 'The Docker engine runs Windows containers.', {
        why: 'AWS Lambda runs Linux containers.',
        next: 'Switch Docker Desktop to Linux containers.',
      });
    }
    return ok({
      docker: new Docker(options),
      id: String(info.ID),
      version: String(version.Version),
      architecture: String(info.Architecture),
      cpus: Number(info.NCPU),
      memoryBytes: Number(info.MemTotal),
      address,
      isLocal: isLocal(place.value, String(info.Name), env),
    });
  } catch (error) {
    return noAnswer(error, address);
  }
}

/** A socket alone does not tell: it may be forwarded from another machine, or be that of a container's own host. */
function isLocal({ options }: Place, name: string, env: NodeJS.ProcessEnv): boolean {
  if (options.socketPath === undefined) return false;
  // Elsewhere than on Linux engines run in a virtual machine, which has a name of its own.
  return name === os.hostname() || (process.platform !== 'linux' && !env['DOCKER_HOST']);
}

/** One connection for each request: a build hangs or fails on a kept-alive one with engine 29 (docker-modem, issue 196). */
function closingAgent({ protocol }: Docker.DockerOptions): http.Agent {
  return protocol === 'https' ? new https.Agent({ keepAlive: false }) : new http.Agent({ keepAlive: false });
}

function noAnswer(error: unknown, address: string): Outcome<never> {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM') {
    return fail('engine-denied', `You may not use the Docker engine at ${address}.`, {
      why: message,
      next: 'Add yourself to the group docker (sudo usermod -aG docker $USER) and log in again, or use rootless Docker.',
    });
  }
  return fail('engine-missing', 'No Docker engine answers.', {
    why: `${address}: ${message}`,
    next: 'Start Docker, or say where it is with DOCKER_HOST or docker context use. A host that runs keeps the DOCKER_HOST that it was started with; it ends 15 minutes after the last call.',
  });
}

interface Place {
  address: string;
  options: Docker.DockerOptions;
}

/** As the `docker` command finds it: DOCKER_HOST, then DOCKER_CONTEXT, then the current context, then the usual socket. */
async function enginePlace(env: NodeJS.ProcessEnv): Promise<Outcome<Place>> {
  const host = env['DOCKER_HOST'];
  if (host) {
    if (host.startsWith('ssh:')) return bySsh('DOCKER_HOST', host);
    const place = placeOf(host, await tlsFiles(env['DOCKER_TLS_VERIFY'] ? env['DOCKER_CERT_PATH'] : undefined));
    return place ? ok(place) : noAddress('DOCKER_HOST', host);
  }
  const folder = env['DOCKER_CONFIG'] || path.join(os.homedir(), '.docker');
  const context = env['DOCKER_CONTEXT'] ?? (await currentContext(folder));
  if (context !== undefined && context !== '' && context !== 'default') return contextPlace(folder, context);
  const usual = process.platform === 'win32' ? 'npipe:////./pipe/docker_engine' : 'unix:///var/run/docker.sock';
  return ok(placeOf(usual)!);
}

async function currentContext(folder: string): Promise<string | undefined> {
  const config = await readJson(path.join(folder, 'config.json'));
  const name = config?.['currentContext'];
  return typeof name === 'string' ? name : undefined;
}

async function contextPlace(folder: string, name: string): Promise<Outcome<Place>> {
  const id = createHash('sha256').update(name).digest('hex');
  const meta = await readJson(path.join(folder, 'contexts/meta', id, 'meta.json'));
  const endpoints = meta?.['Endpoints'] as { docker?: { Host?: unknown } } | undefined;
  const host = endpoints?.docker?.Host;
  if (typeof host !== 'string') {
    return fail('engine-missing', `There is no Docker context named ${name}.`, {
      next: 'See docker context ls, and choose one with docker context use.',
    });
  }
  const whose = `The Docker context ${name}`;
  if (host.startsWith('ssh:')) return bySsh(whose, host);
  const place = placeOf(host, await tlsFiles(path.join(folder, 'contexts/tls', id, 'docker')));
  return place ? ok({ ...place, address: `${place.address} (context ${name})` }) : noAddress(whose, host);
}

/** `whose`: what names the address, as the beginning of a sentence. */
function bySsh(whose: string, host: string): Outcome<never> {
  return fail('engine-ssh', `${whose} is reached by SSH, which Nimbus does not do.`, {
    why: host,
    next: 'Forward its socket (ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock HOST), and set DOCKER_HOST to unix:///tmp/docker.sock.',
  });
}

function noAddress(whose: string, host: string): Outcome<never> {
  return fail('engine-missing', `${whose} is no address of a Docker engine.`, {
    why: host,
    next: 'Write unix:///var/run/docker.sock, or tcp://HOST:2375.',
  });
}

/** Undefined where it is no address. */
function placeOf(host: string, tls: Docker.DockerOptions = {}): Place | undefined {
  const url = /^(\w+):\/\/(.*)$/.exec(host);
  // As the docker command reads one without a scheme.
  const [, scheme = 'tcp', rest = host] = url ?? [];
  if (scheme === 'unix' || scheme === 'npipe') return { address: host, options: { socketPath: rest } };
  const at = `http://${rest}`;
  if (!URL.canParse(at)) return undefined;
  const { hostname, port } = new URL(at);
  const isSecure = scheme === 'https' || tls.ca !== undefined;
  return {
    address: host,
    options: { host: hostname, port: port || (isSecure ? 2376 : 2375), protocol: isSecure ? 'https' : 'http', ...tls },
  };
}

async function tlsFiles(folder: string | undefined): Promise<Docker.DockerOptions> {
  if (folder === undefined) return {};
  const read = (name: string): Promise<string | undefined> =>
    readFile(path.join(folder, name), 'utf8').catch(() => undefined);
  const [ca, cert, key] = await Promise.all([read('ca.pem'), read('cert.pem'), read('key.pem')]);
  return { ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) };
}

async function readJson(file: string): Promise<Record<string, unknown> | undefined> {
  try {
    const parsed: unknown = JSON.parse(await readFile(file, 'utf8'));
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
