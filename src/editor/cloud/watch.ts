/** AWS is asked without being told to, where that is cheap: when somebody looks. */
import * as vscode from 'vscode';
import type { StoreChange } from '../store/store.ts';
import type { Project } from '../store/project.ts';

/** Milliseconds between two looks at a project's deployments. A look is three calls of AWS's API for each, which cost nothing. */
const LOOK_MS = 60_000;

/** What it needs of the window; tests bring their own. */
export interface Watched {
  projects(): readonly Project[];
  onDidChange: vscode.Event<StoreChange>;
  /** Of the Models view. */
  isVisible(): boolean;
  onDidChangeVisibility: vscode.Event<unknown>;
  isFocused(): boolean;
  onDidChangeFocus: vscode.Event<unknown>;
  /** Asks AWS of all that a project has there. */
  look(project: Project): Promise<unknown>;
  /** Milliseconds since the epoch. */
  now(): number;
}

/**
 * Looks when the Models view comes into sight, when its window gets the focus, and when a host was reached: at most once a minute,
 * only in a trusted workspace, only at projects with deployments on AWS. It says nothing: failures are in the tooltips.
 */
export function watchAws(watched: Watched): vscode.Disposable {
  const lookedAt = new WeakMap<Project, number>();
  const look = (): void => {
    if (!watched.isVisible() || !watched.isFocused() || !vscode.workspace.isTrusted) return;
    const now = watched.now();
    for (const project of watched.projects()) {
      if (!project.connected || project.stacks.length === 0) continue;
      if (now - (lookedAt.get(project) ?? -Infinity) < LOOK_MS) continue;
      lookedAt.set(project, now);
      void watched.look(project);
    }
  };
  look();
  return vscode.Disposable.from(
    watched.onDidChangeVisibility(look),
    watched.onDidChangeFocus(look),
    watched.onDidChange(({ kind }) => {
      if (kind === 'list') look();
    }),
  );
}
