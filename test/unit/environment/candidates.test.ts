import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';
import { candidates, parseLauncherList, searchCandidates } from '../../../src/core/environment/candidates.ts';
import { temporaryFolder } from '../models/temporary.ts';

describe('finding interpreters', () => {
  const temporary = temporaryFolder();
  const at = (...parts: string[]): string => path.join(temporary.folder, ...parts);

  function program(...parts: string[]): string {
    const file = at(...parts);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, '#!/bin/sh\n');
    chmodSync(file, 0o755);
    return file;
  }

  /** A virtual environment as venv makes it: its interpreter is a link to the one that it was made from. */
  function environment(folder: string, base: string): string {
    mkdirSync(at(folder, 'bin'), { recursive: true });
    writeFileSync(at(folder, 'pyvenv.cfg'), 'home = x\n');
    symlinkSync(base, at(folder, 'bin', 'python'));
    return at(folder, 'bin', 'python');
  }

  it('keeps the order: choice, extension, project, active, PATH', async () => {
    const base = program('sys', 'python3');
    const plain = program('sys2', 'python');
    const old = program('sys', 'python3.9');
    const expected = [
      { python: program('chosen', 'python'), source: 'chosen' },
      { python: program('extension', 'python'), source: 'python-extension' },
      { python: environment('project/.venv', base), source: 'project' },
      { python: environment('project/venv', base), source: 'project' },
      { python: environment('project/a-third', base), source: 'project' },
      { python: environment('active', base), source: 'path' },
      { python: program('conda/bin/python'), source: 'conda' },
      { python: base, source: 'path' },
      { python: plain, source: 'path' },
      { python: old, source: 'path' },
    ];
    mkdirSync(at('project/data'));
    const found = await candidates({
      chosen: at('chosen/python'),
      pythonExtension: at('extension/python'),
      project: at('project'),
      env: {
        PATH: `${at('sys')}:relative:${at('none')}:${at('sys2')}`,
        VIRTUAL_ENV: at('active'),
        CONDA_PREFIX: at('conda'),
      },
      platform: 'linux',
    });
    assert.deepEqual(found, expected);
  });

  it('names each once: by its real path, an environment by its folder', async () => {
    const base = program('sys', 'python3.12');
    symlinkSync('python3.12', at('sys', 'python3'));
    symlinkSync(at('sys'), at('bin'));
    const own = environment('project/.venv', base);
    symlinkSync('python', at('project/.venv/bin/python3'));
    const found = await candidates({
      chosen: at('project/.venv/bin/python3'),
      project: at('project'),
      env: { PATH: `${at('sys')}:${at('bin')}:${path.dirname(own)}`, VIRTUAL_ENV: at('project/.venv') },
      platform: 'linux',
    });
    assert.deepEqual(found, [
      { python: at('project/.venv/bin/python3'), source: 'chosen' },
      { python: at('sys/python3'), source: 'path' },
    ]);
  });

  it('finds what pyenv installed after the PATH, and not its shims of single versions', async () => {
    for (const name of ['python3', 'python3.12', 'python3.13']) program('pyenv/shims', name);
    const versions = ['3.9.18', '3.13.0', '3.12.1'].map((name) => program('pyenv/versions', name, 'bin/python'));
    program('pyenv/versions/3.8.18/bin/python');
    const found = await candidates({
      project: at('no-project'),
      env: { PATH: at('pyenv/shims'), PYENV_ROOT: at('pyenv') },
      platform: 'linux',
    });
    const [oldest, newest, between] = versions;
    assert.deepEqual(
      found.map(({ python, source }) => [python, source]),
      [
        [at('pyenv/shims/python3'), 'path'],
        [newest, 'pyenv'],
        [between, 'pyenv'],
        [oldest, 'pyenv'],
      ],
    );
    const atHome = await candidates({ project: at('no-project'), env: { HOME: at('home') }, platform: 'linux' });
    assert.deepEqual(atHome, []);
  });

  it('says why one is left out', async () => {
    mkdirSync(at('folder/python3'), { recursive: true });
    mkdirSync(at('store'));
    writeFileSync(at('store/python3'), '');
    writeFileSync(at('plain'), 'x');
    chmodSync(at('plain'), 0o644);
    const { candidates: found, skipped } = await searchCandidates({
      chosen: at('gone'),
      pythonExtension: at('plain'),
      project: at('no-project'),
      env: { PATH: `${at('folder')}:${at('store')}` },
      platform: 'linux',
    });
    assert.deepEqual(found, []);
    assert.deepEqual(skipped, [
      { python: at('gone'), why: 'There is no such file.' },
      { python: at('plain'), why: 'It may not be run by this user.' },
      { python: at('folder/python3'), why: 'It is not a file.' },
      { python: at('store/python3'), why: 'It is a placeholder of the Windows Store, not a Python.' },
    ]);
  });

  it('reads what the launcher of Windows lists, its default first', () => {
    const list = [
      ' -V:3.13          C:\\Program Files\\Python313\\python.exe',
      ' -V:3.12 *        C:\\Python312\\python.exe',
      ' -3.9-64        C:\\Python39\\python.exe',
      ' -V:Astral/3.11   ',
    ].join('\r\n');
    assert.deepEqual(parseLauncherList(list), [
      'C:\\Python312\\python.exe',
      'C:\\Program Files\\Python313\\python.exe',
      'C:\\Python39\\python.exe',
    ]);
  });
});
