import * as vscode from 'vscode';
import { hostVariables } from './host-variables.ts';

/** The environment of a host that this window starts: the settings that the user changed. */
export function hostEnvironment(folder: string): Record<string, string> {
  const settings = vscode.workspace.getConfiguration('nimbus', vscode.Uri.file(folder));
  return hostVariables((name) => {
    const value = settings.get<number | boolean>(name);
    return value === settings.inspect(name)?.defaultValue ? undefined : value;
  });
}
