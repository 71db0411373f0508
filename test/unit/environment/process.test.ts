import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';
import { lastLines, run } from '../../../src/core/process.ts';
import { temporaryFolder } from '../models/temporary.ts';

const NODE = process.execPath;

/** Whether a process is there and runs: one that nobody waited for yet (state Z) has ended. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

describe('running a program', () => {
  const temporary = temporaryFolder();

  it('answers with its output, exit code and signal', async () => {
    const result = await run([
      NODE,
      '-e',
      'process.stdout.write("ü out\\n"); console.error("err"); process.exitCode = 3',
    ]);
    assert.deepEqual(result, {
      kind: 'exited',
      code: 3,
      killedBy: undefined,
      stdout: 'ü out\n',
      stderr: 'err\n',
      truncated: false,
    });
    const killed = await run([NODE, '-e', 'process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000)']);
    assert.equal(killed.kind === 'exited' && killed.killedBy, 'SIGTERM');
  });

  it('gives input, folder and environment', async () => {
    const script =
      'process.stdin.on("data", (data) => console.log(String(data), process.cwd(), process.env.X, Object.keys(process.env).length))';
    const result = await run([NODE, '-e', script], { input: 'hello', cwd: temporary.folder, env: { X: '1' } });
    assert.equal(result.kind === 'exited' && result.stdout, `hello ${temporary.folder} 1 1\n`);
    // Input that nobody reads is no error.
    const unread = await run([NODE, '-e', ''], { input: 'x'.repeat(10_000_000) });
    assert.equal(unread.kind === 'exited' && unread.code, 0);
  });

  it('gives every line as it comes, also one without an end', async () => {
    const lines: string[] = [];
    await run([NODE, '-e', 'process.stdout.write("a\\nb\\r\\n\\nlast"); process.stderr.write("e")'], {
      onLine: (line, stream) => lines.push(`${stream} ${line}`),
    });
    assert.deepEqual(lines.sort(), ['stderr e', 'stdout ', 'stdout a', 'stdout b', 'stdout last']);
  });

  it('keeps the last part of long output', async () => {
    const result = await run([NODE, '-e', 'process.stdout.write("x".repeat(100000) + "end")'], { outputLimit: 1000 });
    assert.ok(result.kind === 'exited');
    assert.equal(result.stdout.length, 1000);
    assert.ok(result.stdout.endsWith('xend'));
    assert.ok(result.truncated);
  });

  it('says that a program does not start', async () => {
    for (const argv of [[path.join(temporary.folder, 'gone')], [temporary.folder]]) {
      assert.equal((await run(argv)).kind, 'not-started');
    }
    assert.equal((await run([NODE], { cwd: path.join(temporary.folder, 'gone') })).kind, 'not-started');
  });

  it('does not start what was cancelled before', async () => {
    const controller = new AbortController();
    controller.abort();
    assert.equal((await run([NODE, '-e', ''], { signal: controller.signal })).kind, 'aborted');
  });

  // A child with a grandchild, both deaf to the request to end.
  const FAMILY = `
    process.on('SIGTERM', () => {});
    const { spawn } = require('node:child_process');
    const child = spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000)"], { stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.on('data', () => console.log(process.pid + ' ' + child.pid));
    setInterval(() => {}, 1000);`;

  it('ends the whole group when it is cancelled', async () => {
    const controller = new AbortController();
    let pids: number[] = [];
    const result = await run([NODE, '-e', FAMILY], {
      signal: controller.signal,
      onLine: (line) => {
        pids = line.split(' ').map(Number);
        assert.ok(pids.every(isRunning));
        controller.abort();
      },
    });
    assert.equal(result.kind, 'aborted');
    assert.equal(pids.length, 2);
    // The grandchild is another process's to bury; no event tells when it has.
    while (pids.some(isRunning)) await new Promise((resolve) => setTimeout(resolve, 10));
  }).timeout(20_000);

  it('ends what is over its time', async () => {
    const result = await run([NODE, '-e', 'console.log("started"); setInterval(() => {}, 1000)'], { deadlineMs: 1500 });
    assert.equal(result.kind, 'timed-out');
  }).timeout(20_000);

  it('does not wait for a grandchild that holds the pipes open', async () => {
    const script = `require('node:child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 15000)'], { stdio: 'inherit', detached: true }).unref(); console.log('done'); process.exit()`;
    const result = await run([NODE, '-e', script], { deadlineMs: 14_000 });
    assert.equal(result.kind === 'exited' && result.stdout, 'done\n');
  }).timeout(20_000);
});

describe('the last lines of an output', () => {
  it('are those that say something', () => {
    assert.equal(lastLines('a\n\nb\r\n  \nc\n', 2), 'b\nc');
    assert.equal(lastLines(''), '');
  });
});
