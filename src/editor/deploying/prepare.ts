import path from 'node:path';
import * as vscode from 'vscode';
import { interpretersOf, prepareDeploy, type PreparedDeploy } from '../../core/deploy.ts';
import type { Outcome } from '../../shared/outcome.ts';
import type { Editor } from '../editor.ts';
import { packagesSetting } from '../packages-setting.ts';
import { selectedInterpreter } from '../python-extension.ts';
import type { Project } from '../store/project.ts';

/** What the user pointed at, with what is decided already. */
export interface Wanted {
  /** Absolute. */
  path: string;
  /** The project whose models.json declares it. */
  project?: Project;
  name?: string;
  deployment?: string;
  /** The only interpreter to be tried. */
  interpreter?: string;
}

/** Looks at a model without running any of it; the status bar shows that it does. */
export async function prepare(editor: Editor, project: Project, wanted: Wanted): Promise<Outcome<PreparedDeploy>> {
  const title = vscode.l10n.t('Looking at {0}', path.basename(wanted.path));
  return vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, async () => {
    const pythonExtension =
      wanted.interpreter === undefined ? await selectedInterpreter(project.folder, editor.log) : undefined;
    return prepareDeploy({
      project: project.folder,
      path: wanted.path,
      trustedProject: vscode.workspace.isTrusted,
      packages: packagesSetting(),
      current: interpretersOf(project.statuses()),
      ...(wanted.name === undefined ? {} : { name: wanted.name }),
      ...(wanted.deployment === undefined ? {} : { deployment: wanted.deployment }),
      ...(wanted.interpreter === undefined ? {} : { interpreter: wanted.interpreter }),
      ...(pythonExtension === undefined ? {} : { pythonExtension }),
    });
  });
}
