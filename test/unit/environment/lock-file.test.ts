import assert from 'node:assert/strict';
import path from 'node:path';
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import {
  bodyOf,
  lockFileOf,
  lockHash,
  lockText,
  normalRequirements,
  parseLock,
  pinsFrom,
  readLock,
  refusedForImage,
  type LockSection,
} from '../../../src/core/environment/lock-file.ts';
import { minorOf, platformOf } from '../../../src/core/environment/lock-platform.ts';
import { lockCommand, lockInputs, writeLock } from '../../../src/core/environment/lock.ts';
import { isCurrent, lockProblem, lockStatus, withLock } from '../../../src/core/environment/lock-status.ts';
import { temporaryFolder } from '../models/temporary.ts';

const HASH = `sha256:${'a'.repeat(64)}`;
const OTHER = `sha256:${'b'.repeat(64)}`;

const section = (change: Partial<LockSection> = {}): LockSection => ({
  platform: 'linux-x86_64',
  python: '3.12',
  requires: ['scikit-learn==1.5.2'],
  torchCpu: false,
  pins: [
    { name: 'numpy', version: '1.26.4', marker: '', hashes: [HASH, OTHER] },
    { name: 'scikit-learn', version: '1.5.2', marker: "sys_platform == 'linux'", hashes: [HASH] },
  ],
  ...change,
});

const PROBE = {
  python: '/p/bin/python',
  version: '3.12.4',
  implementation: 'cpython',
  abi: 'cpython-312-x86_64-linux-gnu',
  platform: 'linux-x86_64',
  packages: {},
};

