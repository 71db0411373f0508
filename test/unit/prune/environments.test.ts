/** Which managed environments may go, and what is said of them. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { COMPLETE, environmentsFolder } from '../../../src/core/environment/managed.ts';
import { noteUse } from '../../../src/core/environment/used.ts';
import { places, projectId } from '../../../src/core/places.ts';
import { noteProject } from '../../../src/core/prune/projects.ts';
import { findPrunable, type PruneScope } from '../../../src/core/prune/prune.ts';
import { fail } from '../../../src/shared/outcome.ts';
import type { PruneItem } from '../../../src/shared/prune.ts';
import { temporaryFolder } from '../models/temporary.ts';

const LONG_AGO = new Date('2020-01-01T00:00:00Z');

describe('managed environments that may go', () => {
  const temporary = temporaryFolder();

  /** A complete environment of long ago; answers with its interpreter. */
  function environment(key: string, requirements = ['scikit-learn==1.5.2']): string {
    const folder = path.join(environmentsFolder(), key);
    mkdirSync(path.join(folder, 'bin'), { recursive: true });
    writeFileSync(path.join(folder, 'pyvenv.cfg'), 'home = /usr/bin\nversion = 3.12.4\n');
    writeFileSync(path.join(folder, COMPLETE), JSON.stringify({ requirements }));
    return path.join(folder, 'bin/python');
  }

  function folder(name: string): string {
    const place = path.join(temporary.folder, name);
    mkdirSync(place, { recursive: true });
    return place;
  }

  async function found(): Promise<{ items: PruneItem[]; remarks: string[] }> {
    for (const key of ['one', 'two']) {
      const place = path.join(environmentsFolder(), key);
      if (statSync(place, { throwIfNoEntry: false })) utimesSync(place, LONG_AGO, LONG_AGO);
    }
    const scope: PruneScope = {
      project: folder('own'),
      deployments: () => [],
      making: () => [],
      engine: () => Promise.resolve(fail('no-engine', 'There is none.')),
      own: { mark: 'own', hostId: 'own' },
      deadMark: () => Promise.resolve(undefined),
      program: '/nowhere',
    };
    const { items, remarks } = await findPrunable(scope);
    return { items, remarks: remarks.filter((remark) => !remark.includes('There is none.')) };
  }

  it('are told by their Python, models, packages and last use', async () => {
    const python = environment('one', ['a==1', 'b==2', 'c==3', 'd==4']);
    const shop = folder('shop');
    for (const model of ['flowers', 'reviews', 'flowers']) await noteUse(python, { project: shop, model });
    await noteUse(python, { project: folder('garden'), model: 'flowers' });
    // Of a Python of the user's own nothing is written anywhere.
    await noteUse(path.join(shop, 'venv/bin/python'), { project: shop, model: 'flowers' });
    environment('two');
    const { items } = await found();
    const today = new Date().toISOString().slice(0, 10);
    assert.deepEqual(items.map(({ name, detail }) => [name, detail]).toSorted(), [
      [
        'Python 3.12.4 for flowers, reviews in shop, flowers in garden',
        `a==1, b==2, c==3 and 1 more, last used ${today}`,
      ],
      ['Python 3.12.4', 'scikit-learn==1.5.2, last used 2020-01-01'],
    ]);
  });

  it('are not held by a project whose folder is gone, also with all that was around it', async () => {
    const python = environment('one');
    for (const name of ['alone/project', 'empty above', 'several/above/project']) {
      await noteProject(folder(name), [python]);
      rmSync(path.join(temporary.folder, name.split('/')[0]!), { recursive: true });
    }
    const { items, remarks } = await found();
    assert.deepEqual(
      items.map(({ id }) => id),
      [path.join(environmentsFolder(), 'one')],
    );
    assert.deepEqual(remarks, []);
  });

  it('are held by a project on a disk that is not there, as far as it uses them', async () => {
    const [used] = [environment('one'), environment('two')];
    const project = folder('mounted/project');
    await noteProject(project, [used]);
    const note = path.join(places().data, 'projects', `${projectId(project)}.json`);
    writeFileSync(note, JSON.stringify({ folder: project, device: 'another', interpreters: [used] }));
    rmSync(project, { recursive: true });
    const { items, remarks } = await found();
    assert.deepEqual(
      items.map(({ id }) => id),
      [path.join(environmentsFolder(), 'two')],
    );
    assert.equal(remarks.length, 1);
    assert.ok(remarks[0]!.includes(project) && remarks[0]!.includes(path.dirname(note)), remarks[0]);
  });

  it('are held by a project whose disk left a folder behind with files of its own', async () => {
    const used = environment('one');
    const project = folder('mounted');
    writeFileSync(path.join(project, '.DS_Store'), '');
    const note = path.join(places().data, 'projects', `${projectId(project)}.json`);
    const onDisk = async (device: string): Promise<void> => {
      await noteProject(project, [used]);
      writeFileSync(note, JSON.stringify({ folder: project, device, interpreters: [used] }));
    };
    await onDisk('another');
    const { items, remarks } = await found();
    assert.deepEqual(items, []);
    assert.match(remarks.join('\n'), /what is used there stays/);
    // A disk may have another number each time that it is mounted.
    mkdirSync(path.join(project, '.nimbus'));
    writeFileSync(path.join(project, '.nimbus/state.json'), '{}');
    const mounted = await found();
    assert.deepEqual([mounted.items.length, mounted.remarks], [1, []]);
  });

  it('are all held where nobody knows what a project uses', async () => {
    environment('one');
    const notes = path.join(places().data, 'projects');
    mkdirSync(notes, { recursive: true });
    writeFileSync(path.join(notes, 'bbbbbbbbbbbbbbb2.json'), JSON.stringify({ folder: '/nowhere/mounted/project' }));
    const { items, remarks } = await found();
    assert.deepEqual(items, []);
    assert.match(remarks.join('\n'), /\(\/nowhere\/mounted\/project\): environments stay/);
  });

  it('are not held by the key of a project in which nothing was ever deployed', async () => {
    environment('one');
    const notes = path.join(places().data, 'projects');
    mkdirSync(notes, { recursive: true });
    writeFileSync(path.join(notes, 'bbbbbbbbbbbbbbb2.key'), '00');
    const { items, remarks } = await found();
    assert.deepEqual([items.length, remarks], [1, []]);
  });
});
