import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'mocha';
import { editModels, setModel } from '../../../src/core/models/edit.ts';
import { parseModels } from '../../../src/core/models/parse.ts';
import { temporaryFolder } from './temporary.ts';

const SCRIPT = fileURLToPath(new URL('editor-process.ts', import.meta.url));

function edit(project: string, prefix: string, count: number): ChildProcess {
  return spawn(process.execPath, [SCRIPT, project, prefix, String(count)], { stdio: ['ignore', 'pipe', 'inherit'] });
}

describe('models.json between processes', () => {
  const temporary = temporaryFolder();

  it('loses no edit of three processes at once, nor the comment between them', async () => {
    const file = path.join(temporary.folder, 'models.json');
    writeFileSync(file, '{\n  "version": 1, // ours\n  "models": {}\n}\n');
    const children = ['a', 'b', 'c'].map((prefix) => edit(temporary.folder, prefix, 20));
    for (const child of children) child.stdout!.resume();
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0] as number));
    assert.deepEqual(codes, [0, 0, 0]);
    const text = readFileSync(file, 'utf8');
    const document = parseModels(text);
    assert.ok(document.kind === 'ok');
    assert.equal(Object.keys(document.spec.models).length, 60);
    assert.match(text, /"version": 1, \/\/ ours\n/);
  }).timeout(60_000);

  it('is the old or the new file wherever a process is killed, and the next edit goes on', async () => {
    const file = path.join(temporary.folder, 'models.json');
    // Large, so that writing it takes a while.
    const models = Object.fromEntries(
      Array.from({ length: 3000 }, (_, index) => [`model-${index}`, { path: 'x.pkl', framework: 'sklearn' }]),
    );
    writeFileSync(file, JSON.stringify({ version: 1, models }, undefined, 2));
    for (let round = 0; round < 4; round++) {
      const child = edit(temporary.folder, `r${round}`, Infinity);
      // Two edits were made: it is in the middle of a later one, at a moment that differs by round.
      let lines = 0;
      for await (const chunk of child.stdout!) {
        lines += String(chunk).split('\n').length - 1;
        if (lines >= 2 + (round % 3)) break;
      }
      const ended = once(child, 'exit');
      for (let turn = 0; turn < round * 2000; turn++) Math.hypot(turn, round);
      child.kill('SIGKILL');
      await ended;
      const document = parseModels(readFileSync(file, 'utf8'));
      assert.equal(document.kind, 'ok');
      assert.ok(document.kind === 'ok' && Object.keys(document.spec.models).length >= 3000);
    }
    assert.deepEqual(await editModels(temporary.folder, setModel('last', { path: 'y.pkl', framework: 'sklearn' })), {
      ok: true,
      value: { changed: true },
    });
  }).timeout(60_000);
});
