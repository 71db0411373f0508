import type * as vscode from 'vscode';
import type { Playgrounds } from './playground/playgrounds.ts';
import type { Logs } from './logs/logs.ts';
import type { Dockerfiles } from './reports/dockerfiles.ts';
import type { Drifts } from './reports/drifts.ts';
import type { Reports } from './reports/reports.ts';
import type { DeploymentKey } from '../shared/spec.ts';
import type { Project } from './store/project.ts';
import type { Store } from './store/store.ts';
import type { GhostNode } from './tree/nodes.ts';

/** What commands work with. Parts that need time to load are asked for when they are first used. */
export interface Editor {
  readonly extension: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  readonly store: Store;
  refreshView(): void;
  /** Stacks that no models.json of the window has, as they were found last. */
  ghosts(): GhostNode[];
  /** Shows a deployment's row where the Models view is in sight; never takes the focus. */
  reveal(project: Project, key: DeploymentKey): Promise<void>;
  /** The selection of the last active text editor, or its line where nothing is selected. */
  selectedText(): string | undefined;
  playgrounds(): Promise<Playgrounds>;
  logs(): Promise<Logs>;
  reports(): Promise<Reports>;
  dockerfiles(): Promise<Dockerfiles>;
  drifts(): Promise<Drifts>;
}
