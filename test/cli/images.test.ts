/** push, eject and prune as a user types them, on a real engine with a real registry. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { PruneItem, PruneResult } from '../../src/shared/prune.ts';
import type { DeploymentStatus, EjectedFolder, PushedImage } from '../../src/shared/states.ts';
import { BASE_IMAGES } from '../docker/project.ts';
import { docker, startRegistry, type Registry } from '../docker/support.ts';
import { createSandbox, python, type Ended, type Sandbox } from './nimbus.ts';

describe('nimbus push, eject and prune', function () {
  this.timeout(120_000);
  let sandbox: Sandbox;
  let registry: Registry;
  const variables = {
    NIMBUS_BASE_IMAGES: Object.entries(BASE_IMAGES)
      .map((pair) => pair.join('='))
      .join(' '),
    NIMBUS_CA_CERTIFICATES: '/etc/ssl/certs/ca-certificates.crt',
  };

  before(async () => {
    registry = await startRegistry();
    sandbox = createSandbox();
    // Both at once, under the same name: a bare name means the one that has an image.
    await run('deploy', 'rules', '--python', python, '--trust');
    const { stdout } = await run('deploy', 'rules', '--target', 'docker', '--python', python, '--trust');
    // The Python that reads the model is not the one that runs it.
    assert.match(stdout, /^ {2}model rules · custom · Python 3\.\d+ in Docker$/m);
  });
  after(async () => {
    const reference = (await status()).image?.reference;
    await sandbox?.remove();
    await registry?.end();
    if (reference !== undefined) await docker('image', 'rm', '--force', reference);
  });

  const nimbus = (...argv: string[]): Promise<Ended> => sandbox.nimbus(argv, { env: variables });

  async function run(...argv: string[]): Promise<Ended> {
    const ended = await nimbus(...argv);
    assert.equal(ended.code, 0, `${argv.join(' ')}\n${ended.stdout}${ended.stderr}`);
    return ended;
  }

  async function status(): Promise<DeploymentStatus> {
    const { deployments } = await sandbox.json<{ deployments: DeploymentStatus[] }>(['status', 'rules/docker']);
    return deployments[0]!;
  }

  it('pushes, says the digest on the last line, and status has it', async () => {
    const { stdout, stderr } = await run('push', 'rules', `${registry.address}/team/rules:1`);
    const reference = stdout.trim().split('\n').at(-1)!;
    assert.match(reference, new RegExp(`^${registry.address}/team/rules@sha256:[0-9a-f]{64}$`));
    assert.match(stdout, /✓ layers .*there already, .* sent/);
    assert.match(stderr, /rules\/docker is .*\/team\/rules:1: sent \d+ of \d+ layers/);
    const steps = stderr.match(/^ {2}… layers .*$/gm) ?? [];
    assert.ok(steps.length <= 2, `no terminal, but a line for every number:\n${steps.join('\n')}`);
    assert.equal((await status()).pushed?.reference, reference);
    assert.ok((await run('status', 'rules')).stdout.includes(reference));
    const again = await sandbox.json<PushedImage>(['push', 'rules', `${registry.address}/team/rules:1`]);
    assert.equal(again.reference, reference);
    assert.equal(again.sentLayers, 0);
  });

  it('says what is wrong with a repository as wrong usage, and with a registry as a failure', async () => {
    const wrong = await nimbus('push', 'rules', `https://${registry.address}/team/rules`, '--json');
    assert.equal(wrong.code, 2);
    assert.equal((JSON.parse(wrong.stdout) as { type: string }).type, 'urn:nimbus:problem:invalid-name');
    const gone = await startRegistry();
    await gone.end();
    const failed = await nimbus('push', 'rules', `${gone.address}/team/rules`);
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /cannot be reached/);
    const local = await nimbus('push', 'rules/local', `${registry.address}/team/rules`);
    assert.equal(local.code, 1);
    assert.match(local.stderr, /runs no image[\s\S]*--target docker/);
  });

  it('reports on the deployment that has an image', async () => {
    const { stdout } = await run('report', 'rules');
    assert.match(stdout, /^nimbus\/\w+:rules\.docker\.\w+ /);
    assert.match(stdout, /^left out$[\s\S]* packages' own tests$[\s\S]* symbols$/m);
    // One unit, and AWS's other one only where it is explained.
    assert.match(stdout, /^zip {3}Unzipped it has [\d.]+ [kM]B of the 262 MB that a zip may have\.$/m);
    assert.equal(stdout.match(/250 MB/g)?.length, 1);
    assert.match(stdout, /250 MB for a zip \(262,144,000 bytes\)/);
    const local = await nimbus('report', 'rules/local');
    assert.equal(local.code, 1);
    assert.match(local.stderr, /rules\/local runs no image/);
  });

  it('ejects to a folder that is named from where it is typed', async () => {
    const ejected = await sandbox.json<EjectedFolder>(['eject', 'rules', 'out/rules']);
    assert.equal(ejected.folder, path.join(sandbox.folder, 'out/rules'));
    for (const file of ['Dockerfile', '.dockerignore', 'README.md', 'event.json', 'build/requirements.txt']) {
      assert.ok(existsSync(path.join(ejected.folder, file)), file);
    }
    const again = await nimbus('eject', 'rules', 'out/rules');
    assert.equal(again.code, 1);
    assert.match(again.stderr, /no empty folder/);
    rmSync(path.join(sandbox.folder, 'out'), { recursive: true });
  });

  it('lists what can be freed, asks, and frees it', async () => {
    const environment = path.join(sandbox.home, 'cache/environments/0123456789abcdef0123');
    mkdirSync(environment, { recursive: true });
    writeFileSync(path.join(environment, 'file'), 'x'.repeat(3_000_000));
    const longAgo = new Date('2020-01-01T00:00:00Z');
    utimesSync(environment, longAgo, longAgo);
    const looked = await run('prune', '--dry-run');
    assert.match(looked.stdout, /environments that no deployment uses: 1, up to 3 MB/);
    const { items } = await sandbox.json<{ items: PruneItem[] }>(['prune', '--dry-run', '--only', 'environments']);
    assert.deepEqual(items, [
      { kind: 'environments', id: environment, name: '0123456789abcdef0123', bytes: 3_000_000 },
    ]);
    const unanswered = await nimbus('prune');
    assert.equal(unanswered.code, 2);
    assert.match(unanswered.stderr, /--yes/);
    assert.ok(existsSync(environment));
    const { removed } = await sandbox.json<PruneResult>(['prune', '--yes']);
    assert.ok(removed.some(({ id }) => id === environment));
    assert.deepEqual(readdirSync(path.dirname(environment)), []);
    assert.match((await run('prune', '--yes')).stdout, /nothing to clean up/);
    const { result } = await sandbox.json<{ result: unknown }>(['predict', 'rules/docker', 'refund']);
    assert.ok(result);
    const unknown = await nimbus('prune', '--only', 'everything');
    assert.equal(unknown.code, 2);
  });
});
