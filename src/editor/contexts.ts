import * as vscode from 'vscode';
import type { Store } from './store/store.ts';

/** Tells menus whether there is a deployment to send a selection to. */
export function watchDeployments(store: Store): vscode.Disposable {
  let told: boolean | undefined;
  const update = (): void => {
    const some = store.projects.some((project) => project.hasDeployments);
    if (some === told) return;
    told = some;
    void vscode.commands.executeCommand('setContext', 'nimbus.hasDeployments', some);
  };
  update();
  return store.onDidChange((change) => {
    if (change.kind !== 'log') update();
  });
}
