import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import packageJson from '../../package.json' with { type: 'json' };

const extension = vscode.extensions.getExtension(`${packageJson.publisher}.${packageJson.name}`);

describe('the extension in VS Code', () => {
  it('activates', async () => {
    await extension!.activate();
    assert.equal(extension!.isActive, true);
  });

  it('registers the commands that package.json contributes, and no other of its name', async () => {
    const { commands } = extension!.packageJSON.contributes as { commands: { command: string }[] };
    const contributed = commands.map((one) => one.command);
    const registered = (await vscode.commands.getCommands(true)).filter((name) => name.startsWith('nimbus.'));
    // VS Code itself registers these for every view and container.
    const own = registered.filter(
      (name) => !/\.(focus|resetViewLocation|removeView|open|toggleVisibility)$/.test(name),
    );
    assert.deepEqual(own.sort(), contributed.sort());
  });
});
