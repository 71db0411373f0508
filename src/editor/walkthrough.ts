/** Which steps of the walkthrough are done, whichever way: by a command, in the playground, in a terminal. */
import * as vscode from 'vscode';
import { soon } from './soon.ts';
import type { Store } from './store/store.ts';

interface Step {
  isDone(store: Store): boolean;
  tell(): Thenable<unknown>;
}

const STEPS: Step[] = [
  {
    isDone: (store) => store.projects.some((project) => project.hasDeployments),
    tell: () => vscode.commands.executeCommand('setContext', 'nimbus.didDeploy', true),
  },
  {
    isDone: (store) =>
      store.projects.some((project) => project.statuses().some(({ lastMs }) => Object.keys(lastMs).length > 0)),
    tell: () => vscode.commands.executeCommand('setContext', 'nimbus.didPredict', true),
  },
  {
    isDone: () => forcedCold,
    tell: () => vscode.commands.executeCommand('setContext', 'nimbus.didForceCold', true),
  },
  {
    isDone: () => vscode.window.terminals.length > 0,
    tell: () => vscode.commands.executeCommand('setContext', 'nimbus.didOpenTerminal', true),
  },
];

let forcedCold = false;
const whenForcedCold = new vscode.EventEmitter<void>();

/** The user has made a deployment cold, by the command or in the playground. */
export function noteForcedCold(): void {
  forcedCold = true;
  whenForcedCold.fire();
}

/**
 * Ticks the steps. VS Code ticks a step when its context key becomes true, and never one whose key was true before it
 * first read the walkthrough, which it does when the page is opened: so the keys are set while the page is open.
 */
export function watchWalkthrough(store: Store): vscode.Disposable {
  const told = new Set<Step>();
  const update = (): void => {
    if (told.size === STEPS.length || !pageIsOpen()) return;
    for (const step of STEPS) {
      if (told.has(step) || !step.isDone(store)) continue;
      told.add(step);
      void step.tell();
    }
  };
  update();
  const updateSoon = soon(update);
  return vscode.Disposable.from(
    updateSoon,
    store.onDidChange((change) => {
      if (change.kind !== 'log') updateSoon();
    }),
    whenForcedCold.event(update),
    vscode.window.onDidOpenTerminal(update),
    vscode.window.tabGroups.onDidChangeTabs(update),
  );
}

/** Tabs of VS Code's own pages have no input that an extension may know; the walkthrough's is one of them. */
function pageIsOpen(): boolean {
  return vscode.window.tabGroups.all.some(({ tabs }) => tabs.some(({ input }) => input === undefined));
}
