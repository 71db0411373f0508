// Runs a program to its end, its output in a log or on the terminal.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { artifacts, root, windows } from './paths.mjs';

/** A failure that a person can act on: it is printed without a stack. */
export class SetupError extends Error {}

/**
 * Runs `command` with its output appended to artifacts/setup/`name`.log.
 * @param {string} name
 * @param {string[]} command
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @throws {SetupError} if it ends otherwise than with 0; the message ends with its last lines
 */
export async function runLogged(name, command, options = {}) {
  const file = path.join(artifacts, 'setup', `${name}.log`);
  mkdirSync(path.dirname(file), { recursive: true });
  const log = openSync(file, 'a');
  writeSync(log, `\n$ ${command.join(' ')}\n`);
  const ended = await new Promise((resolve) => {
    const child = spawn(command[0], command.slice(1), {
      cwd: options.cwd ?? root,
      env: options.env ?? process.env,
      stdio: ['ignore', log, log],
      // npm is a batch file there, and Node starts those only through a shell.
      shell: windows && command[0] === 'npm',
    });
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (code, signal) => resolve(code === 0 ? undefined : `ended with ${signal ?? code}`));
  });
  closeSync(log);
  if (ended === undefined) return;
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n').slice(-25).join('\n');
  throw new SetupError(`${lines}\n\n${command.join(' ')}: ${ended}. All of its output: ${path.relative(root, file)}`);
}

/**
 * What `command` prints, trimmed; undefined if it is not there or fails.
 * @param {string[]} command
 * @param {{ cwd?: string, timeoutSeconds?: number }} [options]
 */
export function output(command, options = {}) {
  const result = spawnSync(command[0], command.slice(1), {
    cwd: options.cwd ?? root,
    encoding: 'utf8',
    timeout: (options.timeoutSeconds ?? 60) * 1000,
    shell: windows && command[0] === 'code',
  });
  return result.status === 0 ? result.stdout.trim() : undefined;
}
