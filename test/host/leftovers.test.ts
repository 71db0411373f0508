/** What is left of operations is looked for without anything else depending on it. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { Leftovers, type Noted } from '../../src/core/host/leftovers.ts';
import { StateFile } from '../../src/core/host/state.ts';
import { temporaryFolder } from '../unit/models/temporary.ts';

describe('what operations left', () => {
  const temporary = temporaryFolder();

  it('stays noted where the engine cannot even be asked for, and keeps nothing else from being looked for', async () => {
    const project = path.join(temporary.folder, 'project');
    mkdirSync(project);
    const state = await StateFile.open(project, (error) => {
      throw error;
    });
    const name = { engine: 'one', repository: 'team/model', tag: 'latest', image: 'sha256:00', known: [] };
    const noted: Noted = { names: [name], folders: [path.join(temporary.folder, 'ejected.nimbus-0123abcd')] };
    state.state.lent = structuredClone(noted);
    const logged: string[] = [];
    const leftovers = new Leftovers({
      state,
      engine: () => Promise.reject(new TypeError('Invalid URL')),
      log: (text) => logged.push(text),
    });
    await leftovers.tidy();
    assert.deepEqual(state.state.lent, { ...noted, folders: [] });
    assert.match(logged.join('\n'), /team\/model.*Invalid URL/);
    await leftovers.tidy();
    await state.flush();
  });
});
