import * as vscode from 'vscode';
import type { Store } from './store/store.ts';

/** Tells menus whether there is a deployment to send a selection to, and one that runs an image. */
export function watchDeployments(store: Store): vscode.Disposable {
  let told: boolean | undefined;
  let toldImages: boolean | undefined;
  const update = (): void => {
    const some = store.projects.some((project) => project.hasDeployments);
    if (some !== told) void vscode.commands.executeCommand('setContext', 'nimbus.hasDeployments', some);
    told = some;
    const images = store.projects.some((project) => project.hasImages);
    if (images !== toldImages) void vscode.commands.executeCommand('setContext', 'nimbus.hasImages', images);
    toldImages = images;
  };
  update();
  return store.onDidChange((change) => {
    if (change.kind !== 'log') update();
  });
}
