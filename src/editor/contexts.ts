import * as vscode from 'vscode';
import type { Store } from './store/store.ts';

/** Tells menus whether there is a deployment to send a selection to, one that runs an image, one on AWS, and a stack of nobody. */
export function watchDeployments(store: Store): vscode.Disposable {
  let told: boolean | undefined;
  let toldImages: boolean | undefined;
  let toldCloud: boolean | undefined;
  let toldGhosts: boolean | undefined;
  const update = (): void => {
    const some = store.projects.some((project) => project.hasDeployments);
    if (some !== told) void vscode.commands.executeCommand('setContext', 'nimbus.hasDeployments', some);
    told = some;
    const images = store.projects.some((project) => project.hasImages);
    if (images !== toldImages) void vscode.commands.executeCommand('setContext', 'nimbus.hasImages', images);
    toldImages = images;
    const cloud = store.projects.some((project) => project.hasCloud);
    if (cloud !== toldCloud) void vscode.commands.executeCommand('setContext', 'nimbus.hasCloud', cloud);
    toldCloud = cloud;
    const ghosts = store.projects.some((project) => project.ghosts.length > 0);
    if (ghosts !== toldGhosts) void vscode.commands.executeCommand('setContext', 'nimbus.hasGhosts', ghosts);
    toldGhosts = ghosts;
  };
  update();
  return store.onDidChange((change) => {
    if (change.kind !== 'log') update();
  });
}
