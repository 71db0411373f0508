import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { ModelsDocument } from '../../../src/core/models/document.ts';
import { watchModels, type ModelsWatcher } from '../../../src/core/models/watch.ts';
import type { ModelsSpec } from '../../../src/shared/spec.ts';
import { temporaryFolder } from './temporary.ts';

describe('watching models.json', () => {
  const temporary = temporaryFolder();
  let watcher: ModelsWatcher | undefined;
  let seen: string[] = [];
  let arrived = (): void => {};

  beforeEach(() => {
    seen = [];
  });
  afterEach(() => watcher?.close());

  const file = (): string => path.join(temporary.folder, 'models.json');
  const text = (...names: string[]): string =>
    JSON.stringify({
      version: 1,
      models: Object.fromEntries(names.map((name) => [name, { path: 'x', framework: 'spacy' }])),
    });

  async function start(): Promise<void> {
    watcher = await watchModels(temporary.folder, (document: ModelsDocument, lastGood: ModelsSpec | undefined) => {
      seen.push(`${document.kind} ${lastGood ? Object.keys(lastGood.models).join() : '-'}`);
      arrived();
    });
  }

  /** Resolves once the last state that was told of is this one. */
  function state(wanted: string): Promise<void> {
    return new Promise((resolve) => {
      arrived = () => {
        if (seen.at(-1) === wanted) resolve();
      };
      arrived();
    });
  }

  it('tells of the state it finds before it is started', async () => {
    writeFileSync(file(), text('a'));
    await start();
    assert.deepEqual(seen, ['ok a']);
  });

  it('tells of creation, changes, deletion and creation again', async () => {
    await start();
    assert.deepEqual(seen, ['absent -']);
    writeFileSync(file(), text('a'));
    await state('ok a');
    writeFileSync(file(), text('a', 'b'));
    await state('ok a,b');
    rmSync(file());
    await state('absent -');
    writeFileSync(file(), text('c'));
    await state('ok c');
  });

  it('sees an editor that replaces the file, twice', async () => {
    await start();
    for (const name of ['a', 'b']) {
      writeFileSync(path.join(temporary.folder, '.models.json.swp'), text(name));
      renameSync(path.join(temporary.folder, '.models.json.swp'), file());
      await state(`ok ${name}`);
    }
  });

  it('keeps the last good models beside an invalid file', async () => {
    writeFileSync(file(), text('a', 'b'));
    await start();
    writeFileSync(file(), '{"version": 1, "models": {');
    await state('invalid a,b');
    assert.deepEqual(Object.keys(watcher!.lastGood!.models), ['a', 'b']);
    assert.equal(watcher!.document.kind, 'invalid');
    writeFileSync(file(), text('a'));
    await state('ok a');
  });

  it('follows a link to a file in another folder', async () => {
    const other = path.join(temporary.folder, 'other');
    mkdirSync(other);
    writeFileSync(path.join(other, 'shared.json'), text('a'));
    symlinkSync(path.join('other', 'shared.json'), file());
    await start();
    writeFileSync(path.join(other, 'shared.json'), text('b'));
    await state('ok b');
  });

  it('goes on where the folder itself is deleted and made again', async () => {
    writeFileSync(file(), text('a'));
    await start();
    rmSync(temporary.folder, { recursive: true });
    await state('absent -');
    mkdirSync(temporary.folder);
    writeFileSync(file(), text('b'));
    await state('ok b');
    writeFileSync(file(), text('c'));
    await state('ok c');
  }).timeout(20_000);

  it('says nothing of what is the same, and nothing after it was closed', async () => {
    writeFileSync(file(), text('a'));
    await start();
    writeFileSync(file(), `${text('a')}\n`);
    writeFileSync(path.join(temporary.folder, 'other.json'), '1');
    writeFileSync(file(), text('b'));
    await state('ok b');
    assert.deepEqual(seen, ['ok a', 'ok b']);
    watcher!.close();
    const second = await watchModels(temporary.folder, () => arrived());
    const told = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    writeFileSync(file(), text('c'));
    await told;
    second.close();
    assert.deepEqual(seen, ['ok a', 'ok b']);
  });
});
