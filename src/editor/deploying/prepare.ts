import path from 'node:path';
import * as vscode from 'vscode';
import { prepareDeploy, type PreparedDeploy } from '../../core/deploy.ts';
import { interpretersOf } from '../../core/interpreters.ts';
import type { DeployPlan } from '../../core/targets/plan.ts';
import { SELECT_INTERPRETER } from '../../core/environment/environment.ts';
import type { Outcome, UserError } from '../../shared/outcome.ts';
import type { TargetKind } from '../../shared/spec.ts';
import type { Editor } from '../editor.ts';
import { imageSetting } from '../image-setting.ts';
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
  /** Where it is to run; where left out, as models.json says. */
  target?: TargetKind;
  /** The only interpreter to be tried. */
  interpreter?: string;
  /** Deploys that are about to begin beside this one, of any project: no two of them may have one name. */
  taken?: readonly Pick<DeployPlan, 'project' | 'model'>[];
}

/** Names of the project that other models of the same selection are about to take. */
export function takenNames(project: Project, { taken = [] }: Wanted): string[] {
  return taken.filter((one) => one.project === project.folder).map(({ model }) => model);
}

/** Looks at a model without running any of it; the status bar shows that it does. */
export async function prepare(editor: Editor, project: Project, wanted: Wanted): Promise<Outcome<PreparedDeploy>> {
  const title = vscode.l10n.t('Looking at {0}', path.basename(wanted.path));
  return vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, async () => {
    const pythonExtension =
      wanted.interpreter === undefined ? await selectedInterpreter(project.folder, editor.log) : undefined;
    const prepared = await prepareDeploy({
      project: project.folder,
      path: wanted.path,
      trustedProject: vscode.workspace.isTrusted,
      packages: packagesSetting(),
      image: imageSetting(),
      takenNames: takenNames(project, wanted),
      current: interpretersOf(project.statuses()),
      ...(wanted.name === undefined ? {} : { name: wanted.name }),
      ...(wanted.deployment === undefined ? {} : { deployment: wanted.deployment }),
      ...(wanted.target === undefined ? {} : { target: wanted.target }),
      ...(wanted.interpreter === undefined ? {} : { interpreter: wanted.interpreter }),
      ...(pythonExtension === undefined ? {} : { pythonExtension }),
    });
    return prepared.ok ? prepared : { ok: false, error: aboutThis(prepared.error, project, wanted) };
  });
}

/** The button chooses an interpreter for this very model, which may have no row yet. */
function aboutThis(error: UserError, project: Project, wanted: Wanted): UserError {
  const { action } = error;
  if (action?.command !== SELECT_INTERPRETER.command) return error;
  const { path: file, name, deployment } = wanted;
  return { ...error, action: { ...action, args: [{ project: project.folder, path: file, model: name, deployment }] } };
}
