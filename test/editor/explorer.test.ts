import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findModelFolders } from '../../src/editor/explorer/candidates.ts';
import { workspace } from './host-window.ts';

describe('the folders that the Explorer offers to deploy', () => {
  it('are those that may be a model, and no others', async () => {
    const found = (await findModelFolders())!.map(({ fsPath }) => path.relative(workspace, fsPath));
    for (const model of ['rules', 'models/entities']) assert.ok(found.includes(model), found.join());
    for (const plain of ['', 'models', '.vscode']) assert.ok(!found.includes(plain), plain);
  });

  it('are those whose only program is the model, too', async () => {
    const folders = {
      'one-program': ['net.pt', 'labels.txt'],
      'one-onnx': ['a.onnx'],
      'two-programs': ['a.pt', 'b.pt2'],
    };
    for (const [folder, files] of Object.entries(folders)) {
      mkdirSync(path.join(workspace, folder));
      for (const name of files) writeFileSync(path.join(workspace, folder, name), 'a');
    }
    try {
      const found = (await findModelFolders())!.map(({ fsPath }) => path.relative(workspace, fsPath));
      assert.ok(found.includes('one-program') && found.includes('one-onnx'), found.join());
      assert.ok(!found.includes('two-programs'), found.join());
    } finally {
      for (const folder of Object.keys(folders)) rmSync(path.join(workspace, folder), { recursive: true });
    }
  });

  it('are all of them where more may be models than menus can know', async () => {
    const count = (await findModelFolders())!.length;
    assert.equal(await findModelFolders(1), undefined);
    assert.equal((await findModelFolders(count + 1_000))?.length, count);
  });
});
