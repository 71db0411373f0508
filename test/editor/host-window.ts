/** What tests of the running extension share: the window's project, its models.json and its host. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import * as vscode from 'vscode';
import { prepareDeploy } from '../../src/core/deploy.ts';
import { connectHost, findHost, type HostConnection } from '../../src/core/host/client.ts';
import type { Outcome } from '../../src/shared/outcome.ts';
import type { DeploymentKey } from '../../src/shared/spec.ts';
import type { Operation } from '../../src/shared/states.ts';

export const workspace = vscode.workspace.workspaceFolders![0]!.uri.fsPath;
export const modelsFile = path.join(workspace, 'models.json');

/** Runs a command of Nimbus; each answers with its outcome. */
export async function run(command: string, ...args: unknown[]): Promise<Outcome<unknown>> {
  return (await vscode.commands.executeCommand(command, ...args))!;
}

/**
 * Runs a command and answers its quick picks with Enter. Nothing tells a test that a quick pick is open, and Enter
 * without one does nothing.
 */
export async function runAgreeing(command: string, ...args: unknown[]): Promise<Outcome<unknown>> {
  const outcome = run(command, ...args);
  const enter = setInterval(
    () => void vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem'),
    100,
  );
  return outcome.finally(() => clearInterval(enter));
}

/** Runs a command and leaves its first question. Nothing tells a test that it is open. */
export async function runCancelling(command: string, ...args: unknown[]): Promise<Outcome<unknown>> {
  const outcome = run(command, ...args);
  const escape = setInterval(() => void vscode.commands.executeCommand('workbench.action.closeQuickOpen'), 100);
  return outcome.finally(() => clearInterval(escape));
}

/** A custom model that prints and answers what it is sent. */
export function writeEcho(folder: string, load = 'return None'): void {
  mkdirSync(folder, { recursive: true });
  const lines = [
    'def load(path):',
    `    ${load}`,
    'def predict(model, input):',
    '    print(input)',
    '    return input',
  ];
  writeFileSync(path.join(folder, 'handler.py'), `${lines.join('\n')}\n`);
}

/** Deploys the model in `folder`, as another client of the window's host would, and waits until the window knows. */
export async function deployLocally(key: DeploymentKey, folder: string, interpreter: string): Promise<void> {
  const prepared = await prepareDeploy({ project: workspace, path: folder, interpreter, trustedProject: true });
  if (!prepared.ok) throw new Error(prepared.error.what);
  let onEnd: (operation: Operation) => void = () => undefined;
  const ended = new Promise<Operation>((resolve) => (onEnd = resolve));
  const host = await connectHost({
    project: workspace,
    kind: 'editor',
    events: { operation: (operation) => void (operation.state !== 'running' && onEnd(operation)) },
  });
  if (!host.ok) throw new Error(host.error.what);
  await host.value.api.execute(prepared.value.plan({}));
  const { state, error } = await ended;
  host.value.close();
  if (state !== 'succeeded') throw new Error(error?.why);
  // The window may have given up on the host of an earlier test, which ended right after it had started.
  await run('nimbus.refresh');
  while (!(await run('nimbus.copyEndpointUrl', key)).ok) await setTimeout(50);
}

/** The window's host, without starting one. */
export async function hostOfWindow(): Promise<HostConnection | undefined> {
  return findHost({ project: workspace, kind: 'editor' });
}

/** Ends the host and forgets what was deployed. */
export async function leaveNothing(): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  if (existsSync(modelsFile)) rmSync(modelsFile);
  const host = await hostOfWindow();
  const asked = await host?.api.shutdown();
  if (asked?.ok === false) process.kill(host!.hello.pid, 'SIGTERM');
  await host?.closed;
  // The window has a connection of its own, and nothing tells a test when it has noticed.
  // Until then, where there were several, it asks which.
  while (!isNone(await runCancelling('nimbus.copyEndpointUrl'))) await setTimeout(50);
}

function isNone(outcome: Outcome<unknown>): boolean {
  return !outcome.ok && outcome.error.code === 'no-deployment';
}
