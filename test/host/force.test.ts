import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const MODULE = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../src/core/host/force.ts');

describe('a process that is to end by force', function () {
  this.timeout(30_000);
  let folder: string;

  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'nf-'));
    execFileSync('mkfifo', [path.join(folder, 'pipe')]);
  });
  after(() => rmSync(folder, { recursive: true }));

  const run = async (program: string): Promise<[number | null, NodeJS.Signals | null]> => {
    const start = `import { endByForce } from ${JSON.stringify(MODULE)}; endByForce(500);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', start + program], { stdio: 'inherit' });
    return (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  };

  it('is ended where its event loop no longer turns', async () => {
    assert.deepEqual(await run('for (;;);'), [null, 'SIGKILL']);
  });

  it('is ended where its own exit waits for a file that does not answer', async () => {
    const pipe = JSON.stringify(path.join(folder, 'pipe'));
    const program = `import { open } from 'node:fs/promises'; void open(${pipe}); setImmediate(() => process.exit(0));`;
    assert.deepEqual(await run(program), [null, 'SIGKILL']);
  });

  it('ends by itself where it can', async () => {
    assert.deepEqual(await run('setImmediate(() => process.exit(7));'), [7, null]);
  });
});
