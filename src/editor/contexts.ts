import * as vscode from 'vscode';
import type { Store } from './store/store.ts';

/** What menus and the walkthrough's steps ask of the window's deployments. */
const KEYS = [
  {
    holds: (store: Store) => store.projects.some((project) => project.statuses().length > 0),
    tell: (value: boolean) => vscode.commands.executeCommand('setContext', 'nimbus.hasDeployments', value),
  },
  {
    // Whoever sent it: the playground, the command line, a program.
    holds: (store: Store) =>
      store.projects.some((project) => project.statuses().some(({ lastMs }) => Object.keys(lastMs).length > 0)),
    tell: (value: boolean) => vscode.commands.executeCommand('setContext', 'nimbus.hasPredicted', value),
  },
];

/** Keeps the context keys as the deployments are. */
export function watchDeployments(store: Store): vscode.Disposable {
  const told = new Map<(typeof KEYS)[number], boolean>();
  const update = (): void => {
    for (const key of KEYS) {
      const value = key.holds(store);
      if (value === told.get(key)) continue;
      told.set(key, value);
      void key.tell(value);
    }
  };
  update();
  return store.onDidChange((change) => {
    if (change.kind !== 'log') update();
  });
}

/** The user has made a deployment cold, by the command or in the playground. */
export function tellForcedCold(): void {
  void vscode.commands.executeCommand('setContext', 'nimbus.hasForcedCold', true);
}
