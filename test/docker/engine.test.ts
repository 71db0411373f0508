/** What the other tests of this folder stand on: an engine, base images with the contracts of the real ones, a registry. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { OwnEngine } from './own-engine.ts';
import { docker, EMULATOR, LAMBDA_PYTHON, PYTHON_SLIM, RUNTIME_CLIENT, startRegistry } from './support.ts';

const HANDLER = `
import os, sys
def handle(event, context):
    if event == "fail":
        raise ValueError("as asked")
    return {"event": event, "python": sys.version.split()[0], "execution": os.environ.get("AWS_EXECUTION_ENV"),
            "request": context.aws_request_id, "left": context.get_remaining_time_in_millis()}
`;
/** Run in a container: invokes the function with each argument (JSON) and prints the answers, a line each. */
const INVOKE = `
import sys, time, urllib.error, urllib.request
for event in sys.argv[1:]:
    request = urllib.request.Request("http://127.0.0.1:8080/2015-03-31/functions/function/invocations", event.encode())
    while True:
        try:
            print(urllib.request.urlopen(request, timeout=30).read().decode())
            break
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
            time.sleep(0.05)
`;

/** Containers of these tests, so that none is left. */
const MARK = `nimbus-test.run=${randomUUID()}`;
const WITHOUT_NETWORK = ['--network', 'none', '--label', MARK];

describe('the Docker engine of the tests', function () {
  this.timeout(60_000);
  let folder: string;
  /** An archive of one file, for an image. */
  let small: string;

  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'nimbus-docker-'));
    writeFileSync(path.join(folder, 'app.py'), HANDLER);
    small = path.join(folder, 'small.tar');
    execFileSync('tar', ['--create', '--file', small, '-C', folder, 'app.py']);
  });
  after(async () => {
    const left = await docker('ps', '--all', '--quiet', '--filter', `label=${MARK}`);
    if (left !== '') await docker('rm', '--force', ...left.split('\n'));
    rmSync(folder, { recursive: true });
  });

  it('answers', async () => {
    assert.match(await docker('version', '--format', '{{.Server.Version}}'), /^\d+\./);
  });

  for (const [image, version] of [
    [LAMBDA_PYTHON, '3.13'],
    [PYTHON_SLIM, '3.11'],
  ] as const) {
    it(`runs Python ${version} of ${image} without a network`, async () => {
      const python = ['--rm', ...WITHOUT_NETWORK, '--entrypoint', 'python', image, '--version'];
      assert.ok((await docker('run', ...python)).startsWith(`Python ${version}.`));
    });
  }

  /** Starts the container, has it answer, and returns what the function answered to an event and to one that fails. */
  async function answers(container: string) {
    await docker('start', container);
    const printed = await docker('exec', container, 'python', '-c', INVOKE, '{"a": 1}', '"fail"', '[2]');
    await docker('rm', '--force', container);
    return printed.split('\n').map((line) => JSON.parse(line));
  }

  it("starts AWS's runtime client through the emulator, with the entrypoint of the base", async () => {
    const container = await docker('create', ...WITHOUT_NETWORK, LAMBDA_PYTHON, 'app.handle');
    await docker('cp', path.join(folder, 'app.py'), `${container}:/var/task/`);
    const [first, failed, last] = await answers(container);
    assert.deepEqual(first.event, { a: 1 });
    assert.match(first.python, /^3\.13\./);
    assert.equal(first.execution, 'AWS_Lambda_python3.13');
    assert.ok(first.left > 0 && first.left <= 300_000, String(first.left));
    assert.equal(failed.errorType, 'ValueError');
    assert.equal(failed.errorMessage, 'as asked');
    assert.deepEqual(last.event, [2]);
    assert.notEqual(last.request, first.request);
  });

  it("starts AWS's runtime client on python-slim, which brings none", async () => {
    const entrypoint = ['--entrypoint', '/srv/aws-lambda-rie', '--env', 'PYTHONPATH=/srv/runtime-client-3.11'];
    const command = ['python', '-m', 'awslambdaric', 'app.handle'];
    const container = await docker(
      'create',
      ...WITHOUT_NETWORK,
      '--workdir',
      '/opt',
      ...entrypoint,
      PYTHON_SLIM,
      ...command,
    );
    await docker('cp', path.join(folder, 'app.py'), `${container}:/opt/`);
    await docker('cp', EMULATOR, `${container}:/srv/`);
    await docker('cp', RUNTIME_CLIENT, `${container}:/srv/`);
    const [first, failed] = await answers(container);
    assert.deepEqual(first.event, { a: 1 });
    assert.match(first.python, /^3\.11\./);
    assert.equal(first.execution, null);
    assert.equal(failed.errorType, 'ValueError');
  });

  it('pushes to a registry, and pulls by digest what it pushed', async () => {
    const registry = await startRegistry();
    const name = `${registry.address}/nimbus-test/small`;
    try {
      const id = await docker('import', small, `${name}:1`);
      const pushed = /digest: (sha256:[\da-f]{64})/.exec(await docker('push', `${name}:1`));
      assert.ok(pushed);
      const byDigest = `${name}@${pushed[1]}`;
      await docker('rmi', `${name}:1`);
      await assert.rejects(docker('image', 'inspect', byDigest), /No such image/);
      await docker('pull', '--quiet', byDigest);
      assert.equal(await docker('image', 'inspect', '--format', '{{.Id}}', byDigest), id);
      await docker('rmi', byDigest);
    } finally {
      await registry.end();
    }
  });

  it('can be another of its own, which comes back after a kill, and whose disk is full soon', async () => {
    const engine = new OwnEngine(32);
    try {
      await engine.start();
      // The one of the others keeps its network.
      await docker('run', '--rm', '--label', MARK, '--entrypoint', 'python', PYTHON_SLIM, '--version');
      const id = await docker('--host', engine.host, 'import', small, 'small');
      await engine.signal('SIGKILL');
      await assert.rejects(docker('--host', engine.host, 'ps'), /Cannot connect/);
      await engine.start();
      assert.equal(await docker('--host', engine.host, 'image', 'inspect', '--format', '{{.Id}}', 'small'), id);
      const large = path.join(folder, 'large.tar');
      writeFileSync(path.join(folder, 'large'), randomBytes(64 * 1024 * 1024));
      execFileSync('tar', ['--create', '--file', large, '-C', folder, 'large']);
      await assert.rejects(docker('--host', engine.host, 'import', large, 'large'), /no space left on device/);
    } finally {
      await engine.end();
    }
  });
});
