/** An image in a real registry: pushed, pulled back by its digest, and what is said where that fails. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { PushPlan } from '../../src/core/targets/plan.ts';
import type { UserError } from '../../src/shared/outcome.ts';
import type { Operation, PushedImage } from '../../src/shared/states.ts';
import { post } from '../host/support.ts';
import { ContainerProject } from './project.ts';
import { docker, REGISTRY_USER, startRegistry, type Registry, type RegistryOptions } from './support.ts';

const ANSWERS = (answer: string): string => `
def load(path):
    return None

def predict(model, input):
    return ${JSON.stringify(answer)}
`;
const PLAIN = 'application/vnd.docker.distribution.manifest.v2+json';
const EVERY_KIND = [
  PLAIN,
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ');
/** Of the bridge that an engine makes: no loopback address, and there wherever an engine is. */
const bridge = async (): Promise<string> =>
  docker('network', 'inspect', 'bridge', '--format', '{{(index .IPAM.Config 0).Gateway}}');

describe('pushing an image', function () {
  this.timeout(180_000);
  let project: ContainerProject;
  let registry: Registry;
  let config: string;
  let url: string;
  const registries: Registry[] = [];

  before(async () => {
    config = mkdtempSync(path.join(os.tmpdir(), 'nimbus-config-'));
    registry = await startRegistry();
    project = new ContainerProject({ DOCKER_CONFIG: config, PATH: `${config}:${process.env['PATH']}` });
    await project.connect();
    url = await project.deployImage('greeter', ANSWERS('first'), { pythonVersion: '3.13' });
  });
  after(async () => {
    await project?.end();
    await docker('image', 'rm', image().reference);
    await registry?.end();
    rmSync(config, { recursive: true, force: true });
  });
  afterEach(async () => {
    await Promise.all(registries.splice(0).map((one) => one.end()));
    rmSync(path.join(config, 'config.json'), { force: true });
  });

  async function another(options: RegistryOptions): Promise<Registry> {
    const made = await startRegistry(options);
    registries.push(made);
    return made;
  }

  const plan = (to: string): PushPlan => ({
    kind: 'push',
    project: project.folder,
    model: 'greeter',
    deployment: 'docker',
    to,
  });

  async function push(to: string): Promise<Operation> {
    return project.execute(plan(to));
  }

  async function pushed(to: string): Promise<PushedImage> {
    const operation = await push(to);
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error, undefined, 2));
    return operation.result as PushedImage;
  }

  async function failed(to: string): Promise<UserError> {
    const { state, error } = await push(to);
    assert.equal(state, 'failed');
    assert.ok(error?.next, JSON.stringify(error));
    // The names that a push needs are its own.
    assert.equal(await docker('image', 'ls', '--quiet', to), '');
    return error;
  }

  function logIn(address: string, password: string): void {
    const auth = Buffer.from(`${REGISTRY_USER.username}:${password}`).toString('base64');
    writeFileSync(path.join(config, 'config.json'), JSON.stringify({ auths: { [address]: { auth } } }));
  }

  function everyLog(): string {
    const logs = path.join(project.home, 'logs');
    const files = readdirSync(logs, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.log'));
    return files.map((name) => readFileSync(path.join(logs, name), 'utf8')).join('\n');
  }

  const image = () => project.status('greeter')!.image!;

  it('gives a plain manifest, under the version, and is kept', async () => {
    await project.until(() => project.status('greeter')?.image);
    const result = await pushed(`${registry.address}/team/greeter`);
    const { version } = project.status('greeter')!;
    assert.equal(result.tag, `${registry.address}/team/greeter:${version.slice(0, 12)}`);
    const [, digest] = result.reference.split('@');
    const answer = await fetch(`http://${registry.address}/v2/team/greeter/manifests/${version.slice(0, 12)}`, {
      headers: { Accept: EVERY_KIND },
    });
    assert.equal(answer.headers.get('content-type'), PLAIN);
    assert.equal(answer.headers.get('docker-content-digest'), digest);
    const manifest = (await answer.json()) as { config: { digest: string }; layers: unknown[] };
    assert.equal(manifest.config.digest, image().id);
    assert.equal(manifest.layers.length, result.layers);
    assert.equal(result.sentLayers, result.layers);
    await project.until(() => project.status('greeter')?.pushed?.reference === result.reference);
    const state = readFileSync(path.join(project.folder, '.nimbus/state.json'), 'utf8');
    assert.ok(state.includes(result.reference));
    assert.equal(await docker('image', 'ls', '--quiet', result.tag), '');
  });

  it('can be pulled back by its digest, is the same image, and answers', async () => {
    const { reference } = await pushed(`${registry.address}/team/greeter:back`);
    const { id, reference: local } = image();
    await project.host.api.stop(project.key('greeter'));
    await project.until(() => project.status('greeter')?.workers === 0);
    await docker('image', 'rm', local);
    await assert.rejects(docker('image', 'inspect', id));
    await docker('pull', '--quiet', reference);
    try {
      assert.equal(await docker('image', 'inspect', '--format', '{{.Id}}', reference), id);
      // A container runs the image that was deployed, whatever its name.
      await project.host.api.start(project.key('greeter'));
      assert.equal((await post(`${url}/predict`, { input: 1 })).body.result, 'first');
      await docker('tag', reference, local);
    } finally {
      await docker('image', 'rm', reference);
    }
  });

  it('gives a name that the user had on the engine back', async () => {
    const name = `${registry.address}/mine/greeter:own`;
    await docker('tag', 'nimbus-test/python:3.11-slim', name);
    const own = await docker('image', 'inspect', '--format', '{{.Id}}', name);
    await pushed(name);
    assert.equal(await docker('image', 'inspect', '--format', '{{.Id}}', name), own);
    assert.equal(await docker('image', 'inspect', '--format', '{{.RepoDigests}}', image().id), '[]');
    await docker('image', 'rm', name);
  });

  it('sends one layer of a model that was trained again', async () => {
    const before = await pushed(`${registry.address}/team/greeter`);
    project.write('greeter', ANSWERS('second'));
    await project.until(() => image().id !== before.image);
    const after = await pushed(`${registry.address}/team/greeter`);
    assert.equal(after.layers, before.layers);
    assert.equal(after.sentLayers, 1);
    assert.ok(after.sentBytes < 100_000, String(after.sentBytes));
    assert.notEqual(after.reference, before.reference);
  });

  it('to a name that another push has at the moment waits for nobody, and sends no other image', async () => {
    await project.deployImage('second', ANSWERS('of another model'), { pythonVersion: '3.13' });
    const to = `${registry.address}/team/shared:tag`;
    const both = await Promise.all([push(to), project.execute({ ...plan(to), model: 'second' })]);
    for (const { state, model, result, error } of both) {
      if (state === 'failed') {
        assert.equal(error!.code, 'operation-running');
        continue;
      }
      const { reference } = result as PushedImage;
      const answer = await fetch(`http://${registry.address}/v2/team/shared/manifests/${reference.split('@')[1]}`, {
        headers: { Accept: PLAIN },
      });
      const { config } = (await answer.json()) as { config: { digest: string } };
      assert.equal(config.digest, project.status(model)!.image!.id, model);
    }
    assert.equal(await docker('image', 'ls', '--quiet', to), '');
    await docker('image', 'rm', '--force', project.status('second')!.image!.reference);
  });

  it('stays known as of an older version once there is a new one', async () => {
    const { at } = await pushed(`${registry.address}/team/greeter`);
    const before = await project.until(() => {
      const known = project.status('greeter')!.pushed;
      return known?.at === at && known;
    });
    project.write('greeter', ANSWERS('third'));
    await project.until(() => image().id !== before.image);
    assert.deepEqual(project.status('greeter')?.pushed, before);
  });

  it('takes the credentials that docker login keeps, and writes them nowhere', async () => {
    const closed = await another({ closed: true });
    logIn(closed.address, REGISTRY_USER.password);
    await pushed(`${closed.address}/team/greeter:closed`);
    const auth = Buffer.from(`${REGISTRY_USER.username}:${REGISTRY_USER.password}`).toString('base64');
    for (const secret of [REGISTRY_USER.password, auth]) {
      assert.ok(!everyLog().includes(secret));
      assert.ok(!readFileSync(path.join(project.folder, '.nimbus/state.json'), 'utf8').includes(secret));
    }
  });

  it('takes a config.json whose parts are null for one without credentials', async () => {
    writeFileSync(path.join(config, 'config.json'), JSON.stringify({ auths: null, credHelpers: null }));
    await pushed(`${registry.address}/team/greeter:nulls`);
  });

  it('takes those of a credential helper', async () => {
    const closed = await another({ closed: true });
    const helper = path.join(config, 'docker-credential-testing');
    const answer = { ServerURL: closed.address, Username: REGISTRY_USER.username, Secret: REGISTRY_USER.password };
    // It answers only who asks for this registry, as the protocol has it.
    writeFileSync(
      helper,
      `#!/bin/sh\n[ "$1" = get ] && [ "$(cat)" = ${closed.address} ] && echo '${JSON.stringify(answer)}'\n`,
    );
    chmodSync(helper, 0o755);
    writeFileSync(path.join(config, 'config.json'), JSON.stringify({ credsStore: 'testing' }));
    await pushed(`${closed.address}/team/greeter:helped`);
    assert.ok(!everyLog().includes(REGISTRY_USER.password));
  });

  it('says that a helper is missing', async () => {
    writeFileSync(path.join(config, 'config.json'), JSON.stringify({ credHelpers: { [registry.address]: 'nowhere' } }));
    const error = await failed(`${registry.address}/team/greeter:helpless`);
    assert.equal(error.code, 'registry-login');
    assert.match(error.why!, /PATH/);
  });

  it('without credentials is refused, with how to log in', async () => {
    const closed = await another({ closed: true });
    const error = await failed(`${closed.address}/team/greeter:nobody`);
    assert.equal(error.code, 'push-denied');
    assert.match(error.why!, /Nobody is logged in/);
    assert.ok(error.next!.includes(`docker login ${closed.address}`));
  });

  it('with a wrong password is refused, with where that comes from', async () => {
    const closed = await another({ closed: true });
    logIn(closed.address, 'wrong-password');
    const error = await failed(`${closed.address}/team/greeter:wrong`);
    assert.equal(error.code, 'push-denied');
    assert.ok(error.why!.includes(path.join(config, 'config.json')));
    assert.ok(!everyLog().includes('wrong-password'));
  });

  it('to where nobody listens is said', async () => {
    const gone = await startRegistry();
    await gone.end();
    const error = await failed(`${gone.address}/team/greeter:nowhere`);
    assert.equal(error.code, 'push-unreachable');
  });

  it('to one that speaks HTTP only is said', async () => {
    const plain = await another({ host: await bridge() });
    const error = await failed(`${plain.address}/team/greeter:plain`);
    assert.equal(error.code, 'push-http-only');
    assert.ok(error.next!.includes('insecure-registries'));
  });

  it('to one whose certificate nobody knows is said', async () => {
    const host = await bridge();
    const tls = { certificate: path.join(config, 'own.crt'), key: path.join(config, 'own.key') };
    const subject = ['-subj', '/CN=registry', '-addext', `subjectAltName=IP:${host}`];
    const files = ['-keyout', tls.key, '-out', tls.certificate];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...files], {
      stdio: 'ignore',
    });
    const secret = await another({ host, tls });
    const error = await failed(`${secret.address}/team/greeter:tls`);
    assert.equal(error.code, 'push-certificate');
    assert.ok(error.next!.includes(`/etc/docker/certs.d/${secret.address}/ca.crt`));
  });

  it('to one whose disk is full is said', async () => {
    const small = await another({ diskMb: 8 });
    const error = await failed(`${small.address}/team/greeter:full`);
    // All that it tells the engine is a status of 500.
    assert.equal(error.code, 'push-registry-failed', JSON.stringify(error));
    assert.match(error.next!, /disk is full/);
  });

  it('to a name that is none is said before anything is sent', async () => {
    for (const [to, why] of [
      [`${registry.address}/Team/greeter`, /lowercase/],
      [`https://${registry.address}/team/greeter`, /scheme/],
      [`${registry.address}/team/greeter@sha256:${'0'.repeat(64)}`, /digest/],
      [`${registry.address}/team//greeter`, /empty/],
      [`${registry.address}/team/greeter:`, /tag/],
    ] as const) {
      const { error } = await push(to);
      assert.equal(error?.code, 'invalid-name', to);
      assert.match(error.why!, why);
    }
  });

  it('to a name with a password in it is refused, and the password is in no log', async () => {
    for (const scheme of ['', 'https://']) {
      const { error, logFile } = await push(`${scheme}somebody:p@ss/word@${registry.address}/team/greeter`);
      assert.equal(error?.code, 'invalid-name');
      assert.match(error.next!, /docker login/);
      for (const said of [JSON.stringify(error), readFileSync(logFile, 'utf8')]) {
        assert.ok(said.includes(`${registry.address}/team/greeter`), said);
        assert.doesNotMatch(said, /somebody|p@ss|word@/);
      }
    }
  });

  it('that is cancelled ends, leaves no name behind, and can be repeated', async () => {
    const slow = await another({});
    const to = `${slow.address}/team/greeter:slow`;
    const started = await project.host.api.execute(plan(to));
    assert.ok(started.ok);
    const { id } = started.value;
    await project.until(() => {
      const stage = project.operations.get(id)?.stages.find(({ name }) => name === 'layers');
      return /[1-9]\d* .?B of/.test(stage?.detail ?? '');
    });
    await project.host.api.cancel(id);
    assert.equal((await project.until(() => ended(project.operations.get(id)))).state, 'cancelled');
    assert.equal(await docker('image', 'ls', '--quiet', to), '');
    const missing = await fetch(`http://${slow.address}/v2/team/greeter/manifests/slow`, {
      headers: { Accept: PLAIN },
    });
    assert.equal(missing.status, 404);
    await pushed(to);
  });

  it('to one that dies in the middle says so, and that the engine tries again meanwhile', async () => {
    const dying = await another({});
    const started = await project.host.api.execute(plan(`${dying.address}/team/greeter:dying`));
    assert.ok(started.ok);
    const { id } = started.value;
    const detail = (): string => project.operations.get(id)?.stages.find(({ name }) => name === 'layers')?.detail ?? '';
    await project.until(() => /[1-9]\d* .?B of/.test(detail()));
    await dying.kill();
    await project.until(() => detail().includes('another try in') || ended(project.operations.get(id)));
    const { error } = await project.until(() => ended(project.operations.get(id)));
    assert.equal(error?.code, 'push-unreachable', JSON.stringify(error));
  });

  function ended(operation: Operation | undefined): Operation | undefined {
    return operation && operation.state !== 'running' ? operation : undefined;
  }
});
