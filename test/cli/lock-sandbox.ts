/** A project with a model that needs packages of an index of its own, and the real uv. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { ECHO, writeModel } from './models.ts';
import { createSandbox, python, type Ended, type Sandbox } from './nimbus.ts';
import { serveIndex, writeIndex, type IndexOptions, type PackageIndex, type Wheel } from './package-index.ts';

/** It has no package of its own that a model needs. */
export const BASE = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
export const MINOR = execFileSync(BASE, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], {
  encoding: 'utf8',
}).trim();
export const UV = path.join(path.dirname(python), 'uv');
export const DEPLOY = ['deploy', 'words', '--python', BASE, '--trust', '--yes'];
export const LOCK = ['lock', 'words', '--trust'];
/** A PATH without uv, so that pip does it. */
export const WITHOUT_UV = [path.dirname(BASE), '/usr/bin', '/bin'].join(':');

const ON_LINUX = 'platform_system == "Linux"';
export const WHEELS: Wheel[] = [
  { name: 'tiny-one', version: '1.0', requires: ['tiny-two>=1'] },
  { name: 'tiny-one', version: '1.1', requires: ['tiny-two>=1'] },
  { name: 'tiny-two', version: '1.0' },
  { name: 'uv', version: '99.0' },
  { name: 'linux-only', version: '1.0', tag: 'cp312-cp312-manylinux_2_28_x86_64' },
  { name: 'needs-torch', version: '1.0', requires: ['torch'] },
  // As PyTorch of PyPI names them.
  { name: 'torch', version: '2.9.0', requires: ['nvidia-cublas', 'triton'].map((name) => `${name} ; ${ON_LINUX}`) },
  { name: 'nvidia-cublas', version: '13.0' },
  { name: 'triton', version: '3.0' },
];
const HANDLER = `import tiny_one, tiny_two\n${ECHO.replace('return input', 'return tiny_one.VERSION + " " + tiny_two.VERSION')}`;

export class LockSandbox {
  readonly sandbox: Sandbox = createSandbox();
  readonly wheels = path.join(this.sandbox.folder, '../wheels');
  readonly #tools = path.join(this.sandbox.folder, '../tools');
  readonly #opened: { close(): Promise<void> }[] = [];

  constructor() {
    mkdirSync(this.wheels);
    mkdirSync(this.#tools);
    writeIndex(this.wheels, WHEELS);
    symlinkSync(UV, path.join(this.#tools, 'uv'));
  }

  /** Everything as at the beginning, but for the index. */
  async reset(): Promise<void> {
    const { folder, home } = this.sandbox;
    await this.sandbox.endHost();
    await Promise.all(this.#opened.splice(0).map((one) => one.close()));
    for (const name of ['words', 'models.json', '.nimbus'])
      rmSync(path.join(folder, name), { recursive: true, force: true });
    rmSync(path.join(home, 'cache'), { recursive: true, force: true });
    writeModel(this.sandbox, 'words', HANDLER, { 'requirements.txt': 'tiny-one==1.0\n' });
  }

  /** As on a machine that made no environment yet. */
  async forgetEnvironments(): Promise<void> {
    await this.sandbox.endHost();
    rmSync(path.join(this.sandbox.home, 'cache'), { recursive: true, force: true });
  }

  get lockFile(): string {
    return path.join(this.sandbox.folder, 'words/nimbus.lock');
  }

  env(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    return {
      PATH: [this.#tools, WITHOUT_UV].join(':'),
      UV_NO_CACHE: '1',
      UV_HTTP_RETRIES: '0',
      PIP_NO_CACHE_DIR: '1',
      PIP_FIND_LINKS: '',
      NO_PROXY: '',
      no_proxy: '',
      ...more,
    };
  }

  run(argv: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return this.sandbox.nimbus([...argv], { env: this.env(more) });
  }

  async index(options: IndexOptions = {}): Promise<PackageIndex> {
    const served = await serveIndex(this.wheels, options);
    this.#opened.push(served);
    return served;
  }

  closeLater(one: { close(): Promise<void> }): void {
    this.#opened.push(one);
  }

  async answer(): Promise<unknown> {
    return (await this.sandbox.json<{ result: unknown }>(['predict', 'words', 'x'])).result;
  }

  /** No file that Nimbus wrote, and nothing that it said, holds a password. */
  nothingHolds(secret: string, ...said: Ended[]): void {
    const { folder, home } = this.sandbox;
    for (const place of [folder, path.join(home, 'logs'), path.join(home, 'data'), path.join(home, 'cache')]) {
      const found = spawnSync('grep', ['-rlF', '--', secret, place], { encoding: 'utf8' });
      assert.equal(found.stdout, '');
    }
    for (const { stdout, stderr } of said) assert.ok(!`${stdout}${stderr}`.includes(secret));
  }
}
