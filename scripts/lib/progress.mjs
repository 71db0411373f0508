// One line per step: what, and how long it took.
import process from 'node:process';
import { SetupError } from './run.mjs';

const started = performance.now();

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
 * Runs one step and prints its line. The step may return a word or two that say what it did (`up to date`).
 * @template T
 * @param {string} title
 * @param {() => Promise<T>} work
 */
export async function step(title, work) {
  const before = performance.now();
  const terminal = process.stdout.isTTY;
  if (terminal) process.stdout.write(`… ${title}`);
  try {
    const result = await work();
    const detail = typeof result === 'string' ? `  ${result}` : '';
    const time = elapsed(performance.now() - before).padStart(8);
    process.stdout.write(`${terminal ? '\r\u001B[K' : ''}✓ ${title.padEnd(46)}${time}${detail}\n`);
    return result;
  } catch (error) {
    const time = elapsed(performance.now() - before).padStart(8);
    process.stdout.write(`${terminal ? '\r\u001B[K' : ''}✗ ${title.padEnd(46)}${time}\n`);
    throw error;
  }
}

/** Runs a script's body; prints what a person can act on and ends with 1 where it fails. */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    console.error(error instanceof SetupError ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}
