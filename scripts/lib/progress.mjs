// One line per step: what, and how long it took.
import process from 'node:process';
import { SetupError } from './run.mjs';

const started = performance.now();
/** Titles of the steps under way, shown on the terminal's last line. */
const running = new Set();

/** Milliseconds as people read them: `420 ms`, `3.1 s`, `1 min 04 s`. */
export function elapsed(milliseconds) {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** Milliseconds since this process began to work. */
export function sinceStart() {
  return performance.now() - started;
}

/**
 * Runs one step and prints its line when it ends. Steps may run at once. A step may return a word or two that say what
 * it did (`up to date`).
 * @template T
 * @param {string} title
 * @param {() => Promise<T>} work
 */
export async function step(title, work) {
  const before = performance.now();
  const ended = (mark, detail) => {
    running.delete(title);
    const time = elapsed(performance.now() - before).padStart(9);
    print(`${mark} ${title.padEnd(40)}${time}${detail}\n`);
  };
  running.add(title);
  print('');
  try {
    const result = await work();
    ended('✓', typeof result === 'string' ? `  ${result}` : '');
    return result;
  } catch (error) {
    ended('✗', '');
    throw error;
  }
}

/** On a terminal the line of what is under way stays last. */
function print(text) {
  if (!process.stdout.isTTY) {
    process.stdout.write(text);
    return;
  }
  const status = running.size > 0 ? `… ${[...running].join(', ')}` : '';
  process.stdout.write(`\r\u001B[K${text}${status}`);
}

/** Runs a script's body; prints what a person can act on and ends with 1 where it fails. */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    const forPeople = error instanceof SetupError || error.code?.startsWith('ERR_PARSE_ARGS');
    console.error(forPeople ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}
