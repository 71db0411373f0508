/** AWS Lambda's limits, rehearsed: what breaks there breaks here, and says what to change. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Rehearsal } from '../../src/shared/states.ts';
import { post, untilGone } from '../host/support.ts';
import { ContainerProject } from './project.ts';
import { docker } from './support.ts';

/** Does what it is told, so that one image serves many tests. */
const HANDLER = `
import os, socket, sys, time

def load(path):
    return path

def files(place):
    try:
        with open(os.path.join(place, "file"), "wb") as file:
            file.write(b"x" * 1000)
        return "written"
    except OSError as error:
        return error.strerror

def predict(model, input):
    do, argument = input
    if do == "surroundings":
        return {
            "uid": os.getuid(), "cwd": os.getcwd(), "cpus": len(os.sched_getaffinity(0)),
            "threads": os.environ["OMP_NUM_THREADS"], "memory": os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"],
            "name": os.environ["AWS_LAMBDA_FUNCTION_NAME"], "handler": os.environ.get("_HANDLER"),
            "shm": os.path.exists("/dev/shm"), "offline": os.environ["HF_HUB_OFFLINE"], "model": os.listdir(model),
            "secret": os.environ.get("SECRET"), "shell": os.environ.get("NIMBUS_HOME"),
        }
    if do == "write":
        return files(argument)
    if do == "allocate":
        return len(b"x" * (argument << 20))
    if do == "sleep":
        print(f"sleeps {argument} s", flush=True)
        time.sleep(argument)
        return "slept"
    if do == "exit":
        os._exit(argument)
    if do == "print":
        sys.stderr.write("a line of the log\\n" * argument)
        return "printed"
    if do == "connect":
        try:
            socket.create_connection(("10.255.255.1", 9), timeout=0.3)
        except OSError as error:
            return type(error).__name__ + ": " + str(error)
    return "nothing"
`;

