import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';
import {
  editModels,
  migrateLegacy,
  placeDeployment,
  removeDeployment,
  setDeployment,
  setModel,
} from '../../../src/core/models/edit.ts';
import { updateModelsFile } from '../../../src/core/models/file.ts';
import { readModels } from '../../../src/core/models/read.ts';
import { places } from '../../../src/core/places.ts';
import { ok, type Outcome } from '../../../src/shared/outcome.ts';
import { temporaryFolder } from './temporary.ts';

const SENTIMENT = { path: 'models/sentiment.joblib', framework: 'sklearn' } as const;
const LOCAL = { model: 'sentiment', deployment: 'local' };

describe('editing models.json', () => {
  const temporary = temporaryFolder();
  const file = (): string => path.join(temporary.folder, 'models.json');
  const text = (): string => readFileSync(file(), 'utf8');

  async function refused(code: string): Promise<void> {
    const before = existsSync(file()) ? readFileSync(file()) : undefined;
    const result = await editModels(temporary.folder, setModel('sentiment', SENTIMENT));
    assert.equal(result.ok ? 'ok' : result.error.code, code);
    assert.deepEqual(existsSync(file()) ? readFileSync(file()) : undefined, before);
  }

  it('makes the file, and leaves nothing else behind', async () => {
    const result = await editModels(
      temporary.folder,
      setModel('sentiment', SENTIMENT),
      setDeployment(LOCAL, { target: 'local' }),
    );
    assert.deepEqual(result, { ok: true, value: { changed: true } });
    const model = { ...SENTIMENT, deployments: { local: { target: 'local' } } };
    assert.equal(text(), `${JSON.stringify({ version: 1, models: { sentiment: model } }, undefined, 2)}\n`);
    assert.deepEqual(readdirSync(temporary.folder), ['models.json']);
    assert.deepEqual(readdirSync(places().run), []);
  });

  it('says where a deployment on AWS is, and takes nothing back that was saved while AWS was asked', async () => {
    const key = { model: 'sentiment', deployment: 'prod' };
    const seen = { target: 'lambda', region: 'eu-west-1', auth: 'iam' } as const;
    const place = {
      account: '123456789012',
      region: 'eu-west-1',
      stack: 'nimbus-sentiment-prod',
      url: 'https://a.example',
    };
    const placed = async (...meanwhile: Parameters<typeof setDeployment>[1][]): Promise<unknown> => {
      const edits = [seen, ...meanwhile].map((spec) => setDeployment(key, spec));
      await editModels(temporary.folder, setModel(key.model, SENTIMENT), ...edits);
      await editModels(temporary.folder, placeDeployment(key, place, seen));
      const read = await readModels(temporary.folder);
      const found = read.ok && read.value.models[key.model]?.deployments?.[key.deployment];
      await editModels(temporary.folder, removeDeployment(key, { dropModel: true }));
      return found;
    };
    assert.deepEqual(await placed(), { ...seen, ...place });
    const saved = { target: 'lambda', auth: 'key', logRetentionDays: 30 } as const;
    assert.deepEqual(await placed(saved), { ...seen, ...saved, ...place });
    const moved = { target: 'lambda', region: 'eu-central-1' } as const;
    assert.deepEqual(await placed(moved), { ...seen, ...moved });
    await editModels(temporary.folder, setModel(key.model, SENTIMENT), placeDeployment(key, place, seen));
    assert.ok(!text().includes('prod'));
  });

  it('refuses a deployment whose function would have the name of another, or a longer one than AWS Lambda takes', async () => {
    const codeOf = async (model: string, deployment: string): Promise<string> => {
      const key = { model, deployment };
      const edits = [setModel(model, SENTIMENT), setDeployment(key, { target: 'local' })];
      const edited = await editModels(temporary.folder, ...edits);
      return edited.ok ? 'ok' : edited.error.code;
    };
    assert.equal(await codeOf('a', 'b-local'), 'ok');
    assert.equal(await codeOf('a-b', 'local'), 'function-name-taken');
    assert.equal(await codeOf('a-b', 'other'), 'ok');
    assert.equal(await codeOf('a', 'b-other'), 'function-name-taken');
    assert.equal(await codeOf('m'.repeat(30), 'd'.repeat(26)), 'ok');
    assert.equal(await codeOf('n'.repeat(30), 'd'.repeat(27)), 'function-name-too-long');
    // What is there already is edited as before.
    assert.equal(await codeOf('a', 'b-local'), 'ok');
  });

  it('does not touch a file that says so already', async () => {
    await editModels(temporary.folder, setModel('sentiment', SENTIMENT));
    const before = statSync(file());
    assert.deepEqual(
      await editModels(
        temporary.folder,
        setModel('sentiment', SENTIMENT),
        removeDeployment(LOCAL, { dropModel: false }),
      ),
      {
        ok: true,
        value: { changed: false },
      },
    );
    assert.equal(statSync(file()).ino, before.ino);
    assert.equal(statSync(file()).mtimeMs, before.mtimeMs);
  });

  it('writes over no entry of a newer Nimbus, and drops no model that has one', async () => {
    const entries = {
      vision: { path: 'v.onnx', framework: 'caff' },
      sentiment: {
        ...SENTIMENT,
        deployments: { local: { target: 'local' }, prod: { target: 'kubernetes', cluster: 'x' } },
      },
    };
    const before = `${JSON.stringify({ version: 1, models: entries }, undefined, 2)}\n`;
    writeFileSync(file(), before);
    for (const edit of [
      setModel('vision', SENTIMENT),
      setDeployment({ model: 'vision', deployment: 'local' }, { target: 'local' }),
      setDeployment({ model: 'sentiment', deployment: 'prod' }, { target: 'local' }),
    ]) {
      const result = await editModels(temporary.folder, edit);
      assert.match(result.ok ? 'ok' : result.error.code, /needs-newer-nimbus|model-not-declared/);
      assert.equal(text(), before);
    }
    await editModels(temporary.folder, removeDeployment(LOCAL, { dropModel: true }));
    await editModels(temporary.folder, setModel('sentiment', { ...SENTIMENT, description: 'Reviews' }));
    const { models } = JSON.parse(text());
    assert.deepEqual(models.vision, entries.vision);
    const { prod } = entries.sentiment.deployments;
    assert.deepEqual(models.sentiment, { ...SENTIMENT, deployments: { prod }, description: 'Reviews' });
  });

  it('removes a deployment, and the model with its last one where that is asked for', async () => {
    await editModels(
      temporary.folder,
      setModel('sentiment', SENTIMENT),
      setDeployment(LOCAL, { target: 'local' }),
      setDeployment({ ...LOCAL, deployment: 'second' }, { target: 'local' }),
    );
    await editModels(temporary.folder, removeDeployment(LOCAL, { dropModel: true }));
    const one = await readModels(temporary.folder);
    assert.deepEqual(one.ok && Object.keys(one.value.models['sentiment']!.deployments!), ['second']);
    await editModels(temporary.folder, removeDeployment({ ...LOCAL, deployment: 'second' }, { dropModel: true }));
    const none = await readModels(temporary.folder);
    assert.deepEqual(none.ok && Object.keys(none.value.models), []);
  });

  it('makes all edits or none', async () => {
    const result = await editModels(
      temporary.folder,
      setModel('a', SENTIMENT),
      setDeployment({ model: 'b', deployment: 'local' }, { target: 'local' }),
    );
    assert.equal(result.ok ? '' : result.error.code, 'model-not-declared');
    assert.equal(existsSync(file()), false);
  });

  it('keeps what others changed since the edit was thought of, and their model of the same name', async () => {
    await editModels(temporary.folder, setModel('a', { ...SENTIMENT, memoryMb: 512, timeoutSeconds: 5 }));
    const seen = { ...SENTIMENT, memoryMb: 256, timeoutSeconds: 5 };
    const edit = setModel('a', { ...seen, timeoutSeconds: 9 }, seen);
    assert.ok((await editModels(temporary.folder, edit)).ok);
    const { memoryMb, timeoutSeconds } = JSON.parse(text()).models.a;
    assert.deepEqual([memoryMb, timeoutSeconds], [512, 9]);
    for (const before of [null, { path: 'third.pkl', framework: 'sklearn' } as const]) {
      const other = setModel('a', { path: 'other.pkl', framework: 'sklearn' }, before);
      const taken = await editModels(temporary.folder, other);
      assert.equal(taken.ok ? '' : taken.error.code, 'name-taken');
    }
    assert.equal(JSON.parse(text()).models.a.path, SENTIMENT.path);
    // One that is gone meanwhile is written whole.
    writeFileSync(file(), '{"version": 1, "models": {}}');
    assert.ok((await editModels(temporary.folder, edit)).ok);
    assert.deepEqual(JSON.parse(text()).models.a, { ...seen, timeoutSeconds: 9 });
  });

  it('refuses what the schema forbids, and says why', async () => {
    const name = await editModels(temporary.folder, setModel('Big Name', SENTIMENT));
    assert.equal(name.ok ? '' : name.error.code, 'invalid-name');
    const memory = await editModels(temporary.folder, setModel('a', { ...SENTIMENT, memoryMb: 3 }));
    assert.match(memory.ok ? '' : memory.error.why!, /"memoryMb" of "model" is 3: write 128 or more/);
  });

  it('keeps mode, byte order mark and line ends', async () => {
    writeFileSync(file(), '\uFEFF{\r\n\t"version": 1,\r\n\t"models": {} // none\r\n}\r\n');
    chmodSync(file(), 0o640);
    await editModels(temporary.folder, setModel('a', SENTIMENT));
    assert.equal(
      text(),
      '\uFEFF{\r\n\t"version": 1,\r\n\t"models": {\r\n\t\t"a": {\r\n\t\t\t"path": "models/sentiment.joblib",\r\n\t\t\t"framework": "sklearn"\r\n\t\t}\r\n\t} // none\r\n}\r\n',
    );
    assert.equal(statSync(file()).mode & 0o777, 0o640);
  });

  it('writes through a link, also through one that leads nowhere yet', async () => {
    mkdirSync(path.join(temporary.folder, 'shared'));
    symlinkSync('shared/real.json', file());
    for (const name of ['a', 'b']) {
      assert.ok((await editModels(temporary.folder, setModel(name, SENTIMENT))).ok);
      assert.ok(lstatSync(file()).isSymbolicLink());
    }
    assert.deepEqual(
      Object.keys(JSON.parse(readFileSync(path.join(temporary.folder, 'shared/real.json'), 'utf8')).models),
      ['a', 'b'],
    );
  });

  it('never overwrites what it cannot use, and says where it is wrong', async () => {
    writeFileSync(file(), '{\n  "version": 1,\n  "models": {,}\n}');
    await refused('models-file-invalid');
    const result = await readModels(temporary.folder);
    assert.match(result.ok ? '' : result.error.what, /models\.json:3:14 is not valid/);
    writeFileSync(file(), '{\n<<<<<<< a\n=======\n>>>>>>> b\n}');
    await refused('models-file-conflict');
    writeFileSync(file(), '{"version": 2, "models": {}}');
    await refused('models-file-newer');
    writeFileSync(file(), '[]');
    await refused('models-file-legacy');
    writeFileSync(file(), '');
    await refused('models-file-invalid');
    writeFileSync(file(), Buffer.from('{"version":1,"models":{},"x":"\xe9"}', 'latin1'));
    await refused('models-file-unreadable');
    writeFileSync(file(), '{"version": 1, "models": {}}');
    chmodSync(file(), 0o444);
    await refused('models-file-not-writable');
  });

  it('refuses a folder in its place, a link to itself, and a project that is gone', async () => {
    mkdirSync(file());
    const folder = await editModels(temporary.folder, setModel('a', SENTIMENT));
    assert.equal(folder.ok ? '' : folder.error.code, 'models-file-unreadable');
    const other = path.join(temporary.folder, 'other');
    mkdirSync(other);
    symlinkSync('models.json', path.join(other, 'models.json'));
    const loop = await editModels(other, setModel('a', SENTIMENT));
    assert.equal(loop.ok ? '' : loop.error.code, 'models-file-not-writable');
    const gone = await editModels(path.join(temporary.folder, 'gone'), setModel('a', SENTIMENT));
    assert.equal(gone.ok ? '' : gone.error.code, 'models-file-not-writable');
  });

  it('keeps what another program writes between reading and replacing', async () => {
    writeFileSync(file(), '{"version":1,"models":{}}');
    let asked = 0;
    const result = await updateModelsFile(temporary.folder, (_document, before): Outcome<string> => {
      asked++;
      if (asked === 1) writeFileSync(file(), '{"version":1,"models":{},"theirs":true}');
      return ok(before!.replace('{"version"', '{"ours":true,"version"'));
    });
    assert.ok(result.ok);
    assert.equal(asked, 2);
    assert.equal(text(), '{"ours":true,"version":1,"models":{},"theirs":true}');
  });

  it('gives up on a file that never stops changing, and says so', async () => {
    let asked = 0;
    const result = await updateModelsFile(temporary.folder, (): Outcome<string> => {
      writeFileSync(file(), `{"version":1,"models":{},"n":${++asked}}`);
      return ok('{"version":1,"models":{}}');
    });
    assert.equal(result.ok ? '' : result.error.code, 'models-file-busy');
    assert.equal(text(), `{"version":1,"models":{},"n":${asked}}`);
    assert.deepEqual(readdirSync(temporary.folder), ['models.json']);
  });

  it('loses no edit of many at once in one process', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `model-${index}`);
    const results = await Promise.all(names.map((name) => editModels(temporary.folder, setModel(name, SENTIMENT))));
    assert.ok(results.every((one) => one.ok));
    const read = await readModels(temporary.folder);
    assert.deepEqual(read.ok && Object.keys(read.value.models).sort(), names.sort());
  });

  it('migrates the bare list, and keeps its comments and what it cannot run', async () => {
    writeFileSync(
      file(),
      '[ // ours\n  {"modelName": "ner", "modelType": "spacy", "modelPathOrName": "models/ner", "description": "Names"},\n  /* later */ {"modelName": "bert", "modelType": "hf", "modelPathOrName": "bert"}\n]',
    );
    assert.deepEqual(await migrateLegacy(temporary.folder), { ok: true, value: { changed: true } });
    assert.match(text(), /^\/\/ ours\n\/\* later \*\/\n\/\/ Not migrated, .*"hf": \{"modelName":"bert".*\}\n\{\n/);
    const read = await readModels(temporary.folder);
    assert.deepEqual(read.ok && { ...read.value.models }, {
      ner: { path: 'models/ner', framework: 'spacy', description: 'Names' },
    });
    assert.deepEqual(await migrateLegacy(temporary.folder), { ok: true, value: { changed: false } });
  });
});
