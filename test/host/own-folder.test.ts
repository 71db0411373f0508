import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { sweepFunctionFiles } from '../../src/core/host/function-file.ts';
import { Snapshots } from '../../src/core/host/snapshots.ts';
import { TestProject } from './support.ts';

describe('a repository that brings links as .nimbus', () => {
  let project: TestProject;
  let elsewhere: string;
  beforeEach(() => {
    project = new TestProject();
    elsewhere = path.join(project.home, 'elsewhere');
    mkdirSync(path.join(elsewhere, 'folder'), { recursive: true });
    writeFileSync(path.join(elsewhere, 'folder/kept'), 'kept');
    writeFileSync(path.join(elsewhere, 'tmp-kept'), 'kept');
    writeFileSync(path.join(elsewhere, 'state.json'), 'kept');
    utimesSync(path.join(elsewhere, 'tmp-kept'), 0, 0);
  });
  afterEach(() => project.end());

  const untouched = (): void => {
    assert.deepEqual(readdirSync(elsewhere).sort(), ['folder', 'state.json', 'tmp-kept']);
    assert.ok(existsSync(path.join(elsewhere, 'folder/kept')));
    assert.equal(readFileSync(path.join(elsewhere, 'state.json'), 'utf8'), 'kept');
  };

  it('has nothing written or deleted behind a link in it', async () => {
    const own = path.join(project.folder, '.nimbus');
    mkdirSync(own);
    symlinkSync(elsewhere, path.join(own, 'snapshots'));
    symlinkSync(elsewhere, path.join(own, 'functions'));
    symlinkSync(path.join(elsewhere, 'state.json'), path.join(own, 'state.json'));
    await project.connect();
    await project.deploy('echo', 'def load(path): pass\ndef predict(model, input): return input\n');
    untouched();
    assert.ok(lstatSync(path.join(own, 'state.json')).isFile());
  });

  it('has nothing written or deleted where .nimbus itself is a link', async () => {
    mkdirSync(path.join(elsewhere, 'folder/snapshots/kept'), { recursive: true });
    symlinkSync(path.join(elsewhere, 'folder'), path.join(project.folder, '.nimbus'));
    await project.connect();
    await project.deploy('echo', 'def load(path): pass\ndef predict(model, input): return input\n');
    untouched();
    assert.deepEqual(readdirSync(path.join(elsewhere, 'folder/snapshots')), ['kept']);
  });

  it('has nothing swept behind a link that comes later', async () => {
    const folder = path.join(project.folder, '.nimbus/snapshots');
    mkdirSync(path.dirname(folder));
    symlinkSync(elsewhere, folder);
    const snapshots = new Snapshots(folder);
    await snapshots.sweep(() => new Set());
    sweepFunctionFiles(folder);
    untouched();
  });
});
