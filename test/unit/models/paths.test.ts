import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { freeName, toName } from '../../../src/core/models/names.ts';
import { findProject, modelPath, portablePath } from '../../../src/core/models/paths.ts';
import { MODEL_NAME } from '../../../src/shared/spec.ts';
import { temporaryFolder } from './temporary.ts';

describe('paths of models', () => {
  const temporary = temporaryFolder();
  const at = (...parts: string[]): string => path.join(temporary.folder, ...parts);

  it('finds the nearest folder with a models.json, else the one it starts from', () => {
    mkdirSync(at('a/b/c'), { recursive: true });
    assert.equal(findProject(at('a/b/c')), at('a/b/c'));
    writeFileSync(at('models.json'), '');
    assert.equal(findProject(at('a/b/c')), temporary.folder);
    writeFileSync(at('a/b/models.json'), '');
    assert.equal(findProject(at('a/b/c')), at('a/b'));
  });

  it('takes a models.json of the home folder for the home folder alone', () => {
    const { HOME } = process.env;
    process.env['HOME'] = temporary.folder;
    try {
      mkdirSync(at('work/one'), { recursive: true });
      writeFileSync(at('models.json'), '');
      assert.equal(findProject(temporary.folder), temporary.folder);
      assert.equal(findProject(at('work/one')), at('work/one'));
    } finally {
      process.env['HOME'] = HOME;
    }
  });

  it('writes what is inside relative and with slashes, the rest absolute', () => {
    assert.deepEqual(portablePath(temporary.folder, at('models', `ü "q".pkl`)), {
      path: 'models/ü "q".pkl',
      portable: true,
    });
    assert.deepEqual(portablePath(temporary.folder, at('x', '..', 'm.pkl')), { path: 'm.pkl', portable: true });
    assert.deepEqual(portablePath(temporary.folder, at('..m')), { path: '..m', portable: true });
    assert.deepEqual(portablePath(temporary.folder, temporary.folder), { path: '.', portable: true });
    assert.deepEqual(portablePath(at('project'), at('other/m.pkl')), { path: at('other/m.pkl'), portable: false });
    assert.deepEqual(portablePath(at('project'), at('project-2/m.pkl')), {
      path: at('project-2/m.pkl'),
      portable: false,
    });
  });

  it('finds project and model together where one was reached through a link', () => {
    mkdirSync(at('real/models'), { recursive: true });
    mkdirSync(at('elsewhere'));
    symlinkSync('real', at('link'));
    symlinkSync(at('elsewhere'), at('real/models/linked'));
    assert.equal(portablePath(at('link'), at('real/models/m.pkl')).path, 'models/m.pkl');
    assert.equal(portablePath(at('real'), at('link/models/m.pkl')).path, 'models/m.pkl');
    assert.equal(portablePath(at('real'), at('real/models/linked')).path, 'models/linked');
  });

  it('reads back what it wrote', () => {
    const part = fc
      .string({ minLength: 1, maxLength: 8, unit: 'grapheme' })
      .filter((one) => !/[/\\\0]/.test(one) && one !== '.' && one !== '..');
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const absolute = at(...parts);
        const { path: written, portable } = portablePath(temporary.folder, absolute);
        assert.ok(portable);
        assert.equal(modelPath(temporary.folder, { path: written }), absolute);
      }),
    );
    assert.equal(modelPath('/project', { path: '/abs/m.pkl' }), '/abs/m.pkl');
  });
});

describe('names of models', () => {
  it('are made from any text, and always valid', () => {
    assert.equal(toName('My Model!'), 'my-model');
    assert.equal(toName('Crème_brûlée v2'), 'creme-brulee-v2');
    assert.equal(toName('2024 é'), 'model-2024-e');
    assert.equal(toName('Größe & Ä'), 'grosse-a');
    assert.equal(toName('Łódź Øre Æsir'), 'lodz-ore-aesir');
    assert.equal(toName('模型'), 'model');
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => MODEL_NAME.test(toName(text))));
  });

  it('get a number where they are taken, and stay valid', () => {
    assert.equal(freeName('a', { a: 1, 'a-2': 1 }), 'a-3');
    assert.equal(freeName('constructor', {}), 'constructor');
    const long = 'a'.repeat(30);
    assert.equal(freeName(long, { [long]: 1 }), `${'a'.repeat(28)}-2`);
  });
});
