import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { supervise } from '../../../scripts/lib/supervise.mjs';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nimbus-supervise-'));
const log = path.join(folder, 'log');

function run(script: string, deadlineSeconds = 30, signal = new AbortController().signal) {
  rmSync(log, { force: true });
  return supervise([process.execPath, '-e', script], {
    log,
    deadlineSeconds,
    env: process.env,
    signal,
    print: () => undefined,
  });
}

/** A script that starts a process which lives for a minute, and prints its id. */
function starts(options: string, after: string): string {
  const sleeper = "['-e', 'setTimeout(() => {}, 60_000)']";
  return `const child = require('node:child_process').spawn(process.execPath, ${sleeper}, ${options});
    child.unref();
    console.log(child.pid);
    ${after}`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A killed process that nobody has waited for yet still has an id.
    return process.platform !== 'linux' || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** A killed process takes a moment to end; one that was not killed lives longer than the test may. */
async function end(pid: number): Promise<void> {
  while (isAlive(pid)) await delay(10);
}

describe('supervise', () => {
  after(() => rmSync(folder, { recursive: true }));

  it('answers without a problem for a program that ends well, and keeps its output', async () => {
    const ended = await run("console.log('out'); console.error('err')");
    assert.equal(ended.problem, undefined);
    assert.match(readFileSync(log, 'utf8'), /out[^]*err|err[^]*out/);
  });

  it('names the exit code of one that does not', async () => {
    assert.equal((await run('process.exit(3)')).problem, 'ended with 3');
  });

  it('kills a program at its deadline together with what it started', async () => {
    const ended = await run(starts("{ stdio: 'ignore' }", 'setInterval(() => {}, 1000)'), 1);
    assert.match(ended.problem ?? '', /not done after 1 s/);
    await end(Number(readFileSync(log, 'utf8')));
  });

  it('kills it when the run is interrupted', async () => {
    const abort = new AbortController();
    const ended = run('setInterval(() => {}, 1000)', 30, abort.signal);
    abort.abort();
    assert.match((await ended).problem ?? '', /SIGKILL/);
  });

  if (process.platform === 'linux') {
    it('finds and kills a process that moved to a session of its own', async () => {
      const ended = await run(starts("{ detached: true, stdio: 'ignore' }", 'process.exit(0)'));
      assert.equal(ended.problem, undefined);
      assert.equal(ended.left.length, 1);
      await end(Number(readFileSync(log, 'utf8')));
    });
  }
});
