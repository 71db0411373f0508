import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { vsix } from '../../scripts/lib/stages.mjs';
import { python, root } from './nimbus.ts';

/** npm beside the Node that users have. */
function npm(...argv: string[]): string {
  const node = process.env['NIMBUS_USER_NODE'] ?? process.execPath;
  return execFileSync('npm', argv, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env['PATH']}` },
  });
}

describe('the npm package', function () {
  this.timeout(60_000);
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'nimbus-npm-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('installs without any other package, and its nimbus command runs and finds its Python runtime', () => {
    const [{ filename }] = JSON.parse(npm('pack', '--json', '--ignore-scripts', '--pack-destination', folder)) as [
      { filename: string },
    ];
    npm('install', '--global', '--offline', '--omit=dev', '--prefix', folder, path.join(folder, filename));
    const nimbus = path.join(folder, 'bin/nimbus');
    const run = (...argv: string[]): string =>
      execFileSync(nimbus, argv, {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, NIMBUS_HOME: path.join(folder, 'home') },
      });
    assert.match(run('--version'), /^\d+\.\d+\.\d+$/m);
    assert.deepEqual(JSON.parse(run('list', '--json')), { models: [] });
    const installed = path.join(folder, 'lib/node_modules/nimbus-deploy');
    assert.ok(existsSync(path.join(installed, 'dist/runtime/worker.py')));
    assert.ok(!existsSync(path.join(installed, 'src')), 'sources stay out');
  });
});

/** All that the extension's package may hold: what it runs, what it shows, and what its licences ask for. */
const IN_THE_VSIX = [
  /^\[Content_Types\]\.xml$/,
  /^extension\.vsixmanifest$/,
  /^extension\/(?:package(?:\.nls)?\.json|readme\.md|changelog\.md|LICENSE\.txt)$/,
  /^extension\/dist\/(?:extension|cli|host)\.js$/,
  /^extension\/dist\/chunks\/[\w-]+\.js$/,
  /^extension\/dist\/chunks\/proto\/\w+\.proto$/,
  /^extension\/dist\/webview\/(?:(?:playground|report)\.(?:js|css)|codicon-\w+\.ttf)$/,
  /^extension\/dist\/deployer\/(?:package\.json|db\.json\.gz|lib\/deployer\.cjs|lib\/api\/bootstrap\/bootstrap-template\.yaml)$/,
  // What an ejected CDK project is made from.
  /^extension\/dist\/deployer\/app\/[a-z-]+\.ts$/,
  /^extension\/dist\/runtime\/(?:[a-z_0-9]+\/)*[a-z_0-9]+\.py$/,
  /^extension\/dist\/THIRD-PARTY\.txt$/,
  /^extension\/media\/(?:icon\.png|models\.schema\.json|(?:walkthrough\/)?[a-z-]+\.svg)$/,
];

describe("the extension's package", () => {
  it('holds what it needs, and nothing else', () => {
    const list = 'import json, sys, zipfile; print(json.dumps(zipfile.ZipFile(sys.argv[1]).namelist()))';
    const files = JSON.parse(execFileSync(python, ['-c', list, vsix], { encoding: 'utf8' })) as string[];
    assert.deepEqual(
      files.filter((file) => !IN_THE_VSIX.some((kind) => kind.test(file))),
      [],
    );
    for (const kind of IN_THE_VSIX)
      assert.ok(
        files.some((file) => kind.test(file)),
        `none is ${kind}`,
      );
    const shipped = (folder: string): string[] =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).filter((file) =>
        file.endsWith('.py'),
      );
    assert.equal(files.filter((file) => file.endsWith('.py')).length, shipped('infra/runtime').length);
  });
});
