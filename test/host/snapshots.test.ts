import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { listFiles } from '../../src/core/host/files.ts';
import { functionVersion, Snapshots, type Snapshot } from '../../src/core/host/snapshots.ts';
import type { Outcome } from '../../src/shared/outcome.ts';

describe('snapshots', () => {
  let folder: string;
  let project: string;
  let model: string;
  let snapshots: Snapshots;
  const none = new AbortController().signal;

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'ns-')));
    project = path.join(folder, "pro ject's ünïcode");
    model = path.join(project, 'model');
    mkdirSync(path.join(model, 'sub'), { recursive: true });
    writeFileSync(path.join(model, 'a'), 'one');
    writeFileSync(path.join(model, 'sub/b'), 'two');
    snapshots = new Snapshots(path.join(project, '.nimbus/snapshots'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const take = (what = model): Promise<Outcome<Snapshot>> => snapshots.take(what, project, none);
  const taken = async (what = model): Promise<Snapshot> => {
    const outcome = await take(what);
    assert.ok(outcome.ok, JSON.stringify(outcome));
    return outcome.value;
  };
  const refused = async (what = model): Promise<string> => {
    const outcome = await take(what);
    assert.ok(!outcome.ok);
    assert.deepEqual(
      existsSync(path.join(project, '.nimbus/snapshots')) ? readdirSync(path.join(project, '.nimbus/snapshots')) : [],
      [],
    );
    return outcome.error.code;
  };

  it('hold the same contents under the same hash, and another under another', async () => {
    const first = await taken();
    assert.equal(readFileSync(path.join(first.path, 'sub/b'), 'utf8'), 'two');
    assert.deepEqual(await taken(), first);
    writeFileSync(path.join(model, 'a'), 'ONE');
    const second = await taken();
    assert.notEqual(second.hash, first.hash);
    writeFileSync(path.join(model, 'a'), 'one');
    const third = await taken();
    assert.equal(third.hash, first.hash);
    assert.notEqual(third.stamp, first.stamp);
    assert.equal(readFileSync(path.join(first.path, 'a'), 'utf8'), 'one');
  });

  it('change with a name, not with what is no part of a model', async () => {
    const { hash } = await taken();
    mkdirSync(path.join(model, '__pycache__'));
    writeFileSync(path.join(model, '__pycache__/x.pyc'), '');
    mkdirSync(path.join(model, 'env'));
    writeFileSync(path.join(model, 'env/pyvenv.cfg'), '');
    assert.equal((await taken()).hash, hash);
    writeFileSync(path.join(model, 'c'), '');
    assert.notEqual((await taken()).hash, hash);
  });

  it('of a model that is its project leave what Nimbus writes out', async () => {
    const first = await taken(project);
    writeFileSync(path.join(project, 'models.json'), '{}');
    assert.equal((await taken(project)).hash, first.hash);
    assert.equal(existsSync(path.join(first.path, '.nimbus')), false);
  });

  it('of one file hold one file', async () => {
    const { path: copy } = await taken(path.join(model, 'a'));
    assert.equal(readFileSync(copy, 'utf8'), 'one');
    assert.equal(path.basename(copy), 'a');
  });

  it('hold what links lead to, within the project', async () => {
    writeFileSync(path.join(project, 'shared'), 'shared');
    symlinkSync('../shared', path.join(model, 'link'));
    const { path: copy } = await taken();
    rmSync(path.join(project, 'shared'));
    assert.equal(readFileSync(path.join(copy, 'link'), 'utf8'), 'shared');
  });

  it('refuse links that lead out, nowhere, or in a circle', async () => {
    const secret = path.join(folder, 'secret');
    writeFileSync(secret, 'secret');
    for (const target of [secret, '/etc', './nothing', '..']) {
      const link = path.join(model, 'sub/link');
      symlinkSync(target, link);
      assert.equal(await refused(), 'model-link', target);
      unlinkSync(link);
    }
    symlinkSync('.', path.join(model, 'sub/self'));
    assert.equal(await refused(), 'model-link');
  });

  it('refuse what is missing, empty or far too much', async () => {
    assert.equal(await refused(path.join(project, 'nothing')), 'model-missing');
    mkdirSync(path.join(project, 'empty'));
    assert.equal(await refused(path.join(project, 'empty')), 'model-empty');
    const many = await listFiles(model, project, { maxFiles: 1 });
    assert.ok(!many.ok && many.error.code === 'model-too-many-files');
  });

  it('refuse what the user may not read, by name, with what to do', async () => {
    const secret = path.join(model, 'sub');
    chmodSync(folder, 0o755);
    chmodSync(secret, 0o000);
    // The system's administrator may read everything.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid!(65_534);
    try {
      const listed = await listFiles(model, project);
      assert.ok(!listed.ok);
      assert.equal(listed.error.code, 'model-not-readable');
      assert.ok(listed.error.what.includes(secret), listed.error.what);
      assert.match(listed.error.next ?? '', /Allow your user to read it, then redeploy/);
    } finally {
      if (isRoot) process.seteuid!(0);
      chmodSync(secret, 0o755);
    }
    const below = await listFiles(path.join(model, 'a/below'), project);
    assert.ok(!below.ok && below.error.code === 'model-missing');
  });

  it('that are cancelled leave nothing', async () => {
    const outcome = await snapshots.take(model, project, AbortSignal.abort());
    assert.ok(!outcome.ok && outcome.error.code === 'cancelled');
  });

  it('are taken once by many at the same time', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => taken()));
    assert.equal(new Set(all.map((one) => one.hash)).size, 1);
    assert.equal(readFileSync(path.join(all[0]!.path, 'a'), 'utf8'), 'one');
    assert.deepEqual(readdirSync(path.join(project, '.nimbus/snapshots')), [all[0]!.hash]);
  });

  it('that somebody changed are replaced by what was copied', async () => {
    const { path: copy, hash } = await taken();
    writeFileSync(path.join(copy, 'a'), 'evil');
    const fresh = new Snapshots(path.join(project, '.nimbus/snapshots'));
    const again = await fresh.take(model, project, none);
    assert.ok(again.ok && again.value.hash === hash);
    assert.equal(readFileSync(path.join(copy, 'a'), 'utf8'), 'one');
  });

  it('are swept but for those that are kept or held', async () => {
    const names: string[] = [];
    for (const text of ['1', '2', '3']) {
      writeFileSync(path.join(model, 'a'), text);
      names.push((await taken()).hash);
    }
    const release = snapshots.hold(names[1]!);
    await snapshots.sweep(() => new Set([names[0]!]));
    const there = (): string[] => readdirSync(path.join(project, '.nimbus/snapshots')).sort();
    assert.deepEqual(there(), [names[0]!, names[1]!].sort());
    release();
    await snapshots.sweep(() => new Set());
    assert.deepEqual(there(), []);
    // One that was swept is made again.
    assert.ok(existsSync((await taken()).path));
  });

  it('are mended once where several workers start at the same time in one that another has written into', async () => {
    const { hash, path: place } = await taken();
    const leave = snapshots.use(hash);
    writeFileSync(path.join(place, 'foreign'), '');
    const starts = ['one', 'two', 'three'].map(async () => {
      assert.ok((await snapshots.check(hash)) || (await snapshots.mend(hash)), 'each finds it whole, or makes it so');
      // As soon as it is, the worker is in it.
      return snapshots.use(hash);
    });
    const leaves = await Promise.all(starts);
    assert.deepEqual(readdirSync(place).toSorted(), ['a', 'sub']);
    // That of the first worker, moved aside with it, and one for all that started.
    assert.equal(readdirSync(path.join(project, '.nimbus/snapshots')).length, 2);
    for (const one of [leave, ...leaves]) one();
  });

  it('that came into use while others were removed stay', async () => {
    const names: string[] = [];
    for (const text of ['1', '2']) {
      writeFileSync(path.join(model, 'a'), text);
      names.push((await taken()).hash);
    }
    let asked = 0;
    await snapshots.sweep(() => new Set(asked++ === 0 ? [] : names));
    assert.ok(asked > 1);
    assert.deepEqual(readdirSync(path.join(project, '.nimbus/snapshots')).sort(), names.sort());
  });

  it('are swept with what a killed host left half-made, not with what is being made', async () => {
    const kept = path.join(project, '.nimbus/snapshots');
    mkdirSync(path.join(kept, 'tmp-left/model'), { recursive: true });
    const [{ hash }] = await Promise.all([taken(), snapshots.sweep(() => new Set()), snapshots.sweep(() => new Set())]);
    await snapshots.sweep(() => new Set([hash]));
    assert.deepEqual(readdirSync(kept), [hash]);
  });

  it('that were just taken are there for their taker to hold, whatever is swept', async () => {
    const stop = new AbortController();
    const sweeping = (async () => {
      while (!stop.signal.aborted) {
        await snapshots.sweep(() => new Set());
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const { hash, path: copy } = await taken();
    const release = snapshots.hold(hash);
    stop.abort();
    await sweeping;
    assert.ok(existsSync(copy));
    release();
  });

  it('make a version of a function with what else it depends on', () => {
    const parts = { files: 'f', modules: '', lock: 'l', runtime: 'r', framework: 'custom' } as const;
    const versions = [
      parts,
      { ...parts, files: 'x' },
      { ...parts, modules: 'x' },
      { ...parts, lock: 'x' },
      { ...parts, runtime: 'x' },
      { ...parts, framework: 'spacy' } as const,
    ].map(functionVersion);
    assert.equal(new Set(versions).size, 6);
    assert.match(versions[0]!, /^[0-9a-f]{64}$/);
  });
});
