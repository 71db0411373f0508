/** Builds that fail or are cancelled say what to do, and leave nothing behind. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import path from 'node:path';
import { writeLock } from '../../src/core/environment/lock.ts';
import type { ImageSettings } from '../../src/core/image/settings.ts';
import type { PackageSettings } from '../../src/core/environment/packages.ts';
import type { DeployPlan } from '../../src/core/targets/plan.ts';
import type { Operation } from '../../src/shared/states.ts';
import { post } from '../host/support.ts';
import { OwnEngine } from './own-engine.ts';
import { ContainerProject } from './project.ts';
import { docker, LAMBDA_PYTHON } from './support.ts';

const HANDLER = `
def load(path):
    return None

def predict(model, input):
    return "answered"
`;

/** An index of packages that takes connections and never answers, as behind a firewall. */
class SilentIndex {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server = createServer((socket) => {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
  });

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as { port: number }).port}/simple`;
  }

  /** Once somebody asks it. */
  async asked(): Promise<void> {
    if (this.#sockets.size === 0) await once(this.#server, 'connection');
  }

  /** Once nobody asks it any more. */
  async left(): Promise<void> {
    await Promise.all(
      [...this.#sockets].map(async (one) => void (one.destroyed || (await once(one.resume(), 'close')))),
    );
  }

  end(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

describe('a build', function () {
  this.timeout(180_000);
  let project: ContainerProject;
  let index: SilentIndex;

  before(async () => {
    index = await new SilentIndex().start();
    project = new ContainerProject();
    // The silent index is this machine's.
    project.settings = { ...project.settings, network: 'host' };
    await project.connect();
  });
  after(async () => {
    await project?.end();
    index.end();
  });

  /** What to deploy, its lock made already of one package that no index has. */
  async function locked(
    model: string,
    packages: PackageSettings = {},
    name = 'nimbus-nowhere',
    version = '1.0',
  ): Promise<DeployPlan> {
    project.write(model, HANDLER);
    const requirements = [`${name}==${version}`];
    const plan = project.imagePlan(model, { pythonVersion: '3.13' }, requirements, {
      packages: { ...packages, ...('caCertificates' in packages ? {} : plainly()) },
    });
    const hashes = [`sha256:${'0'.repeat(64)}`];
    const made = await writeLock(
      plan.image!.lockFile,
      [
        {
          platform: 'linux-x86_64',
          python: '3.13',
          requires: requirements,
          torchCpu: false,
          pins: [{ name, version, marker: '', hashes }],
        },
      ],
      { replace: true },
    );
    assert.ok(made.ok);
    return plan;
  }

  /** Where the network of these tests looks into TLS. */
  const plainly = (): PackageSettings => ({ caCertificates: '/etc/ssl/certs/ca-certificates.crt' });

  async function imagesOf(model: string): Promise<string[]> {
    const printed = await docker('image', 'ls', '--format', '{{.Repository}}:{{.Tag}}');
    return printed.split('\n').filter((one) => one.startsWith('nimbus/') && one.includes(`:${model}.docker.`));
  }

  /** Neither an image, a container, a declaration nor a route is left of it. */
  async function nothingIsLeft(model: string): Promise<void> {
    assert.deepEqual(await imagesOf(model), []);
    const label = `label=nimbus.deployment=${model}/docker`;
    assert.equal(await docker('ps', '--all', '--quiet', '--filter', label), '');
    const file = path.join(project.folder, 'models.json');
    assert.ok(!existsSync(file) || !readFileSync(file, 'utf8').includes(`"${model}"`));
    assert.equal((await post(`${project.host.hello.url}/${model}/docker/predict`, { input: 1 })).status, 404);
  }

  async function fails(plan: DeployPlan, code: string): Promise<NonNullable<Operation['error']>> {
    const { state, error } = await project.execute(plan);
    assert.equal(state, 'failed');
    assert.equal(error?.code, code, JSON.stringify(error, undefined, 2));
    await nothingIsLeft(plan.model);
    return error;
  }

  it('of a package that has no wheel says what to change', async () => {
    const error = await fails(await locked('wheelless', {}, 'six'), 'image-no-wheel');
    assert.match(error.why ?? '', /six==1\.0/);
    assert.match(error.next ?? '', /pythonVersion/);
  });

  it('of a package that has only its source says how to allow that, and has it where it is', async () => {
    const plan = (settings: ImageSettings): DeployPlan => {
      project.write('sourced', `import docopt\n${HANDLER}`);
      return project.imagePlan('sourced', {}, ['docopt==0.6.2'], { settings: { ...project.settings, ...settings } });
    };
    const error = await fails(plan({}), 'environment-no-package');
    assert.match(error.why ?? '', /docopt/);
    assert.match(error.next ?? '', /NIMBUS_ALLOW_COMPILER/);
    const { state, error: problem } = await project.execute(plan({ allowCompiler: true }));
    assert.equal(state, 'succeeded', JSON.stringify(problem, undefined, 2));
    const answer = await post(`${project.host.hello.url}/sourced/docker/predict`, { input: 1 });
    assert.equal(answer.body.result, 'answered');
    await project.execute({ kind: 'remove', ...project.key('sourced'), project: project.folder, dropModel: true });
  });

  it('whose package is not the one that was locked says so', async () => {
    const error = await fails(await locked('hashes', {}, 'six', '1.17.0'), 'image-hashes');
    assert.match(error.next ?? '', /nimbus lock/);
  });

  it('that cannot reach its index says which setting is for that', async () => {
    const error = await fails(await locked('unreachable', { indexUrl: 'http://127.0.0.1:9/simple' }), 'image-network');
    assert.match(error.why ?? '', /127\.0\.0\.1/);
    assert.match(error.next ?? '', /NIMBUS_INDEX_URL/);
  });

  it('behind a proxy that is not there says which setting is for that', async () => {
    const error = await fails(await locked('proxied', { proxy: 'http://127.0.0.1:9' }), 'image-network');
    assert.match(error.next ?? '', /NIMBUS_PROXY/);
  });

  it('on a base that is nowhere says which settings name another', async () => {
    project.write('baseless', HANDLER);
    const settings = { ...project.settings, baseImages: { '3.13': '127.0.0.1:9/nowhere:1' } };
    const plan = project.imagePlan('baseless', { pythonVersion: '3.13' });
    const error = await fails(
      {
        ...plan,
        image: { ...plan.image!, settings, base: { ...plan.image!.base, reference: '127.0.0.1:9/nowhere:1' } },
      },
      'image-base-missing',
    );
    assert.match(error.next ?? '', /NIMBUS_BASE_IMAGES/);
  });

  it('with CUDA packages is refused before anything is built', async () => {
    const error = await fails(await locked('cuda', {}, 'nvidia-cublas-cu12'), 'image-cuda');
    assert.match(error.next ?? '', /NIMBUS_ALLOW_CUDA/);
  });

  /** Cancels once `reached`, and answers when all of it has ended. */
  async function cancelWhen(plan: DeployPlan, reached: (operation: Operation) => Promise<void>): Promise<void> {
    const started = await project.host.api.execute(plan);
    assert.ok(started.ok, JSON.stringify(started));
    const { id } = started.value;
    await reached(started.value);
    await project.host.api.cancel(id);
    const ended = await project.until(() => {
      const operation = project.operations.get(id);
      return operation && operation.state !== 'running' ? operation : undefined;
    });
    assert.equal(ended.state, 'cancelled', JSON.stringify(ended, undefined, 2));
    await nothingIsLeft(plan.model);
  }

  /** Resolves once the operation is in a stage. */
  const inStage = (name: string) => (started: Operation) =>
    project.until(() => {
      const { stages = [] } = project.operations.get(started.id) ?? {};
      return stages.some((one) => one.name === name && one.state === 'running');
    }) as unknown as Promise<void>;

  it('is cancelled while it makes the lock', async () => {
    project.write('unlocked', HANDLER);
    const plan = project.imagePlan('unlocked', { pythonVersion: '3.13' }, ['nimbus-nowhere'], {
      packages: { indexUrl: index.url },
    });
    await cancelWhen(plan, () => index.asked());
    assert.ok(!existsSync(plan.image!.lockFile));
  });

  it('is cancelled while it installs packages, and the installer ends', async () => {
    const silent = await new SilentIndex().start();
    try {
      await cancelWhen(await locked('installing', { indexUrl: silent.url }), () => silent.asked());
      await silent.left();
    } finally {
      silent.end();
    }
  });

  it('is cancelled while its container starts, and while it answers its example', async () => {
    // Not while the build finds out what it can do without, as root.
    const hang = 'import os, time\n    time.sleep(60 if os.getuid() else 0)';
    project.write('starting', HANDLER.replace('return None', hang));
    await cancelWhen(project.imagePlan('starting', { pythonVersion: '3.13' }), inStage('start'));
    project.write('answering', HANDLER.replace('return "answered"', hang));
    const spec = { pythonVersion: '3.13', timeoutSeconds: 90, examples: [{ input: 1 }] };
    await cancelWhen(project.imagePlan('answering', spec), inStage('first answer'));
  });

  it('takes a model whatever its path is called', async () => {
    const folder = path.join(project.folder, "models/Größe & Co's (1) $HOME 模型");
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'handler.py'), HANDLER.replace('return None', 'return open(path + "/a b").read()'));
    writeFileSync(path.join(folder, 'a b'), 'weights');
    const spec = { path: path.relative(project.folder, folder), pythonVersion: '3.13' };
    const operation = await project.execute(project.imagePlan('named', spec));
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error, undefined, 2));
    const { body } = await post(`${project.host.hello.url}/named/docker/predict`, { input: 1 });
    assert.equal(body.result, 'answered', JSON.stringify(body));
  });

  it('of one model runs twice at once, for two deployments', async () => {
    project.write('twice', HANDLER);
    const plan = project.imagePlan('twice', { pythonVersion: '3.13' });
    const both = await Promise.all([
      project.execute({ ...plan, deployment: 'one' }),
      project.execute({ ...plan, deployment: 'two' }),
    ]);
    assert.deepEqual(
      both.map(({ state }) => state),
      ['succeeded', 'succeeded'],
      JSON.stringify(both.map(({ error }) => error)),
    );
    for (const deployment of ['one', 'two']) {
      assert.equal(
        (await post(`${project.host.hello.url}/twice/${deployment}/predict`, { input: 1 })).body.result,
        'answered',
      );
    }
  });

  it('for one deployment is refused while another runs', async () => {
    const silent = await new SilentIndex().start();
    try {
      const plan = await locked('busy', { indexUrl: silent.url });
      await cancelWhen(plan, async () => {
        await silent.asked();
        const second = await project.host.api.execute(plan);
        assert.equal(second.ok, false);
        assert.equal(!second.ok && second.error.code, 'operation-running');
      });
    } finally {
      silent.end();
    }
  });
});

describe('a build on an engine of its own', function () {
  this.timeout(240_000);

  async function onEngine(
    diskMb: number | undefined,
    test: (project: ContainerProject, engine: OwnEngine) => Promise<void>,
  ) {
    const engine = new OwnEngine(diskMb);
    let project: ContainerProject | undefined;
    try {
      await engine.start();
      engine.load(LAMBDA_PYTHON);
      project = new ContainerProject({ DOCKER_HOST: engine.host, NIMBUS_CONTAINER_NETWORK: '0' });
      project.settings = { ...project.settings, network: 'host' };
      await project.connect();
      await test(project, engine);
    } finally {
      await project?.end();
      await engine.end();
    }
  }

  it('whose disk is full says so, and leaves no image', async () => {
    await onEngine(420, async (project, engine) => {
      const folder = project.write('large', HANDLER);
      writeFileSync(path.join(folder, 'weights'), randomBytes(160 << 20));
      const { state, error } = await project.execute(project.imagePlan('large', { pythonVersion: '3.13' }));
      assert.equal(state, 'failed');
      assert.equal(error?.code, 'image-disk-full', JSON.stringify(error, undefined, 2));
      const left = await docker('--host', engine.host, 'image', 'ls', '--format', '{{.Repository}}');
      assert.deepEqual(left.split('\n'), [LAMBDA_PYTHON.split(':')[0]]);
    });
  });

  it('that is killed in the middle of it fails with what to do, and builds once it is back', async () => {
    await onEngine(undefined, async (project, engine) => {
      const folder = project.write('interrupted', HANDLER);
      writeFileSync(path.join(folder, 'weights'), randomBytes(160 << 20));
      const plan = project.imagePlan('interrupted', { pythonVersion: '3.13' });
      const started = await project.host.api.execute(plan);
      assert.ok(started.ok);
      await project.until(() => {
        const stage = project.operations.get(started.value.id)?.stages.find(({ name }) => name === 'image');
        return stage?.detail !== undefined;
      });
      await engine.signal('SIGKILL');
      const ended = await project.until(() => {
        const operation = project.operations.get(started.value.id);
        return operation && operation.state !== 'running' ? operation : undefined;
      });
      assert.equal(ended.state, 'failed');
      assert.equal(ended.error?.code, 'engine-missing', JSON.stringify(ended.error, undefined, 2));
      await engine.start();
      const again = await project.execute(plan);
      assert.equal(again.state, 'succeeded', JSON.stringify(again.error, undefined, 2));
    });
  });
});
