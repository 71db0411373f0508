import * as vscode from 'vscode';

/** The environment that says where prices are read from: the user's setting, else the variable of the command line. */
export function pricesSetting(folder: string): NodeJS.ProcessEnv {
  const settings = vscode.workspace.getConfiguration('nimbus', vscode.Uri.file(folder));
  const file = settings.get<string>('cost.pricesFile')?.trim();
  return { ...process.env, ...(file ? { NIMBUS_PRICES: file } : {}) };
}
