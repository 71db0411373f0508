/** The user's credentials for a registry, as the `docker` command keeps them. They are handed to the engine and nowhere else. */
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { run } from '../process.ts';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import { DOCKER_HUB } from './push-target.ts';

/** What the engine takes as `X-Registry-Auth`; it must be there even where there are none. */
export interface RegistryLogin {
  username: string;
  password: string;
  serveraddress: string;
  identitytoken?: string;
}

export interface FoundLogin {
  login: RegistryLogin;
  /** Where they come from, for people: the file or the helper; unset where there are none. */
  from?: string;
}

/** Under which `docker login` keeps those of Docker Hub. */
const HUB_KEY = 'https://index.docker.io/v1/';
/** A helper may ask the system's keychain, which may ask the user. */
const HELPER_MS = 60_000;

interface Config {
  auths?: Record<string, { auth?: unknown; identitytoken?: unknown } | null> | null;
  credHelpers?: Record<string, unknown> | null;
  credsStore?: unknown;
}

/**
 * Looks in config.json of DOCKER_CONFIG, else of ~/.docker: the registry's own helper, the store of all, then the file
 * itself, as the `docker` command does. Errors: a helper that is named there cannot be run, or fails.
 */
export async function findLogin(
  registry: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Outcome<FoundLogin>> {
  const file = path.join(env['DOCKER_CONFIG'] || path.join(os.homedir(), '.docker'), 'config.json');
  const config = await readConfig(file);
  if (!config.ok) return config;
  const { credsStore } = config.value;
  const [auths, credHelpers] = [config.value.auths ?? {}, config.value.credHelpers ?? {}];
  const serveraddress = registry === DOCKER_HUB ? HUB_KEY : registry;
  const helper = credHelpers[serveraddress] ?? credHelpers[registry] ?? credsStore;
  if (typeof helper === 'string' && helper !== '') return askHelper(helper, serveraddress, env, signal);
  const key =
    Object.keys(auths).find((one) => one === serveraddress) ??
    Object.keys(auths).find((one) => hostOf(one) === registry);
  const entry = key === undefined ? undefined : auths[key];
  const none: RegistryLogin = { username: '', password: '', serveraddress };
  if (!entry) return ok({ login: none });
  if (typeof entry.identitytoken === 'string' && entry.identitytoken !== '') {
    return ok({ login: { ...none, identitytoken: entry.identitytoken }, from: file });
  }
  if (typeof entry.auth !== 'string' || entry.auth === '') return ok({ login: none });
  const pair = Buffer.from(entry.auth, 'base64').toString();
  const colon = pair.indexOf(':');
  if (colon === -1) return ok({ login: none });
  // The docker command of old padded passwords with NUL.
  const password = pair.slice(colon + 1).replace(/\0+$/, '');
  return ok({ login: { username: pair.slice(0, colon), password, serveraddress }, from: file });
}

async function readConfig(file: string): Promise<Outcome<Config>> {
  try {
    const found: unknown = JSON.parse(await readFile(file, 'utf8'));
    return ok(typeof found === 'object' && found !== null ? (found as Config) : {});
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return ok({});
    return fail('registry-login', `${file} cannot be read.`, {
      // What a parser says of JSON may quote it.
      why: code === undefined ? 'It is no JSON.' : code,
      next: 'Correct it, or log in again with docker login.',
    });
  }
}

/** `https://registry.example/v1/` is of `registry.example`. */
function hostOf(key: string): string {
  return key.replace(/^https?:\/\//, '').split('/')[0] ?? '';
}

/** The protocol of github.com/docker/docker-credential-helpers: the server on stdin, JSON on stdout. */
async function askHelper(
  name: string,
  serveraddress: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Outcome<FoundLogin>> {
  const program = `docker-credential-${name}`;
  // A path would run what the name of a helper is not meant to.
  if (!/^[\w.-]+$/.test(name)) return helperFailed(program, 'Its name is no name of a program.');
  const ended = await run([program, 'get'], { input: serveraddress, env, signal, deadlineMs: HELPER_MS });
  switch (ended.kind) {
    case 'aborted':
      return cancelled();
    case 'not-started':
      return helperFailed(program, ended.error.code === 'ENOENT' ? 'It is not on the PATH.' : ended.error.message);
    case 'timed-out':
      return helperFailed(program, `It did not answer within ${HELPER_MS / 1000} s.`);
    case 'exited': {
      const none: RegistryLogin = { username: '', password: '', serveraddress };
      if (ended.code !== 0) {
        // Helpers say it on stdout, in these words.
        if (/credentials not found/i.test(ended.stdout)) return ok({ login: none });
        return helperFailed(program, `It ended with ${ended.code ?? ended.killedBy}.`);
      }
      const answer = readAnswer(ended.stdout);
      if (!answer) return helperFailed(program, 'It did not answer in JSON.');
      const isToken = answer.Username === '<token>';
      const login = isToken
        ? { ...none, identitytoken: answer.Secret }
        : { ...none, username: answer.Username, password: answer.Secret };
      return ok({ login, from: program });
    }
    default:
      return ended satisfies never;
  }
}

function readAnswer(text: string): { Username: string; Secret: string } | undefined {
  try {
    const found = JSON.parse(text) as { Username?: unknown; Secret?: unknown } | null;
    if (typeof found?.Username !== 'string' || typeof found.Secret !== 'string') return undefined;
    return { Username: found.Username, Secret: found.Secret };
  } catch {
    return undefined;
  }
}

function helperFailed(program: string, why: string): Outcome<never> {
  return fail('registry-login', `${program}, which keeps your credentials, does not give them.`, {
    why,
    next: 'Make docker login work with it, or take it out of ~/.docker/config.json. A function host keeps the PATH that it was started with.',
  });
}
