// Runs one stage of `npm test`, and once more the test files of it in which a few tests failed.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { artifacts, root } from './paths.mjs';
import { mocha, reportOf } from './stages.mjs';
import { supervise } from './supervise.mjs';

/** Where more fail, something is broken: only a few fail because the machine is busy. */
const MOST_RUN_AGAIN = 5;

/**
 * @typedef {import('./mocha-reporter.mjs').Report} Report
 * @typedef {{ title: string, message: string }} Failure
 */

/**
 * @param {string} name
 * @param {import('./stages.mjs').Stage} stage
 * @param {{ print: (text: string) => void, signal: AbortSignal, folder?: string }} options folder: where its log and its
 *   reports go
 * @returns {Promise<{ name: string, title: string, passed: number, failed: number, skipped: number, milliseconds: number,
 *   failures: Failure[], passedAgain: Failure[] }>} passedAgain: what failed and then passed; it counts as passed
 */
export async function runStage(name, stage, { print, signal, folder = artifacts }) {
  const { title, tests } = stage;
  const log = path.join(folder, `${name}.log`);
  const started = performance.now();
  rmSync(log, { force: true });
  print(`\n━━ ${title}\n`);
  const run = (commands) => runAll(commands, { log, deadlineSeconds: stage.deadlineSeconds, signal, print });
  const report = reportOf(name, folder);
  rmSync(report, { force: true });
  const problem = await run(stage.mocha ? [mocha(stage.mocha, report)] : stage.commands);
  const milliseconds = () => performance.now() - started;
  const whole = { title, message: `${problem} (${path.relative(root, log)})` };
  if (!tests) {
    const failures = problem ? [whole] : [];
    const [passed, failed] = [1 - failures.length, failures.length];
    return { name, title, passed, failed, skipped: 0, milliseconds: milliseconds(), failures, passedAgain: [] };
  }
  const first = readReport(report) ?? { passed: [], skipped: [], failures: [] };
  const files = stage.mocha && !signal.aborted ? filesToRunAgain(first) : [];
  let all = { ...first, passedAgain: [] };
  if (files.length > 0) {
    const names = files.map((file) => path.relative(root, file));
    print(`\n━━ ${title}, run again: ${names.join(', ')}\n`);
    const reportAgain = reportOf(`${name}-again`, folder);
    rmSync(reportAgain, { force: true });
    const problemAgain = await run([mocha({ ...stage.mocha, files }, reportAgain)]);
    const again = readReport(reportAgain);
    // It may have ended badly outside of any test.
    if (again && (!problemAgain || again.failures.length > 0)) all = together(first, again);
  }
  const { passed, skipped, passedAgain } = all;
  const failures = [...all.failures];
  if (process.env.CI) failures.push(...skipped.map((test) => ({ ...test, message: 'skipped; CI skips nothing' })));
  // The same, or it found none.
  if (first.failures.length === 0 && failures.length === 0 && (problem || passed.length === 0))
    failures.push(problem ? whole : { title, message: 'no test ran' });
  return {
    name,
    title,
    passed: passed.length,
    failed: failures.length,
    skipped: skipped.length,
    milliseconds: milliseconds(),
    failures,
    passedAgain,
  };
}

/** Runs commands one after the other until one fails. @returns {Promise<string | undefined>} why one did */
async function runAll(commands, options) {
  // Of its own, short: a socket's path holds about a hundred bytes.
  const home = mkdtempSync(path.join(os.tmpdir(), 'nimbus-test-'));
  const env = stageEnvironment(home);
  try {
    for (const command of commands) {
      const { problem, left } = await supervise(command, { ...options, env });
      for (const line of left) options.print(`left running, killed: ${line}\n`);
      if (problem) return problem;
    }
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 3 });
  }
  return undefined;
}

/** What every stage runs with: no user's data, Node of package.json first, bytecode kept. */
export function stageEnvironment(home) {
  const { PYTHONDONTWRITEBYTECODE: _, NODE_OPTIONS: __, ...rest } = process.env;
  const binaries = path.join(root, 'node_modules/.bin');
  return {
    ...rest,
    PATH: `${binaries}${path.delimiter}${rest.PATH}`,
    NIMBUS_HOME: home,
    // The Node that users have: what ships is run with it too.
    NIMBUS_USER_NODE: process.execPath,
    ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }),
  };
}

/** @returns {Report | undefined} undefined: the run was not over when its process ended */
function readReport(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

/** The files of the tests that failed, whole: a test may need those before it. @param {Report} report */
function filesToRunAgain({ failures }) {
  const files = failures.map(({ file }) => file);
  return failures.length > MOST_RUN_AGAIN || files.includes(undefined) ? [] : [...new Set(files)];
}

const keyOf = ({ file, title }) => `${file}: ${title}`;
const keysOf = (tests) => new Set(tests.map(keyOf));

/**
 * What counts after some files ran twice: a test that passed the first time has passed; another, which failed or was not
 * come to because a hook failed, counts as the second time, and has failed where it was not come to again.
 * @param {Report} first
 * @param {Report} again
 */
function together(first, again) {
  const without = (tests, keys) => tests.filter((test) => !keys.has(keyOf(test)));
  const [passedFirst, passedSecond, failedSecond] = [first.passed, again.passed, again.failures].map(keysOf);
  const isGone = (failure) => !failedSecond.has(keyOf(failure)) && (failure.hook || passedSecond.has(keyOf(failure)));
  const stays = first.failures.filter((failure) => !isGone(failure));
  return {
    passed: [...first.passed, ...without(again.passed, passedFirst)],
    skipped: [...first.skipped, ...without(again.skipped, keysOf(first.skipped))],
    failures: [...stays, ...without(again.failures, new Set([...passedFirst, ...keysOf(stays)]))],
    passedAgain: first.failures.filter(isGone),
  };
}
