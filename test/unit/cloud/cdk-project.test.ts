/** The CDK project that `nimbus eject` writes, run as `cdk synth` runs it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { synthesise } from '../../../infra/app/synthesise.ts';
import { CDK_VERSIONS, cdkProject } from '../../../src/core/cloud/cdk-project.ts';
import { DEPLOYMENT, newFolder } from '../infra/deployments.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const json = (file: string): Record<string, any> => JSON.parse(readFileSync(file, 'utf8')) as Record<string, any>;

describe('the CDK project of a deployment', function () {
  this.timeout(60_000);
  const description = { ...DEPLOYMENT, env: ['HF_TOKEN'], corsOrigins: ['https://a.example', 'https://b.example'] };
  let folder: string;
  let files: Record<string, string>;

  before(async () => {
    files = await cdkProject(description);
    // Elsewhere than in the repository, whose files it must not need.
    folder = mkdtempSync(path.join(os.tmpdir(), 'nimbus-ejected-'));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), text);
    }
    symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'cdk/node_modules'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('gives the template that Nimbus deploys', () => {
    const own = newFolder();
    synthesise(description, own);
    const { app } = json(path.join(folder, 'cdk/cdk.json'));
    const [program, ...args] = String(app).split(' ');
    assert.equal(program, 'node');
    const outdir = path.join(folder, 'cdk.out');
    execFileSync(process.execPath, args, {
      cwd: path.join(folder, 'cdk'),
      env: { ...process.env, CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: '{"aws:cdk:enable-path-metadata":true}' },
    });
    for (const name of ['template.json', 'assets.json']) {
      const file = `${description.stackName}.${name}`;
      assert.deepEqual(json(path.join(outdir, file)), json(path.join(own, file)), name);
    }
  });

  it('pins what it was tested with', () => {
    const { dependencies, scripts } = json(path.join(folder, 'cdk/package.json'));
    for (const name of ['aws-cdk-lib', 'constructs'] as const) {
      const { version } = json(path.join(root, 'node_modules', name, 'package.json'));
      assert.equal(CDK_VERSIONS[name], version);
      assert.equal(dependencies[name], version);
    }
    assert.match(scripts.deploy, new RegExp(`--parameters ImageDigest=${description.image.digest} `));
  });

  it('needs nothing of Nimbus, and tells how to go on', () => {
    for (const [name, text] of Object.entries(files)) assert.doesNotMatch(text, /from '[^']*src\//, name);
    assert.match(files['cdk/README.md']!, /npm run deploy[^]*--parameters EnvHFTOKEN\w{8}=…/);
  });
});
