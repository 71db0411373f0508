import * as vscode from 'vscode';
import type { HostApi } from '../../core/host/protocol.ts';
import type { Outcome } from '../../shared/outcome.ts';
import type { DeploymentStatus, State } from '../../shared/states.ts';
import { noteForcedCold } from '../walkthrough.ts';
import type { Editor } from '../editor.ts';
import { chooseDeployment } from './pick.ts';

/** Opens the deployment's route again after Stop. */
export async function start(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  return change(editor, given, vscode.l10n.t('Start'), 'start', (state) => state === 'stopped' || state === 'failed');
}

/** Closes the deployment's route: requests get 503 with the reason until Start. */
export async function stop(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  return change(editor, given, vscode.l10n.t('Stop'), 'stop', (state) => state !== 'stopped');
}

/** Ends the deployment's workers, so that its next request is cold. */
export async function forceCold(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  const outcome = await change(editor, given, vscode.l10n.t('Force Cold'), 'cold', (state) => state !== 'stopped');
  if (outcome.ok) noteForcedCold();
  return outcome;
}

async function change(
  editor: Editor,
  given: unknown,
  title: string,
  action: keyof Pick<HostApi, 'start' | 'stop' | 'cold'>,
  fits: (state: State) => boolean,
): Promise<Outcome<DeploymentStatus>> {
  const chosen = await chooseDeployment(
    editor,
    given,
    title,
    (status) => status !== undefined && !status.cloud && fits(status.state),
  );
  if (!chosen.ok) return chosen;
  const { project, model, deployment } = chosen.value;
  const host = await project.host();
  return host.ok ? host.value.api[action]({ model, deployment }) : host;
}
