import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';

/**
 * Puts `nimbus` on the integrated terminal's PATH: two small scripts that run this extension's own command line with
 * the Node of VS Code, so that nothing has to be installed. They lie outside the extension's folder, whose name
 * changes with every version, and are written again when they would say something else.
 */
export async function installShim({
  globalStorageUri,
  extensionPath,
  environmentVariableCollection,
}: vscode.ExtensionContext): Promise<void> {
  const folder = path.join(globalStorageUri.fsPath, 'bin');
  const cli = path.join(extensionPath, 'dist', 'cli.js');
  await mkdir(folder, { recursive: true });
  await Promise.all(
    Object.entries(shims(process.execPath, cli)).map(([name, text]) => writeIfOther(path.join(folder, name), text)),
  );
  environmentVariableCollection.description = vscode.l10n.t('The `nimbus` command');
  environmentVariableCollection.prepend('PATH', folder + path.delimiter);
}

/** The scripts by file name. `ELECTRON_RUN_AS_NODE` makes desktop VS Code's program a plain Node; elsewhere it is one. */
export function shims(node: string, cli: string): Record<'nimbus' | 'nimbus.cmd', string> {
  return {
    nimbus: `#!/bin/sh\nELECTRON_RUN_AS_NODE=1 exec ${quoted(node)} ${quoted(cli)} "$@"\n`,
    'nimbus.cmd': `@echo off\r\nsetlocal\r\nset ELECTRON_RUN_AS_NODE=1\r\n"${escaped(node)}" "${escaped(cli)}" %*\r\n`,
  };
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function escaped(text: string): string {
  return text.replaceAll('%', '%%');
}

async function writeIfOther(file: string, text: string): Promise<void> {
  const there = await readFile(file, 'utf8').catch(() => undefined);
  if (there === text) return;
  await writeFile(file, text);
  await chmod(file, 0o755);
}
