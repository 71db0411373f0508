import assert from 'node:assert/strict';
import path from 'node:path';
import { findModelFolders } from '../../src/editor/explorer/candidates.ts';
import { workspace } from './host-window.ts';

describe('the folders that the Explorer offers to deploy', () => {
  it('are those that may be a model, and no others', async () => {
    const found = (await findModelFolders())!.map(({ fsPath }) => path.relative(workspace, fsPath));
    for (const model of ['rules', 'models/entities']) assert.ok(found.includes(model), found.join());
    for (const plain of ['', 'models', '.vscode']) assert.ok(!found.includes(plain), plain);
  });

  it('are all of them where more may be models than menus can know', async () => {
    const count = (await findModelFolders())!.length;
    assert.equal(await findModelFolders(1), undefined);
    assert.equal((await findModelFolders(count + 1_000))?.length, count);
  });
});
