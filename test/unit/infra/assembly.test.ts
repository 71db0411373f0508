import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { synthesise, synthesiseRepository } from '../../../infra/app/synthesise.ts';
import { AUTHS, deployed, DEPLOYMENT, newFolder, REPOSITORY, repositoryStack } from './deployments.ts';

const SNAPSHOTS = fileURLToPath(new URL('snapshots/', import.meta.url));
const PROGRAM = new URL('../../../infra/app/synthesise.ts', import.meta.url);

function files(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .sort()
      .map((file) => [path.relative(folder, file), readFileSync(file, 'utf8')]),
  );
}

describe('a cloud assembly', () => {
  const description = { ...DEPLOYMENT, env: ['HF_TOKEN'], corsOrigins: ['https://a.example', 'https://b.example'] };
  const folder = newFolder();
  let made: ReturnType<typeof synthesise>;
  before(() => {
    made = synthesise(description, folder);
  });

  it('is the same bytes in another folder, process and environment', function () {
    this.timeout(60_000);
    const other = newFolder();
    execFileSync(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `import { synthesise } from ${JSON.stringify(PROGRAM.href)};
         synthesise(JSON.parse(process.argv[1]), process.argv[2]);`,
        JSON.stringify(description),
        other,
      ],
      {
        cwd: os.tmpdir(),
        env: {
          ...process.env,
          TZ: 'Asia/Tokyo',
          CDK_DEFAULT_ACCOUNT: '999999999999',
          CDK_DEFAULT_REGION: 'us-west-2',
          CDK_OUTDIR: path.join(os.tmpdir(), 'nowhere'),
          CDK_CONTEXT_JSON: JSON.stringify({
            'aws:cdk:enable-path-metadata': true,
            'aws:cdk:version-reporting': true,
            '@aws-cdk/core:bootstrapQualifier': 'another',
          }),
        },
      },
    );
    assert.deepEqual(files(other), files(folder));
  });

  it('has no more files than a deployment needs', () => {
    const own = ['assets', 'metadata', 'template'].map((kind) => `nimbus-sentiment-prod.${kind}.json`);
    const expected = ['cdk.out', 'manifest.json', ...own];
    assert.deepEqual(Object.keys(files(folder)).sort(), expected.sort());
  });

  it('has no asset but its own template: the image is pushed before, the code is in it', () => {
    const { files: assets, dockerImages } = JSON.parse(files(folder)['nimbus-sentiment-prod.assets.json']!);
    assert.deepEqual(
      Object.values(assets).map((asset: any) => asset.source.path),
      ['nimbus-sentiment-prod.template.json'],
    );
    assert.deepEqual(dockerImages, {});
  });

  it('names no folder of this machine, no user, and no value of a variable', () => {
    const text = Object.values(files(folder)).join('\n');
    const root = fileURLToPath(new URL('../../../', import.meta.url));
    for (const place of [folder, os.tmpdir(), os.homedir(), process.cwd(), root, 'node_modules']) {
      assert.ok(!text.includes(place), `it has ${place}`);
    }
  });

  it('has no value of a variable, even where the environment has one', () => {
    process.env['HF_TOKEN'] = 'hf_secret_of_this_test';
    try {
      const other = newFolder();
      synthesise(description, other);
      assert.ok(!Object.values(files(other)).some((text) => text.includes('hf_secret_of_this_test')));
    } finally {
      delete process.env['HF_TOKEN'];
    }
  });

  it('comes with the parameters that its stack has, and says which take the variables', () => {
    const { Parameters } = JSON.parse(files(folder)['nimbus-sentiment-prod.template.json']!);
    const given = [...Object.keys(made.parameters), ...Object.values(made.environment)];
    const asked = Object.keys(Parameters).filter((name) => Parameters[name].Default === undefined);
    assert.deepEqual(given.sort(), asked.sort());
    assert.deepEqual(Object.keys(made.environment), ['HF_TOKEN']);
    for (const [name, value] of Object.entries(made.parameters)) {
      assert.match(value, new RegExp(Parameters[name].AllowedPattern), name);
    }
    assert.equal(made.parameters['ImageDigest'], DEPLOYMENT.image.digest);
  });

  it('says in its metadata what it is configured by: with what counts by default, without version, revision and values', () => {
    const metadata = (changes = {}) => deployed(changes).template.toJSON()['Metadata'].Nimbus;
    assert.deepEqual(
      metadata({
        version: 'b2'.repeat(32),
        revision: 'another',
        card: { ...DEPLOYMENT.card, version: 'b2'.repeat(32) },
      }),
      metadata(),
    );
    assert.deepEqual(metadata({ throttle: { ratePerSecond: 10, burst: 20 } }), metadata());
    assert.deepEqual(metadata().quota, { requests: 10_000, per: 'day' });
    assert.equal(metadata({ auth: 'none' }).quota, undefined);
    assert.notEqual(metadata({ card: { ...DEPLOYMENT.card, description: 'Another' } }).card, metadata().card);
  });

  it('tags the stack with model, deployment and version', () => {
    const { tags } = JSON.parse(files(folder)['manifest.json']!).artifacts['nimbus-sentiment-prod'].properties;
    const expected = { 'nimbus:model': 'sentiment', 'nimbus:deployment': 'prod', 'nimbus:version': DEPLOYMENT.version };
    assert.deepEqual(tags, expected);
    assert.deepEqual(made.tags, expected);
  });

  it('of the repository has no parameters to give', () => {
    const other = newFolder();
    assert.deepEqual(synthesiseRepository(REPOSITORY, other), {
      stackName: 'nimbus-images',
      parameters: {},
      environment: {},
      tags: { 'nimbus:images': 'nimbus' },
    });
    const { Parameters } = JSON.parse(files(other)['nimbus-images.template.json']!);
    assert.deepEqual(Object.keys(Parameters), ['BootstrapVersion']);
  });
});

describe('the templates for AWS, as they were reviewed', () => {
  const RENEW = 'NIMBUS_RENEW_SNAPSHOTS=1 npx mocha test/unit/infra/assembly.test.ts';
  const templates = {
    ...Object.fromEntries(AUTHS.map((auth) => [auth, () => deployed({ auth }).template])),
    repository: () => repositoryStack().template,
  };
  for (const [name, template] of Object.entries(templates)) {
    it(name, () => {
      const file = path.join(SNAPSHOTS, `${name}.json`);
      const now = template().toJSON();
      if (process.env['NIMBUS_RENEW_SNAPSHOTS'] === '1' && process.env['CI'] === undefined) {
        mkdirSync(SNAPSHOTS, { recursive: true });
        writeFileSync(file, `${JSON.stringify(now, null, 2)}\n`);
      }
      const reviewed = JSON.parse(readFileSync(file, 'utf8'));
      assert.deepEqual(now, reviewed, `Where the change is meant: ${RENEW}, and review what git diff shows.`);
    });
  }
});
