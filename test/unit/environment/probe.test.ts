import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';
import { probe } from '../../../src/core/environment/probe.ts';
import { temporaryFolder } from '../models/temporary.ts';
import { testPython } from './python.ts';

describe('asking an interpreter', () => {
  const temporary = temporaryFolder();

  function interpreter(script: string): string {
    const file = path.join(temporary.folder, 'python');
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
    return file;
  }

  async function refused(python: string, options = {}): Promise<[string, string]> {
    const result = await probe(python, ['pip'], options);
    assert.ok(!result.ok, JSON.stringify(result));
    return [result.error.code, result.error.why ?? ''];
  }

  it('gives its version and the packages asked about', async () => {
    const result = await probe(testPython(), ['pip', 'nimbus-has-no-such-package']);
    assert.ok(result.ok, JSON.stringify(result));
    assert.equal(result.value.python, testPython());
    assert.match(result.value.version, /^3\.\d+\.\d+$/);
    assert.deepEqual(Object.keys(result.value.packages), ['pip']);
    assert.ok(result.value.abi && result.value.platform);
  });

  it('says that it is too old', async () => {
    const old = interpreter(
      `echo '{"python":"/x","version":"3.8.19","implementation":"cpython","abi":"","platform":"","packages":{}}'`,
    );
    const result = await probe(old, []);
    assert.equal(result.ok ? '' : result.error.code, 'python-too-old');
    assert.match(result.ok ? '' : result.error.what, /is Python 3\.8\.19/);
  });

  it('says that it is broken, with what it printed', async () => {
    assert.deepEqual(await refused(interpreter('echo "libpython3.so: not found" >&2; exit 127')), [
      'python-broken',
      'libpython3.so: not found',
    ]);
    assert.deepEqual(await refused(interpreter('echo hello')), ['python-broken', 'hello']);
    assert.equal((await refused(interpreter('echo null')))[0], 'python-broken');
    assert.match((await refused(interpreter('exit 3')))[1], /ended with 3 and without an answer/);
    const [code, why] = await refused(path.join(temporary.folder, 'gone'));
    assert.equal(code, 'python-broken');
    assert.match(why, /does not start/);
  });

  it('waits no longer than its deadline, and ends when it is cancelled', async () => {
    const [code, why] = await refused(interpreter('sleep 60'), { deadlineMs: 300 });
    assert.equal(code, 'python-broken');
    assert.match(why, /did not answer in 0\.3 s/);
    const controller = new AbortController();
    const running = probe(interpreter('sleep 60'), [], { signal: controller.signal });
    controller.abort();
    const result = await running;
    assert.equal(result.ok ? '' : result.error.code, 'cancelled');
  });
});
