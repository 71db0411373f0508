import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'mocha';
import { createEnvironment } from '../../../src/core/environment/create.ts';
import { COMPLETE, environmentsFolder } from '../../../src/core/environment/managed.ts';
import type { Shell } from '../../../src/core/shell.ts';
import { temporaryFolder } from '../models/temporary.ts';
import { testPython } from './python.ts';

const SCRIPT = fileURLToPath(new URL('create-process.ts', import.meta.url));

/** Keeps what it is told; `onStage` sees each new detail. */
class Recorder implements Shell {
  readonly lines: string[] = [];
  readonly details: string[] = [];
  readonly controller = new AbortController();
  readonly onStage: (detail: string) => void;

  constructor(onStage: (detail: string) => void = () => {}) {
    this.onStage = onStage;
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  log(line: string): void {
    this.lines.push(line);
  }

  stage(_name: string, change?: { detail?: string }): void {
    this.details.push(change?.detail ?? '');
    this.onStage(change?.detail ?? '');
  }
}

const plan = (requirements: string[], key = 'key') =>
  ({ kind: 'create', base: testPython(), requirements, tool: 'pip', key }) as const;

/** Processes whose command line names a folder. */
function processesIn(folder: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
    } catch {
      return false;
    }
  });
}

describe('making a managed environment', function () {
  this.timeout(180_000);
  temporaryFolder();

  const made = (): string[] => readdirSync(environmentsFolder()).filter((name) => !name.endsWith('.lock'));

  it('installs what the model names, compiled, and is there at once the next time', async () => {
    const shell = new Recorder();
    const result = await createEnvironment(plan(['six==1.16.0']), shell);
    assert.ok(result.ok, JSON.stringify(result));
    const { python } = result.value;
    assert.equal(path.dirname(path.dirname(python)), path.join(environmentsFolder(), 'key'));
    const version = execFileSync(python, ['-I', '-c', 'import six; print(six.__version__, six.__cached__)'], {
      encoding: 'utf8',
    });
    const [six, cached] = version.trim().split(/ (.*)/);
    assert.equal(six, '1.16.0');
    assert.ok(existsSync(cached!), 'it is compiled');
    assert.deepEqual(shell.details, ['Making the environment', 'Installing six==1.16.0', 'Compiling']);
    assert.ok(shell.lines.some((line) => line.includes('Successfully installed six-1.16.0')));
    assert.deepEqual(readdirSync(environmentsFolder()), ['key']);

    const second = new Recorder();
    const place = path.join(environmentsFolder(), 'key');
    utimesSync(place, 0, 0);
    assert.deepEqual(await createEnvironment(plan(['six==1.16.0']), second), result);
    assert.deepEqual([second.lines, second.details], [[], []]);
    // What cleans up takes none that was used just now.
    assert.ok(Date.now() - statSync(place).mtimeMs < 60_000);

    // One that lost its mark, or its interpreter, is not complete: it is made again.
    rmSync(path.join(environmentsFolder(), 'key', COMPLETE));
    const third = new Recorder();
    assert.deepEqual(await createEnvironment(plan([]), third), result);
    assert.equal(third.details[0], 'Making the environment');
  });

  it('that fails halfway leaves nothing, and says why', async () => {
    const result = await createEnvironment(plan(['six==1.16.0', 'six==99.0']), new Recorder());
    assert.ok(!result.ok);
    assert.match(result.error.code, /^environment-(?:conflict|no-package)$/);
    assert.ok(result.error.why && result.error.next);
    assert.deepEqual(made(), []);
    const nothing = await createEnvironment({ ...plan([]), base: '/nowhere/python' }, new Recorder());
    assert.equal(nothing.ok ? '' : nothing.error.code, 'environment-failed');
    assert.deepEqual(made(), []);
  });

  it('takes nothing for a requirement that is an option', async () => {
    const result = await createEnvironment(plan(['--index-url=http://example.org']), new Recorder());
    assert.equal(result.ok ? '' : result.error.code, 'environment-requirement');
  });

  it('ends with all its processes when it is cancelled, and leaves nothing', async () => {
    for (const stage of ['Making the environment', 'Installing six==1.16.0']) {
      const shell: Recorder = new Recorder((detail) => {
        // In the middle of the stage: once its process has started.
        if (detail === stage) setImmediate(() => shell.controller.abort());
      });
      const result = await createEnvironment(plan(['six==1.16.0']), shell);
      assert.equal(result.ok ? '' : result.error.code, 'cancelled');
      assert.deepEqual(made(), []);
      assert.deepEqual(processesIn(environmentsFolder()), []);
    }
    const before = new Recorder();
    before.controller.abort();
    const result = await createEnvironment(plan([]), before);
    assert.equal(result.ok ? '' : result.error.code, 'cancelled');
  });

  it('is made once by two processes at a time, while the other waits', async () => {
    const children = [0, 1].map(() =>
      spawn(process.execPath, [SCRIPT, JSON.stringify(plan(['six==1.16.0']))], {
        stdio: ['ignore', 'pipe', 'inherit'],
      }),
    );
    const outputs = await Promise.all(
      children.map(async (child) => {
        let text = '';
        child.stdout.on('data', (chunk) => (text += String(chunk)));
        await once(child, 'close');
        return text;
      }),
    );
    assert.deepEqual(made(), ['key']);
    const builders = outputs.filter((text) => text.includes('Installing six==1.16.0'));
    assert.equal(builders.length, 1, outputs.join('\n---\n'));
    for (const text of outputs) assert.match(text, /"ok":true/);
  });

  for (const stage of ['Making the environment', 'Compiling']) {
    it(`takes the one that another process has finished while it stood before "${stage}"`, async () => {
      mkdirSync(environmentsFolder(), { recursive: true });
      const gate = path.join(environmentsFolder(), '../gate');
      const child = spawn(process.execPath, [SCRIPT, JSON.stringify(plan([])), stage, gate], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(child, 'close');
      let text = '';
      for await (const chunk of child.stdout) {
        text += String(chunk);
        if (!text.includes(stage) || existsSync(gate)) continue;
        // It stood for longer than its lock lives, as in a machine that sleeps: another process has taken that over.
        rmSync(path.join(environmentsFolder(), 'key.lock'), { recursive: true });
        const other = new Recorder();
        assert.ok((await createEnvironment(plan([]), other)).ok);
        assert.ok(other.details.includes('Compiling'), 'the other has made it too');
        writeFileSync(path.join(environmentsFolder(), 'key/mark'), 'in use');
        writeFileSync(gate, '');
      }
      await ended;
      assert.match(text, /"ok":true/);
      assert.equal(readFileSync(path.join(environmentsFolder(), 'key/mark'), 'utf8'), 'in use');
      assert.deepEqual(readdirSync(environmentsFolder()), ['key']);
    });
  }

  it('sweeps what a killed builder left, and goes on', async () => {
    const child = spawn(process.execPath, [SCRIPT, JSON.stringify(plan(['six==1.16.0']))], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const chunk of child.stdout) if (String(chunk).includes('Installing')) break;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    assert.equal(made().length, 1);
    assert.match(made()[0]!, /^key\.tmp-/);
    mkdirSync(path.join(environmentsFolder(), 'other.tmp-1'));
    writeFileSync(path.join(environmentsFolder(), 'other.tmp-1', 'x'), '');
    const result = await createEnvironment(plan([]), new Recorder());
    assert.ok(result.ok, JSON.stringify(result));
    assert.deepEqual(made().sort(), ['key', 'other.tmp-1'], "another's, which is new, may be at work");
  });
});
