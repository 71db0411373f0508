import * as vscode from 'vscode';
import type { EnvironmentChoice, PreparedDeploy } from '../../core/deploy.ts';
import { surveyInterpreters, type SurveyRequest } from '../../core/interpreters.ts';
import type { Survey } from '../../core/environment/survey.ts';
import { cancelled, ok, type Outcome, type UserError } from '../../shared/outcome.ts';
import type { Editor } from '../editor.ts';
import { selectedInterpreter } from '../python-extension.ts';
import { BACK, choose, type Choice } from '../quick.ts';
import type { Project } from '../store/project.ts';
import { prepare, type Wanted } from './prepare.ts';

export interface ChosenEnvironment {
  /** Another one than was given where the interpreter is a file that the user pointed at. */
  deploy: PreparedDeploy;
  environment: EnvironmentChoice;
}

interface Subject {
  project: Project;
  wanted: Wanted;
  /** Looked at already. */
  prepared?: PreparedDeploy;
  /** The interpreter that it runs on, or would. */
  inUse?: string;
}

type Row = EnvironmentChoice | 'file';

/**
 * Lets the user choose the Python that runs a model: every one that Nimbus finds, as they answer; the managed
 * environment; any other file. Where none works, that is when this is needed most: it still says what was skipped.
 */
export async function chooseInterpreter(editor: Editor, subject: Subject): Promise<Outcome<ChosenEnvironment>> {
  const { project, wanted, inUse } = subject;
  let { prepared } = subject;
  let failure: UserError | undefined;
  const chosen = await choose<Row>({
    title: vscode.l10n.t('Which Python runs the model?'),
    placeholder: vscode.l10n.t('Those that Nimbus finds, in the order in which it would take them'),
    items: [fileRow()],
    back: true,
    feed: async (show, close, signal) => {
      let last: Survey = { choices: [], skipped: [] };
      let offered = 0;
      // Each update may cross a key that the user presses: what cannot be chosen waits for the end.
      const onChange = (survey: Survey): void => {
        last = survey;
        const count = survey.choices.length + (survey.managed ? 1 : 0);
        if (count === offered) return;
        offered = count;
        show(rowsOf({ ...survey, skipped: [] }, inUse), preferred(survey, inUse));
      };
      if (!prepared) {
        const outcome = await prepare(editor, project, wanted);
        if (outcome.ok) prepared = outcome.value;
        else failure = outcome.error;
      }
      if (!prepared && !isAboutPython(failure)) return close();
      await (prepared
        ? prepared.survey(onChange, signal)
        : surveyInterpreters({ request: await requestFor(editor, project), requirements: [], onChange, signal }));
      show(rowsOf(last, inUse), preferred(last, inUse));
    },
  });
  if (failure && !isAboutPython(failure)) return { ok: false, error: failure };
  if (chosen === undefined || chosen === BACK) return cancelled();
  if (chosen === 'file') return fromFile(editor, project, wanted);
  if (prepared) return ok({ deploy: prepared, environment: chosenByUser(chosen) });
  return chosen.plan.kind === 'use' ? withInterpreter(editor, project, wanted, chosen.plan.python) : cancelled();
}

/** From now on it goes before all others for this deployment. A managed environment is found again as what fits. */
function chosenByUser(choice: EnvironmentChoice): EnvironmentChoice {
  const { plan } = choice;
  if (plan.kind !== 'use' || plan.source === 'managed') return choice;
  return { ...choice, plan: { ...plan, source: 'chosen' } };
}

/** Where the model could not be looked at. */
async function requestFor(editor: Editor, { folder }: Project): Promise<SurveyRequest['request']> {
  const pythonExtension = await selectedInterpreter(folder, editor.log);
  return {
    project: folder,
    trustedProject: vscode.workspace.isTrusted,
    ...(pythonExtension === undefined ? {} : { pythonExtension }),
  };
}

function isAboutPython(error: UserError | undefined): boolean {
  return error?.code.startsWith('python-') ?? false;
}

/** Lets the user point at an interpreter, and looks at the model again with it. */
async function fromFile(editor: Editor, project: Project, wanted: Wanted): Promise<Outcome<ChosenEnvironment>> {
  const chosen = await vscode.window.showOpenDialog({
    title: vscode.l10n.t('Choose a Python interpreter'),
    openLabel: vscode.l10n.t('Use'),
    canSelectMany: false,
    defaultUri: vscode.Uri.file(project.folder),
  });
  return chosen?.[0] ? withInterpreter(editor, project, wanted, chosen[0].fsPath) : cancelled();
}

async function withInterpreter(
  editor: Editor,
  project: Project,
  wanted: Wanted,
  interpreter: string,
): Promise<Outcome<ChosenEnvironment>> {
  const prepared = await prepare(editor, project, { ...wanted, interpreter });
  if (!prepared.ok) return prepared;
  const [environment] = prepared.value.environments;
  if (!environment) throw new Error('a prepared deploy has at least one environment');
  return ok({ deploy: prepared.value, environment });
}

function rowsOf({ choices, managed, skipped }: Survey, inUse: string | undefined): Choice<Row>[] {
  return [
    ...[...choices, ...(managed ? [managed] : [])].map((value) => ({
      label: value.label,
      description: [
        ...(isInUse(value, inUse) ? [vscode.l10n.t('in use')] : []),
        ...(value.plan.kind === 'use' && value.problems.length === 0
          ? [vscode.l10n.t('has what the model needs')]
          : []),
      ].join(' · '),
      detail: [value.detail, ...value.problems.map((problem) => `$(warning) ${problem}`)].join('  '),
      ...(value.problems.length > 0 && { more: [value.detail, ...value.problems].join('\n\n') }),
      value,
    })),
    fileRow(),
    ...(skipped.length > 0
      ? [{ label: vscode.l10n.t('Cannot be used'), kind: vscode.QuickPickItemKind.Separator }]
      : []),
    // Without a value: Enter on one does nothing.
    ...skipped.map(({ python, why }) => ({
      label: `$(circle-slash) ${python}`,
      detail: why.replaceAll(/\s+/g, ' '),
      more: why,
    })),
  ];
}

function fileRow(): Choice<Row> {
  return { label: vscode.l10n.t('$(folder-opened) Choose a file…'), value: 'file' };
}

function preferred({ choices, managed }: Survey, inUse: string | undefined): Row | undefined {
  return choices.find((choice) => isInUse(choice, inUse)) ?? choices[0] ?? managed;
}

function isInUse({ plan }: EnvironmentChoice, inUse: string | undefined): boolean {
  return plan.kind === 'use' && plan.python === inUse;
}
