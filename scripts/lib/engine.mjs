// The Docker engine that the tests run on: one that answers, or one of ours for as long as somebody uses it.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { artifacts } from './paths.mjs';
import { SetupError, output } from './run.mjs';

// Shared by every checkout on the machine, as the engine is. Gone after a restart, as the engine is.
const state = '/run/nimbus-test-engine';
const pidFile = path.join(state, 'dockerd.pid');
const users = path.join(state, 'users');
/** The name of the user that stays until `nobodyUsesEngine` is said by hand. */
const KEPT = 'kept';

const STANDARD_ENDPOINT = 'unix:///var/run/docker.sock';
const START_SECONDS = 60;

/** The version of the engine that the docker command reaches: by DOCKER_HOST, its context or the standard socket. */
export function engineVersion() {
  return output(['docker', 'version', '--format', '{{.Server.Version}}'], { timeoutSeconds: 15 });
}

/**
 * Makes sure that an engine answers, starting one where this machine has none that does. Whoever calls it calls
 * `leaveEngine` at the end; the last one to leave ends the engine that was started here.
 * @param {{ keep?: boolean }} [options] keep: until `leaveEngine` is called with it
 * @returns {Promise<string>} what it found or did
 * @throws {SetupError} where no engine answers and none can be started from here
 */
export async function useEngine({ keep = false } = {}) {
  if (!canStart()) {
    const version = engineVersion();
    if (version === undefined) throw new SetupError(notAnswering());
    return `engine ${version}`;
  }
  return await alone(async () => {
    writeFileSync(path.join(users, keep ? KEPT : identity(process.pid)), '');
    const version = engineVersion();
    if (version !== undefined) return `engine ${version}${isOurs() ? ' of an earlier start' : ''}`;
    await start();
    return `engine ${engineVersion()} started, ${storage()}`;
  });
}

/** Ends the engine if it was started by `useEngine` and nobody else that runs still uses it. */
export async function leaveEngine({ keep = false } = {}) {
  if (!canStart()) return;
  await alone(async () => {
    rmSync(path.join(users, keep ? KEPT : identity(process.pid)), { force: true });
    for (const user of readdirSync(users)) {
      // A run that was killed could not leave.
      if (user !== KEPT && identity(user.split('-')[0]) !== user) rmSync(path.join(users, user), { force: true });
    }
    if (readdirSync(users).length === 0 && isOurs()) await stop();
  });
}

/** Only root on Linux can, and only where nothing says that the engine is elsewhere. */
function canStart() {
  return process.platform === 'linux' && process.getuid?.() === 0 && endpoint() === STANDARD_ENDPOINT;
}

function endpoint() {
  return output(['docker', 'context', 'inspect', '--format', '{{.Endpoints.docker.Host}}']);
}

function notAnswering() {
  const where = endpoint();
  if (where === undefined)
    return 'There is no docker command.\nInstall Docker: https://docs.docker.com/get-started/get-docker/';
  const how = process.env.DOCKER_HOST
    ? 'Start the engine there, or take DOCKER_HOST out of the environment.'
    : 'Start it (Docker Desktop, or: sudo systemctl start docker), or choose another with: docker context use NAME';
  return `No Docker engine answers at ${where}.\n${how}`;
}

/** `<pid>-<when it started>`, so that another process with the same number is not taken for it. */
function identity(pid) {
  try {
    // The name, in brackets, may hold spaces; the 20th field after it is the start, in clock ticks since boot.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
    return `${pid}-${fields[19]}`;
  } catch {
    return undefined;
  }
}

/** The process of the engine that was started here, while it runs. */
function ownProcess() {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8'));
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(pidFile) ? pid : undefined;
  } catch {
    return undefined;
  }
}

function isOurs() {
  return ownProcess() !== undefined;
}

/** Of an engine that was started here and has ended. */
function containerdRuns() {
  try {
    return existsSync(`/proc/${Number(readFileSync('/run/docker/containerd/containerd.pid', 'utf8'))}`);
  } catch {
    return false;
  }
}

async function start() {
  // One of ours that does not answer is stopped or stuck.
  await stop();
  if (existsSync('/run/systemd/system') && output(['systemctl', 'start', 'docker']) !== undefined) {
    if (engineVersion() !== undefined) return;
  }
  const log = path.join(artifacts, 'setup/dockerd.log');
  mkdirSync(path.dirname(log), { recursive: true });
  rmSync(pidFile, { force: true });
  const ended = launchEngine(['--pidfile', pidFile], log);
  const deadline = performance.now() + START_SECONDS * 1000;
  while (engineVersion() === undefined) {
    if (ended.code !== undefined || performance.now() > deadline) {
      await stop();
      const lines = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-8).join('\n');
      throw new SetupError(`${lines}\n\nThe Docker engine does not start (dockerd). All of its output: ${log}`);
    }
    await delay(100);
  }
}

/** Starts dockerd, apart from this process and its terminal. It chooses overlay2 where the file system can. */
function launchEngine(flags, log) {
  const file = openSync(log, 'w');
  const child = spawn('dockerd', flags, { detached: true, stdio: ['ignore', file, file] });
  const ended = { code: undefined };
  child.on('error', (error) => (ended.code = error.message));
  child.on('exit', (code, signal) => (ended.code = signal ?? code));
  child.unref();
  return ended;
}

function storage() {
  const driver = output(['docker', 'info', '--format', '{{.Driver}}']);
  return driver?.startsWith('overlay') ? driver : `${driver} (no overlay here: slow, and every layer is a whole copy)`;
}

async function stop() {
  const pid = ownProcess();
  if (pid === undefined) return;
  // A stopped process takes its end only when it goes on.
  process.kill(pid, 'SIGCONT');
  process.kill(pid, 'SIGTERM');
  const deadline = performance.now() + 30_000;
  while (ownProcess() === pid) {
    if (performance.now() > deadline) process.kill(pid, 'SIGKILL');
    await delay(50);
  }
  // After a kill it dies a moment later: an engine that starts meanwhile would wait for it in vain.
  const patience = performance.now() + 5000;
  while (containerdRuns() && performance.now() < patience) await delay(50);
}

/** Runs `work` while no other process of this machine is in here; the lock ends with the process that holds it. */
async function alone(work) {
  mkdirSync(users, { recursive: true });
  const lock = spawn('flock', [path.join(state, 'lock'), 'sh', '-c', 'echo held; cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // Ctrl+C is for this process, which then leaves in order.
    detached: true,
  });
  await new Promise((resolve, reject) => {
    lock.once('error', reject);
    lock.once('exit', (code) => reject(new Error(`flock ended with ${code}`)));
    lock.stdout.once('data', resolve);
  });
  const ended = new Promise((resolve) => lock.once('exit', resolve));
  try {
    return await work();
  } finally {
    lock.stdin.end();
    await ended;
  }
}
