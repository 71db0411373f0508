// `npm test`: sets up all it needs, then runs every stage. `-- --only unit,host` runs some of them.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { leaveEngine } from './lib/engine.mjs';
import { inLanes } from './lib/lanes.mjs';
import { artifacts, root } from './lib/paths.mjs';
import { elapsed, main, sinceStart } from './lib/progress.mjs';
import { SetupError } from './lib/run.mjs';
import { reportOf, stages } from './lib/stages.mjs';
import { supervise } from './lib/supervise.mjs';
import { setUp } from './setup.mjs';

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => interrupted.abort());

/** Stages that run at once: most of a stage's time it waits, for a worker, a container or a window. */
const LANES = 2;

/**
 * Runs one stage.
 * @returns {Promise<{ name: string, title: string, passed: number, failed: number, skipped: number, milliseconds: number,
 *   failures: { title: string, message: string }[] }>}
 */
async function runStage(name, print) {
  const { title, deadlineSeconds, tests, commands } = stages[name];
  const log = path.join(artifacts, `${name}.log`);
  const started = performance.now();
  rmSync(log, { force: true });
  rmSync(reportOf(name), { force: true });
  print(`\n━━ ${title}\n`);
  // Of its own, short: a socket's path holds about a hundred bytes.
  const home = mkdtempSync(path.join(os.tmpdir(), 'nimbus-test-'));
  const env = stageEnvironment(home);
  let problem;
  try {
    for (const command of commands) {
      const ended = await supervise(command, { log, deadlineSeconds, env, signal: interrupted.signal, print });
      for (const line of ended.left) print(`left running, killed: ${line}\n`);
      problem = ended.problem;
      if (problem) break;
    }
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 3 });
  }
  const milliseconds = performance.now() - started;
  const whole = { title, message: `${problem} (${path.relative(root, log)})` };
  if (!tests) {
    const failures = problem ? [whole] : [];
    return { name, title, passed: 1 - failures.length, failed: failures.length, skipped: 0, milliseconds, failures };
  }
  const { passed, failures, skipped } = readReport(name);
  if (process.env.CI) failures.push(...skipped.map((test) => ({ title: test, message: 'skipped; CI skips nothing' })));
  // It may have ended badly outside of any test, or found none.
  if (failures.length === 0 && (problem || passed === 0))
    failures.push(problem ? whole : { title, message: 'no test ran' });
  return { name, title, passed, failed: failures.length, skipped: skipped.length, milliseconds, failures };
}

function readReport(name) {
  try {
    return JSON.parse(readFileSync(reportOf(name), 'utf8'));
  } catch {
    return { passed: 0, failures: [], skipped: [] };
  }
}

function chosenStages() {
  const { values } = parseArgs({ options: { only: { type: 'string' } } });
  const chosen = values.only?.split(',') ?? Object.keys(stages);
  const unknown = chosen.filter((name) => !(name in stages));
  if (unknown.length > 0) {
    throw new SetupError(`No stage ${unknown.join(', ')}. There are: ${Object.keys(stages).join(', ')}.`);
  }
  const needed = new Set(chosen.flatMap((name) => [name, ...(stages[name].needs ?? [])]));
  return Object.keys(stages).filter((name) => needed.has(name));
}

/** What every stage runs with: no user's data, Node of package.json first, bytecode kept. */
function stageEnvironment(home) {
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

function summarise(results) {
  console.log('\n━━ Summary');
  for (const { title, passed, failed, skipped, milliseconds } of results) {
    const skips = skipped > 0 ? `, ${skipped} skipped` : '';
    const counts = `${passed} passed, ${failed} failed${skips}`;
    console.log(
      `${failed > 0 ? '✗' : '✓'} ${title.padEnd(28)}${counts.padEnd(34)}${elapsed(milliseconds).padStart(12)}`,
    );
  }
  for (const { name, failures } of results) {
    for (const { title, message } of failures)
      console.log(`\n✗ ${name}: ${title}\n  ${message.split('\n').join('\n  ')}`);
  }
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  console.log(`\nIn ${elapsed(sinceStart())}.`);
  console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
  if (sum('failed') > 0) process.exitCode = 1;
}

await main(async () => {
  const names = chosenStages();
  mkdirSync(artifacts, { recursive: true });
  if (names.includes('e2e')) rmSync(path.join(artifacts, 'screenshots'), { recursive: true, force: true });
  const docker = names.some((name) => stages[name].docker);
  const results = [];
  try {
    await setUp({
      tests: true,
      browser: true,
      codeServer: names.some((name) => name === 'editor' || name === 'e2e'),
      frameworks: names.some((name) => stages[name].frameworks),
      docker,
    });
    const [first, then] = [names.filter((name) => !stages[name].tests), names.filter((name) => stages[name].tests)];
    for (const [some, lanes] of [
      [first, 1],
      [then, LANES],
    ]) {
      const ended = await inLanes(some, lanes, async (name, print) =>
        interrupted.signal.aborted ? undefined : runStage(name, print),
      );
      results.push(...ended.filter((result) => result !== undefined));
    }
  } finally {
    if (docker) await leaveEngine();
  }
  summarise(results);
  if (interrupted.signal.aborted) process.exitCode = 130;
});
