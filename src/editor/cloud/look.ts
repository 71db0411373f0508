/** What AWS says of a project's deployments now: their rows and playgrounds change where it is something else. */
import * as vscode from 'vscode';
import { variablesFor } from '../../core/cloud/profiles.ts';
import { ConnectionClosed } from '../../core/host/rpc.ts';
import type { Sample } from '../../shared/latency.ts';
import type { UserError } from '../../shared/outcome.ts';
import type { DeploymentKey } from '../../shared/spec.ts';
import type { Editor } from '../editor.ts';
import type { Project } from '../store/project.ts';
import { awsEnvironment, withWayOut } from './account.ts';

/**
 * Has AWS asked of these, else of all that the project has there. Answers with the first failure; each is kept for the tooltip of
 * its row. Nobody is asked for anything.
 */
export async function lookAtAws(
  editor: Editor,
  project: Project,
  keys: readonly DeploymentKey[] = project.deploymentsOn('lambda'),
): Promise<UserError | undefined> {
  if (keys.length === 0 || !vscode.workspace.isTrusted) return undefined;
  const host = await project.host();
  if (!host.ok) return undefined;
  const { api } = host.value;
  const variables = awsEnvironment(editor, project.folder);
  const failures = await Promise.all(
    keys.map(async (key) => {
      const asked = await untilClosed(api.look(key, variables));
      // The row says itself that nobody deployed it.
      const failed = asked?.ok === false && asked.error.code !== 'not-deployed' ? asked.error : undefined;
      const account = project.spec(key.model)?.deployments?.[key.deployment]?.account;
      const { AWS_PROFILE: profile } = account === undefined ? variables : variablesFor(account, variables);
      const error = failed && withWayOut(failed, { project: project.folder, ...(profile ? { profile } : {}) });
      project.noteAsked(key, error);
      return error;
    }),
  );
  return failures.find((error) => error !== undefined);
}

/** What a request took that went to AWS past the host, which keeps it for the row. Not of one that failed. */
export async function tellTimes(
  project: Project,
  key: DeploymentKey,
  { start, phases, problem }: Pick<Sample, 'start' | 'phases' | 'problem'>,
): Promise<void> {
  if (start === undefined || problem !== undefined || !project.status(key)?.cloud) return;
  const host = await project.host();
  // It may have ended meanwhile, or be one of an older Nimbus, which does not keep them: the answer is there in any case.
  if (host.ok) await host.value.api.observe(key, start, phases.totalMs).catch(() => undefined);
}

/** Undefined where the host ended meanwhile. */
async function untilClosed<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ConnectionClosed) return undefined;
    throw error;
  }
}