describe('nimbus.lock', () => {
  const temporary = temporaryFolder();

  it('is read as it was written, whatever the order of its sections and the ends of its lines', () => {
    const mac = section({ platform: 'macos-arm64', torchCpu: true });
    const text = lockText([mac, section()]);
    assert.equal(text, lockText([section(), mac]));
    for (const one of [text, text.replaceAll('\n', '\r\n')]) {
      const read = parseLock(one);
      assert.deepEqual(read, { ok: true, value: [section(), mac] });
    }
    assert.match(
      text,
      /^# === linux-x86_64, Python 3\.12\n# requires: scikit-learn==1\.5\.2\nnumpy==1\.26\.4 \\\n {4}--hash/m,
    );
  });

  it("has a section's identity in what it installs, not in how it is written", () => {
    const hash = lockHash(section());
    assert.match(hash, /^[0-9a-f]{64}$/);
    const commented = parseLock(`# by hand\n${lockText([section()])}# the end\n`);
    assert.ok(commented.ok && lockHash(commented.value[0]!) === hash);
    const [numpy, sklearn] = section().pins;
    assert.notEqual(lockHash(section({ pins: [{ ...numpy!, hashes: [HASH] }, sklearn!] })), hash);
    assert.notEqual(lockHash(section({ pins: [{ ...numpy!, version: '2' }, sklearn!] })), hash);
    assert.notEqual(lockHash(section({ platform: 'linux-arm64' })), hash);
  });

  const wrong: [what: string, text: string, why: RegExp][] = [
    ['marks of a merge', '<<<<<<< HEAD\n', /:1: A merge left its marks/],
    [
      'an option that names an index',
      '# === linux-x86_64, Python 3.12\n--index-url https://evil.example\n',
      /:2: "--index-url/,
    ],
    ['an editable folder', '# === linux-x86_64, Python 3.12\n-e .\n', /:2: "-e \."/],
    ['an address', '# === linux-x86_64, Python 3.12\nx @ https://h.example/x.whl\n', /:2: "x @/],
    ['a range', '# === linux-x86_64, Python 3.12\nx>=1 \\\n', /:2/],
    ['a package without a hash', '# === linux-x86_64, Python 3.12\nx==1\n', /x has no hash/],
    ['a weaker hash', '# === linux-x86_64, Python 3.12\nx==1 \\\n    --hash=md5:00\n', /:3/],
    ['a package before any section', `x==1 \\\n    --hash=${HASH}\n`, /:1: A package stands before/],
    ['an unknown platform', '# === amiga, Python 3.12\n', /amiga is no platform/],
    ['one section twice', '# === linux-x86_64, Python 3.12\n# === linux-x86_64, Python 3.12\n', /twice/],
    ['a newer format', '# format: 2\n', /newer Nimbus/],
  ];
  for (const [what, text, why] of wrong) {
    it(`is not used with ${what}`, () => {
      const read = parseLock(text);
      assert.equal(read.ok ? '' : read.error.code, 'lock-damaged');
      assert.match(read.ok ? '' : read.error.why!, why);
      assert.ok(!read.ok && read.error.next);
    });
  }

  it('lies in the folder of a model, or beside its file under the whole name of it', async () => {
    mkdirSync(path.join(temporary.folder, 'pipeline'));
    writeFileSync(path.join(temporary.folder, 'm.joblib'), '');
    assert.equal(
      await lockFileOf(path.join(temporary.folder, 'pipeline')),
      path.join(temporary.folder, 'pipeline/nimbus.lock'),
    );
    assert.equal(
      await lockFileOf(path.join(temporary.folder, 'm.joblib')),
      path.join(temporary.folder, 'm.joblib.nimbus.lock'),
    );
    assert.deepEqual(await readLock(path.join(temporary.folder, 'none')), { ok: true, value: undefined });
  });

  it('keeps the other sections, and replaces one only where that is asked for', async () => {
    const file = path.join(temporary.folder, 'nimbus.lock');
    const mac = section({ platform: 'macos-arm64' });
    assert.ok((await writeLock(file, [section(), mac], { replace: true })).ok);
    const newer = section({ requires: ['scikit-learn==1.6.0'] });
    assert.ok((await writeLock(file, [newer], { replace: false })).ok);
    assert.deepEqual(await readLock(file), { ok: true, value: [section(), mac] });
    assert.ok((await writeLock(file, [newer], { replace: true })).ok);
    assert.deepEqual(await readLock(file), { ok: true, value: [newer, mac] });
    writeFileSync(file, 'half');
    const refused = await writeLock(file, [section()], { replace: true });
    assert.equal(refused.ok ? '' : refused.error.code, 'lock-damaged', 'what cannot be read is not overwritten');
  });

  it('takes every writer in, when several write at once', async () => {
    const file = path.join(temporary.folder, 'nimbus.lock');
    const platforms = ['linux-x86_64', 'linux-arm64', 'macos-arm64', 'macos-x86_64', 'windows-x86_64'] as const;
    const written = await Promise.all(
      platforms.map((platform) => writeLock(file, [section({ platform })], { replace: true })),
    );
    assert.ok(written.every(({ ok }) => ok));
    const read = await readLock(file);
    assert.deepEqual(read.ok && read.value?.map(({ platform }) => platform).toSorted(), platforms.toSorted());
  });

  it('holds no CUDA package for an image', () => {
    assert.equal(refusedForImage(section()), undefined);
    for (const [name, version] of [
      ['nvidia-cublas-cu12', '1'],
      ['triton', '3'],
      ['cuda-bindings', '13'],
      ['torch', '2.9.0+cu128'],
      ['onnxruntime-gpu', '1'],
    ] as const) {
      const pins = [{ name, version, marker: '', hashes: [HASH] }];
      assert.match(refusedForImage({ pins }) ?? '', new RegExp(`CUDA packages \\(${name}\\)`));
    }
    assert.equal(
      refusedForImage({ pins: [{ name: 'torch', version: '2.9.0+cpu', marker: '', hashes: [] }] }),
      undefined,
    );
  });

  const context = (change: Partial<Parameters<typeof lockStatus>[0]> = {}): Parameters<typeof lockStatus>[0] => ({
    file: '/p/my model/nimbus.lock',
    sections: [section()],
    requirements: ['Scikit_Learn == 1.5.2'],
    argument: 'my model',
    ...change,
  });

  it('is used for its platform and Python only', () => {
    assert.equal(lockStatus(context(), PROBE).kind, 'current');
    assert.equal(lockStatus(context(), { ...PROBE, version: '3.11.4' }).kind, 'none');
    assert.equal(lockStatus(context(), { ...PROBE, platform: 'macosx-11.0-arm64' }).kind, 'none');
    const plan = { kind: 'create', base: '/b', requirements: ['x'], tool: 'uv', key: 'k' } as const;
    const used = withLock({ ...plan, requirements: ['x'] }, PROBE, { lock: context() });
    assert.equal(used.lock?.hash, lockHash(section()));
    assert.equal(used.lock?.text, bodyOf(section().pins));
    assert.notEqual(used.key, 'k');
    const other = withLock({ ...plan, requirements: ['x'] }, { ...PROBE, version: '3.11.4' }, { lock: context() });
    assert.deepEqual(other.lockTo, { file: '/p/my model/nimbus.lock', platform: 'linux-x86_64', python: '3.11' });
    assert.equal(other.key, 'k');
  });

  it('that is out of date is not used, and says what differs and how to renew it', () => {
    const stale = context({ requirements: ['scikit-learn==1.6.0', 'pandas'] });
    assert.equal(lockStatus(stale, PROBE).kind, 'stale');
    assert.equal(
      lockProblem(stale, PROBE),
      'nimbus.lock is out of date for linux-x86_64, Python 3.12: it was made for scikit-learn==1.5.2, and the model asks for pandas, scikit-learn==1.6.0. It is not used; renew it with: nimbus lock "my model" --platform linux-x86_64 --python 3.12',
    );
    const plan = withLock({ kind: 'create', base: '/b', requirements: ['x'], tool: 'uv', key: 'k' }, PROBE, {
      lock: stale,
    });
    assert.deepEqual([plan.lock, plan.lockTo, plan.key], [undefined, undefined, 'k'], 'nor written over');
    assert.equal(lockProblem(context(), PROBE), undefined);
    assert.ok(isCurrent(section({ requires: normalRequirements(['b', 'A>=1']) }), ['a >= 1', 'b']));
  });

  it('that is damaged is not used, and says so', () => {
    const error = { code: 'lock-damaged', what: 'nimbus.lock cannot be used.', next: 'Delete it.' };
    const damaged = context({ sections: [], error });
    assert.equal(lockProblem(damaged, PROBE), 'nimbus.lock cannot be used. It is not used. Delete it.');
    const plan = withLock({ kind: 'create', base: '/b', requirements: [], tool: 'uv', key: 'k' }, PROBE, {
      lock: damaged,
    });
    assert.equal(plan.lockTo, undefined);
  });

  it('is made for glibc, macOS and Windows, by what an interpreter says of itself', () => {
    const of = (platform: string, abi = '', implementation = 'cpython'): string | undefined =>
      platformOf({ platform, abi, implementation });
    assert.equal(of('linux-x86_64'), 'linux-x86_64');
    assert.equal(of('linux-aarch64'), 'linux-arm64');
    assert.equal(of('macosx-11.0-arm64'), 'macos-arm64');
    assert.equal(of('macosx-10.15-x86_64'), 'macos-x86_64');
    assert.equal(of('win-amd64'), 'windows-x86_64');
    assert.equal(of('linux-x86_64', 'cpython-312-x86_64-linux-musl'), undefined);
    assert.equal(of('linux-i686'), undefined);
    assert.equal(of('win32'), undefined);
    assert.equal(of('linux-x86_64', '', 'pypy'), undefined);
    assert.equal(minorOf('3.12.4'), '3.12');
  });

  it('is made by one command of uv, with PyTorch bound to its own index and no password in it', () => {
    assert.equal(
      lockCommand({ uv: ['/b/uv'], python: '/b/python' }, { platform: 'linux-arm64', python: '3.13' }).join(' '),
      '/b/uv pip compile pyproject.toml --python /b/python --python-platform aarch64-manylinux_2_28 --python-version 3.13 --generate-hashes --only-binary :all: --override overrides.txt --no-header --no-annotate --no-emit-index-url --no-progress --color never',
    );
    const inputs = lockInputs({ requirements: ['transformers==5.1', 'torch'] }, ['torch'], 'https://torch.example/cpu');
    assert.equal(
      inputs['pyproject.toml'],
      [
        '[project]',
        'name = "nimbus-model"',
        'version = "0"',
        'dependencies = ["transformers==5.1","torch"]',
        '[tool.uv.sources]',
        'torch = { index = "nimbus-torch" }',
        '[[tool.uv.index]]',
        'name = "nimbus-torch"',
        'url = "https://torch.example/cpu"',
        'explicit = true',
        '',
      ].join('\n'),
    );
    assert.match(lockInputs({ requirements: ['x'] }, ['torch'], 'u')['pyproject.toml']!, /\["x","torch"\]/);
    assert.doesNotMatch(lockInputs({ requirements: ['x'] }, [], 'u')['pyproject.toml']!, /index/);
  });

  it('refuses what uv prints that is no pin with hashes', () => {
    assert.ok(pinsFrom(`x==1 \\\n    --hash=${HASH}`).ok);
    assert.ok(!pinsFrom('x @ git+https://h.example/x').ok);
  });
});
