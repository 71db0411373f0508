/** A folder that builds the image of a deployment without Nimbus: built by the docker command, it answers the same. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { READING_LABEL, READING_MARK } from '../../src/core/image/file-in.ts';
import { ofThisMachine } from '../../src/core/machine.ts';
import type { EjectPlan } from '../../src/core/targets/plan.ts';
import type { EjectedFolder, Operation } from '../../src/shared/states.ts';
import { post, SAMPLES } from '../host/support.ts';
import { ContainerProject } from './project.ts';
import { docker, EMULATOR } from './support.ts';

const execute = promisify(execFile);
/** The one of the engine's own package: others may come without BuildKit. */
const DOCKER = existsSync('/usr/bin/docker') ? '/usr/bin/docker' : 'docker';
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
const PASSWORD = 'a-password-of-an-index';
/** Run in a container: invokes the function with what is on standard input. */
const INVOKE = `
import sys, time, urllib.error, urllib.request
event = sys.stdin.buffer.read()
while True:
    try:
        print(urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:8080/2015-03-31/functions/function/invocations", event), timeout=60).read().decode())
        break
    except urllib.error.URLError as error:
        if not isinstance(error.reason, ConnectionRefusedError):
            raise
        time.sleep(0.05)
`;
const NEEDS_MODULES = `
import os
import joblib
import words

def load(path):
    return open("text.txt").read()

def predict(model, input):
    return words.join(model, input, joblib.__version__)
`;