describe('a container worker', function () {
  this.timeout(120_000);
  let project: ContainerProject;
  let url: string;

  const ask = (what: string, argument: unknown = null) => post(`${url}/predict`, { input: [what, argument] });

  before(async () => {
    project = new ContainerProject({ NIMBUS_PAUSE_MS: '200', SECRET: 'a value', NIMBUS_CONTAINER_NETWORK: '0' });
    await project.connect();
    // Of its own: the same files are the same image, which is not gone while a name of another project is left.
    url = await project.deployImage('limits', `${HANDLER}\n# ${project.mark}\n`, {
      memoryMb: 256,
      // What is to be ended for another reason has to come to it, on a busy machine too.
      timeoutSeconds: 10,
      concurrency: 2,
      env: ['SECRET'],
    });
  });
  after(() => project.end());

  it('sees what a function of AWS Lambda sees', async () => {
    const { body } = await ask('surroundings');
    assert.deepEqual(body.result, {
      uid: 993,
      cwd: '/nimbus-function/limits',
      cpus: 1,
      threads: '1',
      memory: '256',
      name: 'nimbus-limits-docker',
      handler: null,
      shm: false,
      offline: '1',
      model: ['handler.py'],
      secret: 'a value',
      shell: null,
    });
  });

  it('writes to /tmp and nowhere else', async () => {
    assert.equal((await ask('write', '/tmp')).body.result, 'written');
    for (const place of ['/nimbus-function', '/nimbus-packages', '/home']) {
      assert.equal((await ask('write', place)).body.result, 'Read-only file system', place);
    }
  });

  it('is without a network where the setting says so', async () => {
    assert.match((await ask('connect')).body.result, /Network is unreachable/);
  });

  it('is ended above its memory, with what AWS Lambda would say, and the endpoint heals', async () => {
    const { status, body } = await ask('allocate', 600);
    assert.equal(status, 502);
    assert.equal(body.type, 'urn:nimbus:problem:out-of-memory');
    assert.match(body.detail, /more than 256 MB while it answered\. On AWS Lambda: Runtime\.ExitError/);
    assert.match(body.next, /memoryMb/);
    const next = await ask('surroundings');
    assert.equal(next.body.timings.start, 'cold');
  });

  it('is ended where it takes too long', async () => {
    const { status, body } = await ask('sleep', 60);
    assert.equal(status, 504);
    assert.match(body.detail, /within 10 s/);
    assert.equal((await ask('surroundings')).status, 200);
  });

  it('that exits is told with its status', async () => {
    const { status, body } = await ask('exit', 3);
    assert.equal(status, 502);
    assert.match(body.detail, /exit status 3 while it answered/);
  });

  it('that floods its log answers all the same', async () => {
    const { body } = await ask('print', 500_000);
    assert.equal(body.result, 'printed');
    assert.equal((await ask('surroundings')).body.timings.start, 'warm');
  });

  it('that another program killed fails clearly, and the endpoint heals', async () => {
    // Of a worker after a flood, lines are left out.
    await project.host.api.cold(project.key('limits'));
    const slow = ask('sleep', 9);
    const sleeps = async (): Promise<boolean> =>
      (await project.host.api.logs(project.key('limits'))).some(({ text }) => text === 'sleeps 9 s');
    while (!(await sleeps())) await new Promise((resolve) => setTimeout(resolve, 50));
    const [container] = await project.containers('limits');
    await docker('kill', container!);
    const { status, body } = await slow;
    assert.equal(status, 502);
    assert.match(body.detail, /container was killed by another program/);
    assert.equal((await ask('surroundings')).status, 200);
  });

  it('is paused when it has nothing to do, and still warm', async () => {
    await ask('surroundings');
    const paused = async (): Promise<boolean> => {
      const [container] = await project.containers('limits');
      return (await docker('inspect', '--format', '{{.State.Paused}}', container!)) === 'true';
    };
    while (!(await paused())) await new Promise((resolve) => setTimeout(resolve, 50));
    const { body } = await ask('surroundings');
    assert.equal(body.timings.start, 'warm');
  });

  it('leaves nothing behind on Force Cold', async () => {
    await ask('surroundings');
    await project.host.api.cold(project.key('limits'));
    assert.deepEqual(await project.containers('limits'), []);
  });

  it('of a host that was killed is removed by the next, and no other container is', async () => {
    const other = execFileSync(
      'docker',
      ['create', '--label', 'nimbus.deployment=limits/docker', 'nimbus-test/python:3.11-slim'],
      { encoding: 'utf8' },
    ).trim();
    try {
      await ask('surroundings');
      const { pid } = project.host.hello;
      process.kill(pid, 'SIGKILL');
      await untilGone(pid);
      assert.equal((await project.containers('limits')).length, 1);
      await project.connect();
      while ((await project.containers('limits')).length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
      await docker('inspect', other);
      url = `${project.host.hello.url}/limits/docker`;
    } finally {
      execFileSync('docker', ['rm', other]);
    }
  });

  it('whose image is gone says so', async () => {
    await project.host.api.cold(project.key('limits'));
    const { image } = (await project.untilState('limits', 'idle')) as { image?: { reference: string } };
    await docker('rmi', '--force', image!.reference);
    const { status, body } = await ask('surroundings');
    assert.equal(status, 502);
    assert.match(body.detail, /image of this version is gone/);
    assert.match(body.next, /[Rr]edeploy/);
  });
});

describe('a host that ends', function () {
  this.timeout(120_000);

  it('leaves no container, also of a worker that has just been told to end', async () => {
    const project = new ContainerProject();
    try {
      await project.connect();
      // A first deploy's worker ends with it.
      await project.deployImage('ending', HANDLER);
      const { pid } = project.host.hello;
      assert.ok((await project.host.api.shutdown()).ok);
      await untilGone(pid);
      const label = `label=nimbus.project=${project.mark}`;
      assert.equal(await docker('ps', '--all', '--quiet', '--filter', label), '');
      project.connection = undefined;
    } finally {
      await project.end();
    }
  });
});

describe('a container of a deployment that says how large /tmp is', function () {
  this.timeout(120_000);
  /** As large as the model says, which is more than the usual 512 MB. */
  const FILLS = `
import os

def load(path):
    with open("/tmp/file", "wb") as file:
        # Not while the build finds out what it can do without, as root.
        for _ in range(700 if os.getuid() else 0):
            file.write(bytes(2**20))

def predict(model, input):
    return os.path.getsize("/tmp/file") >> 20
`;
  let project: ContainerProject;

  before(async () => {
    project = new ContainerProject();
    await project.connect();
    project.write('fills', FILLS);
  });
  after(() => project.end());

  const ACCESS = { account: '0'.repeat(12), region: 'eu-west-1', variables: {} };
  /** Where it is only rehearsed AWS is not asked. */
  const plan = (target: 'docker' | 'lambda', ephemeralStorageMb?: number) => ({
    ...project.imagePlan('fills', { examples: [{ input: 1, expect: 700 }] }),
    deployment: target,
    deploymentSpec: {
      target,
      ...(target === 'lambda' ? { region: 'eu-west-1' } : {}),
      ...(ephemeralStorageMb === undefined ? {} : { ephemeralStorageMb }),
    },
  });

  it('is rehearsed with that, and without it with what a function has', async () => {
    const rehearsal = { kind: 'rehearse', rehearses: 'deploy', access: ACCESS, anyway: false } as const;
    const full = await project.execute({ ...plan('lambda'), ...rehearsal });
    assert.equal(full.state, 'failed');
    assert.match(full.error?.why ?? '', /No space left on device/);
    const larger = await project.execute({ ...plan('lambda', 1024), ...rehearsal });
    assert.equal(larger.state, 'succeeded', JSON.stringify(larger.error, undefined, 2));
  });

  it('is deployed only as it was rehearsed last: not as agreed to before, were the version the same', async () => {
    const rehearse = async (ephemeralStorageMb: number): Promise<Rehearsal> => {
      const rehearsal = { kind: 'rehearse', rehearses: 'deploy', access: ACCESS, anyway: false } as const;
      const done = await project.execute({ ...plan('lambda', ephemeralStorageMb), ...rehearsal });
      assert.equal(done.state, 'succeeded', JSON.stringify(done.error, undefined, 2));
      return done.result as Rehearsal;
    };
    const [agreed, last] = [await rehearse(1024), await rehearse(2048)];
    assert.equal(agreed.version, last.version);
    const { api } = project.host;
    const key = { model: 'fills', deployment: 'lambda' };
    assert.equal(await api.rehearsedPlan(key, agreed.id), undefined);
    assert.equal((await api.rehearsedPlan(key, last.id))?.deploymentSpec.ephemeralStorageMb, 2048);
    const cloud = {
      ...ACCESS,
      rehearsal: agreed.id,
      bootstrap: false,
      isCreate: true,
      isUpdate: false,
      isCodeOnly: false,
      replaceFailed: false,
    };
    const { state, error } = await project.execute({ ...plan('lambda', 1024), cloud });
    assert.deepEqual([state, error?.code], ['failed', 'not-rehearsed']);
  });

  it('answers with that in Docker too, and another size is of the next deploy', async () => {
    const deployed = await project.execute(plan('docker', 1024));
    assert.equal(deployed.state, 'succeeded', JSON.stringify(deployed.error, undefined, 2));
    assert.equal((await post(`${project.host.hello.url}/fills/docker/predict`, { input: 1 })).body.result, 700);
    const file = path.join(project.folder, 'models.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('1024', '2048'));
    const { error } = await project.untilState('fills', 'changed');
    assert.match(error!.what, /than what is deployed: ephemeralStorageMb\./);
  });
});

describe('a container whose initialisation is slow', function () {
  this.timeout(120_000);
  let project: ContainerProject;

  before(async () => {
    project = new ContainerProject();
    await project.connect();
  });
  after(() => project.end());

  it('is started again within the first request, as on AWS Lambda', async () => {
    const url = await project.deployImage(
      'slow',
      // Not while the build finds out what it can do without, as root.
      'import os, time\ndef load(path):\n    time.sleep(11 if os.getuid() else 0)\ndef predict(model, input):\n    return "loaded"\n',
      { timeoutSeconds: 29 },
    );
    const { body } = await post(`${url}/predict`, { input: 1 });
    assert.equal(body.result, 'loaded');
    const lines = await project.host.api.logs(project.key('slow'));
    assert.ok(
      lines.some(({ text }) => /not loaded within 10 s/.test(text)),
      JSON.stringify(lines),
    );
  });
});
