/** An image for processors that the engine has not, and what of a conda environment no image can have. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { prepareDeploy } from '../../src/core/deploy.ts';
import type { DeployPlan } from '../../src/core/targets/plan.ts';
import { post } from '../host/support.ts';
import { condaEnvironment } from '../unit/environment/python.ts';
import { ContainerProject } from './project.ts';
import { docker, LAMBDA_PYTHON, startRegistry, type Registry } from './support.ts';

/** Says that it is for arm64; its programs are this machine's, so that it runs without an emulator. */
const SAYS_ARM = 'says-arm64:3.13';
/** Its shell is of processors that are not here. */
const IS_ARM = 'is-arm64:3.13';

const HANDLER = `
def load(path):
    return None

def predict(model, input):
    return "answered"
`;

/** An ELF file for 64-bit ARM: a header alone, which is enough to be refused. */
function foreignProgram(): Buffer {
  const header = Buffer.alloc(64);
  header.write('\x7fELF', 'latin1');
  header.set([2, 1, 1], 4);
  header.writeUInt16LE(2, 16);
  header.writeUInt16LE(183, 18);
  header.writeUInt32LE(1, 20);
  return header;
}

describe('an image for other processors than the engine has', function () {
  this.timeout(180_000);
  let project: ContainerProject;
  let folder: string;
  let registry: Registry;

  before(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'nimbus-foreign-'));
    registry = await startRegistry();
    const settings = JSON.parse(await docker('image', 'inspect', '--format', '{{json .Config}}', LAMBDA_PYTHON)) as {
      Env: string[];
      Entrypoint: string[];
      WorkingDir: string;
    };
    const changes = [
      ...settings.Env.map((one) => `ENV ${one}`),
      `ENTRYPOINT ${JSON.stringify(settings.Entrypoint)}`,
      `WORKDIR ${settings.WorkingDir}`,
    ].flatMap((one) => ['--change', one]);
    const container = await docker('create', LAMBDA_PYTHON);
    const tar = path.join(folder, 'base.tar');
    await docker('export', '--output', tar, container);
    await docker('rm', container);
    // A builder takes an image of other processors than its own from a registry only.
    const publish = async (name: string): Promise<void> => {
      const reference = `${registry.address}/${name}`;
      await docker('import', '--platform', 'linux/arm64', ...changes, tar, reference);
      await docker('push', '--quiet', reference);
      await docker('image', 'rm', '--force', reference);
    };
    await publish(SAYS_ARM);
    writeFileSync(path.join(folder, 'dash'), foreignProgram(), { mode: 0o755 });
    execFileSync('tar', ['--delete', '--file', tar, 'usr/bin/dash']);
    execFileSync('tar', ['--append', '--file', tar, '-C', folder, '--transform', 's,^,usr/bin/,', 'dash']);
    await publish(IS_ARM);
    project = new ContainerProject();
    await project.connect();
  });
  after(async () => {
    await project?.end();
    await registry?.end();
    rmSync(folder, { recursive: true });
  });

  function plan(model: string, base: string): DeployPlan {
    project.write(model, HANDLER);
    project.settings = { baseImages: { '3.13': `${registry.address}/${base}` }, architecture: 'arm64' };
    return project.imagePlan(model, { pythonVersion: '3.13' });
  }

  it('is built for them, run, and said to be emulated', async () => {
    const operation = await project.execute(plan('arm', SAYS_ARM));
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error, undefined, 2));
    const image = await project.until(() => project.status('arm')?.image);
    assert.equal(image.platform, 'linux-arm64');
    assert.equal(image.isEmulated, true);
    assert.equal(await docker('image', 'inspect', '--format', '{{.Architecture}}', image.id), 'arm64');
    assert.equal((await post(`${project.host.hello.url}/arm/docker/predict`, { input: 1 })).body.result, 'answered');
  });

  it('that the engine cannot run says how it could', async () => {
    const { state, error } = await project.execute(plan('foreign', IS_ARM));
    assert.equal(state, 'failed');
    assert.equal(error?.code, 'image-emulation', JSON.stringify(error, undefined, 2));
    assert.match(error.next ?? '', /NIMBUS_ARCHITECTURE.*binfmt/);
  });

  it('are those that models.json says of the deployment, over the setting, and another is of the next deploy', async () => {
    const declare = (deployments: object): void => {
      const models = { stated: { path: 'models/stated', framework: 'custom', pythonVersion: '3.13', deployments } };
      writeFileSync(path.join(project.folder, 'models.json'), JSON.stringify({ version: 1, models }));
    };
    const of = (architecture: string) => ({ docker: { target: 'docker', architecture } });
    const { environment, image } = plan('stated', SAYS_ARM);
    declare(of('arm64'));
    const prepared = await prepareDeploy({
      project: project.folder,
      path: path.join(project.folder, 'models/stated'),
      target: 'docker',
      interpreter: environment.kind === 'use' ? environment.python : '',
      image: { ...image!.settings, architecture: 'x86_64' },
      packages: image!.packages,
      trustedProject: true,
    });
    assert.ok(prepared.ok, JSON.stringify(prepared));
    const operation = await project.execute(prepared.value.plan({}));
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error, undefined, 2));
    assert.equal((await project.until(() => project.status('stated')?.image)).platform, 'linux-arm64');
    declare(of('x86_64'));
    const { error } = await project.untilState('stated', 'changed');
    assert.match(error!.what, /than what is deployed: architecture\./);
    declare({ docker: { target: 'docker' } });
    await project.until(() => project.status('stated')?.state !== 'changed');
  });

  it('that AWS Lambda has not is refused', () => {
    project.settings = { ...project.settings, architecture: 'riscv64' };
    assert.throws(() => project.imagePlan('none', { pythonVersion: '3.13' }), /image-architecture.*riscv64/s);
  });

  it('is refused what of the conda environment no package index has, and says what', async () => {
    const prefix = path.join(folder, 'training');
    await condaEnvironment(prefix, path.join(folder, 'my-channel'));
    const { environment, ...rest } = plan('conda', SAYS_ARM);
    assert.ok(environment.kind === 'use');
    execFileSync(environment.python, ['-I', '-m', 'venv', '--without-pip', prefix]);
    const python = path.join(prefix, 'bin/python');
    const { state, error } = await project.execute({ ...rest, environment: { ...environment, python } });
    assert.equal(state, 'failed');
    assert.equal(error?.code, 'image-conda', JSON.stringify(error, undefined, 2));
    assert.match(error.what, /graphviz 9\.0\.0 \(my-channel\)/);
    assert.match(error.next ?? '', /--python/);
  });
});