describe('ejecting an image', function () {
  this.timeout(240_000);
  const tags: string[] = [];
  let project: ContainerProject;

  before(async () => {
    project = new ContainerProject({ SECRET: PASSWORD });
    await project.connect();
    mkdirSync(path.join(project.folder, 'models'));
    cpSync(path.join(SAMPLES, 'sentiment.joblib'), path.join(project.folder, 'models/sentiment.joblib'));
    const sentiment = { path: 'models/sentiment.joblib', framework: 'sklearn', pythonVersion: '3.13' } as const;
    const examples = [{ input: 'I loved the food' }];
    await deploy(project.imagePlan('sentiment', { ...sentiment, examples }, ['scikit-learn==1.9.1']));
    writeFileSync(path.join(project.folder, 'words.py'), 'def join(*parts):\n    return " ".join(map(str, parts))\n');
    project.write('texts', NEEDS_MODULES, { 'text.txt': 'from a file', 'a file with spaces, ü.txt': 'text' });
    await deploy(project.imagePlan('texts', { env: ['SECRET'], examples: [{ input: 'x' }] }, ['joblib==1.6.0']));
  });
  after(async () => {
    const own = await docker('image', 'ls', '--quiet', project.repository);
    await project?.end();
    tags.push(...own.split('\n').filter(Boolean));
    if (tags.length > 0) await docker('image', 'rm', '--force', ...tags);
  });

  async function deploy(plan: ReturnType<ContainerProject['imagePlan']>): Promise<void> {
    const operation = await project.execute(plan);
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error, undefined, 2));
    await project.until(() => project.status(plan.model)?.image);
  }

  const target = (name: string): string => path.join(project.home, 'ejected', name);

  async function eject(model: string, folder: string, more: Partial<EjectPlan> = {}): Promise<Operation> {
    return project.execute({
      kind: 'eject',
      project: project.folder,
      model,
      deployment: 'docker',
      folder,
      settings: project.settings,
      packages: { caCertificates: CERTIFICATES },
      ...more,
    });
  }

  async function ejected(model: string, folder: string, more: Partial<EjectPlan> = {}): Promise<EjectedFolder> {
    const operation = await eject(model, folder, more);
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error, undefined, 2));
    return operation.result as EjectedFolder;
  }

  /** Builds as the README says, and answers with the image's name. */
  async function build(folder: string): Promise<string> {
    const tag = `nimbus-test/ejected:${randomUUID()}`;
    tags.push(tag);
    const env = { ...process.env, DOCKER_BUILDKIT: '1', BUILDKIT_PROGRESS: 'plain' };
    await execute(DOCKER, ['build', '--platform', 'linux/amd64', '--tag', tag, '.'], { cwd: folder, env });
    return tag;
  }

  /** What the function in a container answers to the event of the folder. */
  async function answer(
    image: string,
    folder: string,
    ...emulator: string[]
  ): Promise<{ statusCode: number; result: unknown }> {
    const [entrypoint, ...command] = emulator;
    const container = await docker(
      'run',
      '--detach',
      '--network=none',
      '--read-only',
      '--tmpfs=/tmp',
      ...(entrypoint === undefined ? [] : [`--volume=${EMULATOR}:${entrypoint}:ro`, `--entrypoint=${entrypoint}`]),
      image,
      ...command,
    );
    try {
      const asked = execute('docker', ['exec', '--interactive', container, 'python3', '-c', INVOKE]);
      asked.child.stdin!.end(readFileSync(path.join(folder, 'event.json')));
      const { statusCode, body } = JSON.parse((await asked).stdout) as { statusCode: number; body: string };
      return { statusCode, result: (JSON.parse(body) as { result: unknown }).result };
    } finally {
      await docker('rm', '--force', container);
    }
  }

  const layers = async (image: string): Promise<string[]> =>
    JSON.parse(await docker('image', 'inspect', '--format', '{{json .RootFS.Layers}}', image)) as string[];

  it('gives a folder that docker build makes the same packages and runtime of, and that answers as the deployed one', async () => {
    const folder = target('sentiment');
    const { files } = await ejected('sentiment', folder);
    assert.deepEqual(
      files.filter((file) => !file.includes('/')),
      ['.dockerignore', 'Dockerfile', 'README.md', 'event.json'],
    );
    const tag = await build(folder);
    const deployed = await layers(project.status('sentiment')!.image!.id);
    // The last layers are those of the model and of the folder that it runs in: they have the times of their files.
    const built = await layers(tag);
    assert.equal(built.length, deployed.length);
    const same = built.filter((layer, at) => layer === deployed[at]).length;
    assert.ok(built.length - same <= 2, `${same} of ${built.length}`);
    const expected = await post(`${project.host.hello.url}/sentiment/docker/predict`, { input: 'I loved the food' });
    assert.deepEqual(await answer(tag, folder), { statusCode: 200, result: expected.body.result });
  });

  it('has the modules of the project and what the model reads, on a base without an emulator too', async () => {
    const folder = target('texts');
    await ejected('texts', folder);
    const tag = await build(folder);
    const readme = readFileSync(path.join(folder, 'README.md'), 'utf8');
    const [, command] = /--entrypoint \/aws-lambda-rie \\\n\s+texts (.*)\n/.exec(readme)!;
    const found = await answer(tag, folder, '/aws-lambda-rie', ...command!.split(' '));
    assert.deepEqual(found, { statusCode: 200, result: 'from a file x 1.6.0' });
  });

  it('can be read by any user, and holds no value and no password', async () => {
    const folder = target('secrets');
    const { remarks } = await ejected('texts', folder, {
      packages: {
        caCertificates: CERTIFICATES,
        indexUrl: `https://user:${PASSWORD}@index.example/simple`,
        // pip takes one without a scheme.
        proxy: `user:${PASSWORD}@proxy.example:3128`,
      },
    });
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      const facts = statSync(path.join(folder, name));
      assert.equal(facts.mode & 0o777, facts.isDirectory() ? 0o755 : 0o644, name);
      if (facts.isFile()) assert.ok(!readFileSync(path.join(folder, name)).includes(PASSWORD), name);
      assert.ok(!name.includes('__pycache__'), name);
    }
    assert.match(
      readFileSync(path.join(folder, 'build/pip.conf'), 'utf8'),
      /index-url = https:\/\/index\.example\/simple/,
    );
    assert.equal(remarks.length, 2);
    assert.match(readFileSync(path.join(folder, 'build/pip.conf'), 'utf8'), /^proxy = proxy\.example:3128$/m);
    assert.match(readFileSync(path.join(folder, 'README.md'), 'utf8'), /SECRET/);
  });

  it('takes an empty folder, and none with files in it', async () => {
    const folder = target('taken');
    mkdirSync(folder, { recursive: true });
    const { ino } = statSync(folder);
    await ejected('texts', folder);
    // Whoever stands in it still does.
    assert.equal(statSync(folder).ino, ino);
    const before = readdirSync(folder);
    assert.deepEqual(
      before.filter((name) => name.includes('nimbus')),
      [],
    );
    const linked = target('linked');
    mkdirSync(target('elsewhere'));
    symlinkSync(target('elsewhere'), linked);
    await ejected('texts', linked);
    assert.deepEqual(readdirSync(target('elsewhere')), before);
    const { error } = await eject('texts', folder);
    assert.equal(error?.code, 'eject-not-empty');
    assert.deepEqual(readdirSync(folder), before);
    const file = target('a-file');
    writeFileSync(file, 'text');
    assert.equal((await eject('texts', file)).error?.code, 'eject-not-empty');
    assert.equal(readFileSync(file, 'utf8'), 'text');
  });

  it('goes to no folder of the model itself', async () => {
    const model = path.join(project.folder, project.plan('texts').spec.path);
    const linked = path.join(project.home, 'model');
    symlinkSync(model, linked);
    for (const folder of [path.join(model, 'ejected'), path.join(model, '..ejected'), path.join(linked, 'ejected')]) {
      const { error } = await eject('texts', folder);
      assert.equal(error?.code, 'eject-inside-model', folder);
    }
  });

  it('that is cancelled or fails leaves nothing', async () => {
    const folder = target('cancelled');
    const started = await project.host.api.execute({
      kind: 'eject',
      project: project.folder,
      model: 'sentiment',
      deployment: 'docker',
      folder,
      settings: {},
      packages: {},
    });
    assert.ok(started.ok);
    await project.host.api.cancel(started.value.id);
    const ended = await project.until(() => {
      const operation = project.operations.get(started.value.id);
      return operation?.state !== 'running' && operation;
    });
    assert.equal(ended.state, 'cancelled');
    const failed = await eject('sentiment', target('failed'), { packages: { caCertificates: '/nowhere.pem' } });
    assert.equal(failed.error?.code, 'certificates-unreadable');
    const left = readdirSync(path.dirname(folder)).filter((name) => /cancelled|failed/.test(name));
    assert.deepEqual(left, []);
    const reading = `label=${READING_LABEL}=${ofThisMachine(READING_MARK)}`;
    const containers = await docker('ps', '--all', '--quiet', '--filter', reading);
    assert.equal(containers, '');
  });

  it('refuses where the lock is another one by now, and where the image is gone', async () => {
    const lock = path.join(project.folder, 'models/sentiment.joblib.nimbus.lock');
    const text = readFileSync(lock, 'utf8');
    rmSync(lock);
    assert.equal((await eject('sentiment', target('unlocked'))).error?.code, 'lock-changed');
    writeFileSync(lock, text);
    // A container holds the image of a worker.
    await project.host.api.stop(project.key('sentiment'));
    await project.until(() => project.status('sentiment')?.workers === 0);
    for (const container of await project.containers('sentiment')) await docker('rm', '--force', container);
    await docker('image', 'rm', '--force', project.status('sentiment')!.image!.id);
    const { error } = await eject('sentiment', target('gone'));
    assert.equal(error?.code, 'image-gone');
    assert.ok(!existsSync(target('gone')));
  });
});
