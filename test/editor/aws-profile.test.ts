import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { cloudChoice } from '../../src/editor/cloud/account.ts';
import type { Editor } from '../../src/editor/editor.ts';
import { workspace } from './host-window.ts';

const settings = path.join(workspace, '.vscode/settings.json');
/** Of a window in which nobody chose a profile. */
const editor = { extension: { workspaceState: { get: (_key: string, usual: unknown) => usual } } } as unknown as Editor;

describe('the profile of the AWS Toolkit', () => {
  after(() => rmSync(path.dirname(settings), { recursive: true, force: true }));

  /** Without the Toolkit nobody has registered the setting: only its file can have it. */
  const profileWhere = async (value: string): Promise<string | undefined> => {
    const heard = new Promise<void>((resolve) => {
      const listening = vscode.workspace.onDidChangeConfiguration((change) => {
        if (!change.affectsConfiguration('aws.profile')) return;
        listening.dispose();
        resolve();
      });
    });
    mkdirSync(path.dirname(settings), { recursive: true });
    writeFileSync(settings, JSON.stringify({ 'aws.profile': value }));
    await heard;
    return cloudChoice(editor, workspace).profile;
  };

  it('is taken where its setting names one, and nobody chose another', async function () {
    this.timeout(30_000);
    assert.equal(cloudChoice(editor, workspace).profile, undefined);
    assert.equal(await profileWhere('profile:dev'), 'dev');
    assert.equal(await profileWhere('ec2:instance'), undefined);
    assert.equal(await profileWhere('prod'), 'prod');
  });
});
