import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { detect } from '../../../src/core/detect/detect.ts';
import { detectMarkers, foldersMarkedBy } from '../../../src/core/detect/markers.ts';
import { testPython } from '../environment/python.ts';
import { onnxFile } from './bytes.ts';
import { DetectFiles, TORCH_WRITER } from './files.ts';

/** Whether a search for the markers finds a file of this name. */
const isSearched = (name: string): boolean =>
  detectMarkers.files.some((one) => one === name) || detectMarkers.alone.flat().some((ending) => name.endsWith(ending));

describe('the folders that the Explorer offers and those that are a model', () => {
  const { at, write, python } = new DetectFiles();

  it('are the same, whatever lies in them', async function () {
    this.timeout(120_000);
    python(`${TORCH_WRITER}\nscript('program.pt')`);
    write('model.onnx', onnxFile());
    write('handler.py', 'def load(path): return 1\n\n\ndef predict(model, input): return input\n');
    const other = ['labels.txt', 'notes.md', 'train.py'];
    const onnx = detectMarkers.alone[1].flatMap((ending) => [`first${ending}`, `model${ending}`]);
    const torch = detectMarkers.alone[0].map((ending) => `net${ending}`);
    const names = [...torch, 'other.pt', ...onnx, ...other, 'handler.py'];
    let count = 0;
    const seen = { offered: 0, left: 0 };
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.constantFrom(...names), { maxLength: 4 }), async (files) => {
        const folder = at(`folder-${++count}`);
        mkdirSync(folder);
        for (const name of files) {
          if (name === 'handler.py') copyFileSync(at('handler.py'), path.join(folder, name));
          else if (other.includes(name)) writeFileSync(path.join(folder, name), 'a\nb\n');
          else copyFileSync(at(name.endsWith('.onnx') ? 'model.onnx' : 'program.pt'), path.join(folder, name));
        }
        const found = files.filter(isSearched).map((name) => `/w/folder/${name}`);
        const isOffered = foldersMarkedBy(found).includes('/w/folder');
        const detected = await detect(folder, { python: testPython() });
        rmSync(folder, { recursive: true });
        seen[isOffered ? 'offered' : 'left']++;
        // What is offered may turn out to be several models: then it says which.
        if (isOffered) assert.ok(detected.ok || detected.error.code === 'model-ambiguous', JSON.stringify(detected));
        else assert.ok(!detected.ok, `${files.join(', ')} is a model and is not offered`);
      }),
      {
        numRuns: 60,
        seed: 7,
        examples: [
          [['net.pt', 'labels.txt']],
          [['net.pt2']],
          [['first.onnx']],
          [['net.pt', 'other.pt']],
          [['first.onnx', 'model.onnx']],
          [['labels.txt']],
        ],
      },
    );
    assert.ok(seen.offered > 10 && seen.left > 2, JSON.stringify(seen));
  });

  it('a folder above is meant where one trains or exports into a folder of its own', () => {
    const files = ['/w/a/model-best/config.cfg', '/w/b/onnx/model.onnx', '/w/c/net.pt', '/w/d/one.pt', '/w/d/two.pt'];
    assert.deepEqual(foldersMarkedBy(files), ['/w/a/model-best', '/w/a', '/w/b/onnx', '/w/b', '/w/c']);
  });
});
