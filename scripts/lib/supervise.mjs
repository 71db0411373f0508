// Runs a program under a deadline and leaves nothing of it behind.
import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createWriteStream, existsSync, readFileSync, readdirSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { root, windows } from './paths.mjs';

/** Names a run to its processes, whatever session they moved to. */
const RUN_VARIABLE = 'NIMBUS_TEST_RUN';

/**
 * Runs a program, its output to `print` and to a file. At the deadline it is killed with its process group;
 * processes that it left running are killed after its end.
 * @param {string[]} command
 * @param {{ log: string, deadlineSeconds: number, env: NodeJS.ProcessEnv, signal: AbortSignal,
 *   print: (text: string) => void, id?: string }} options print: takes its output too; id: for `killRun`, by who outlives
 *   this process
 * @returns {Promise<{ problem?: string, left: string[] }>} problem: why it did not end with 0; left: the command lines
 *   of the processes that it left running
 */
export async function supervise(command, { log, deadlineSeconds, env, signal, print, id = randomUUID() }) {
  const file = createWriteStream(log, { flags: 'a' });
  const child = spawn(command[0], command.slice(1), {
    cwd: root,
    env: { ...env, [RUN_VARIABLE]: id },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: !windows,
  });
  let late = false;
  const kill = () => killGroup(child.pid);
  const timer = setTimeout(() => {
    late = true;
    kill();
  }, deadlineSeconds * 1000);
  signal.addEventListener('abort', kill);
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      // Some tools colour their output for nobody: CI makes them.
      const plain = stripVTControlCharacters(text);
      print(process.stdout.isTTY ? text : plain);
      file.write(plain);
    });
  }
  const closed = new Promise((resolve) => child.on('close', resolve));
  // Not at `close`: what the program left running may hold its pipes open.
  const problem = await new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (code, by) => resolve(code === 0 ? undefined : `ended with ${by ?? code}`));
  });
  clearTimeout(timer);
  signal.removeEventListener('abort', kill);
  const left = await killRun(id);
  kill();
  await Promise.race([closed, delay(2000, undefined, { ref: false })]);
  await new Promise((resolve) => file.end(resolve));
  if (late) return { problem: `not done after ${deadlineSeconds} s, killed`, left };
  return problem === undefined ? { left } : { problem, left };
}

function killGroup(pid) {
  if (pid === undefined) return;
  if (windows) {
    spawnSync('taskkill', ['/pid', String(pid), '/t', '/f']);
    return;
  }
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group has ended by itself.
  }
}

/**
 * Kills every process that carries the run's id in its environment, and waits for its end; only Linux shows it.
 * @param {string} id
 * @returns {Promise<string[]>} their command lines
 */
export async function killRun(id) {
  // What is just ending is not left running.
  await ended(id, 1000);
  const left = processesOf(id);
  for (const { pid } of left) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
  await ended(id, 5000);
  return left.map(({ line }) => line);
}

async function ended(id, milliseconds) {
  const deadline = performance.now() + milliseconds;
  while (performance.now() < deadline && processesOf(id).length > 0) await delay(50);
}

function processesOf(id) {
  if (!existsSync('/proc/self/environ')) return [];
  const found = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`${RUN_VARIABLE}=${id}`)) continue;
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
      if (line !== '') found.push({ pid: Number(pid), line });
    } catch {
      // It has ended meanwhile, or belongs to somebody else.
    }
  }
  return found;
}
