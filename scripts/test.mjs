// `npm test`: sets up all it needs, then runs every stage. `-- --only unit,host` runs some of them.
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { leaveEngine } from './lib/engine.mjs';
import { inLanes } from './lib/lanes.mjs';
import { artifacts } from './lib/paths.mjs';
import { elapsed, main, sinceStart } from './lib/progress.mjs';
import { runStage } from './lib/run-stage.mjs';
import { SetupError } from './lib/run.mjs';
import { stages } from './lib/stages.mjs';
import { setUp } from './setup.mjs';

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => interrupted.abort());

/** Stages that run at once: most of a stage's time it waits, for a worker, a container or a window. */
const LANES = 2;

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
  const again = results.flatMap(({ name, passedAgain }) => passedAgain.map((failure) => ({ name, ...failure })));
  if (again.length > 0) console.log('\n━━ Passed only when run again');
  for (const { name, title, message } of again)
    console.log(`\n! ${name}: ${title}\n  ${message.split('\n').join('\n  ')}`);
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
      aws: names.some((name) => stages[name].aws),
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
        interrupted.signal.aborted ? undefined : runStage(name, stages[name], { print, signal: interrupted.signal }),
      );
      results.push(...ended.filter((result) => result !== undefined));
    }
  } finally {
    if (docker) await leaveEngine();
  }
  summarise(results);
  if (interrupted.signal.aborted) process.exitCode = 130;
});
