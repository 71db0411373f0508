import path from 'node:path';
import * as vscode from 'vscode';
import type { HostApi } from '../../core/host/protocol.ts';
import { formatBytes } from '../../shared/bytes.ts';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import { bytesOf, PRUNE_KINDS, type Prunable, type PruneItem, type PruneKind } from '../../shared/prune.ts';
import type { Editor } from '../editor.ts';
import type { Project } from '../store/project.ts';

/** Shows how much of what Nimbus made is of no use any more, and frees what the user chooses of it. */
export async function cleanUp(editor: Editor): Promise<Outcome<unknown>> {
  const project = await chooseProject(editor);
  if (!project.ok) return project;
  const host = await project.value.host();
  if (!host.ok) return host;
  const { api } = host.value;
  const looking = vscode.l10n.t('Looking for what can be cleaned up');
  const found = await withProgress(vscode.ProgressLocation.Window, looking, () => api.prunable());
  for (const remark of found.remarks) {
    editor.log.warn(remark);
    void vscode.window.showInformationMessage(remark);
  }
  if (found.items.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t('There is nothing to clean up.'));
    return ok({ removed: [], failed: [] });
  }
  const items = await chooseItems(found);
  if (!items) return cancelled();
  return remove(editor, api, items);
}

async function chooseProject({ store }: Editor): Promise<Outcome<Project>> {
  await store.opened();
  const [first, ...others] = store.projects;
  if (!first) {
    return fail('no-project', vscode.l10n.t('Clean Up: no folder with models is open.'), {
      next: vscode.l10n.t('Open the folder of a project.'),
    });
  }
  if (others.length === 0) return ok(first);
  const picked = await vscode.window.showQuickPick(
    [first, ...others].map((project) => ({
      label: path.basename(project.folder),
      description: vscode.workspace.asRelativePath(project.folder, false),
      project,
    })),
    { title: vscode.l10n.t('Clean Up'), placeHolder: vscode.l10n.t('Which project?') },
  );
  return picked ? ok(picked.project) : cancelled();
}

async function withProgress<T>(location: vscode.ProgressLocation, title: string, work: () => Promise<T>): Promise<T> {
  return vscode.window.withProgress({ location, title }, work);
}

/** Names that a row has room for. */
const NAMED = 3;

/** By kind, all chosen; undefined where the user cancelled. */
async function chooseItems({ items }: Prunable): Promise<PruneItem[] | undefined> {
  const kinds = PRUNE_KINDS.flatMap((kind) => {
    const ours = items.filter((one) => one.kind === kind);
    if (ours.length === 0) return [];
    const names = ours.slice(0, NAMED).map(({ name, detail }) => (detail === undefined ? name : `${name} (${detail})`));
    return [
      {
        label: titleOf(kind),
        description: vscode.l10n.t('{0}, up to {1}', ours.length, size(ours)),
        detail: names.join(', ') + (ours.length > NAMED ? vscode.l10n.t(' and {0} more', ours.length - NAMED) : ''),
        picked: true,
        items: ours,
      },
    ];
  });
  const picked = await vscode.window.showQuickPick(kinds, {
    canPickMany: true,
    ignoreFocusOut: true,
    title: vscode.l10n.t('Clean Up: frees up to {0}', size(items)),
    placeHolder: vscode.l10n.t('What no deployment uses. OK removes what is chosen.'),
  });
  return picked && picked.length > 0 ? picked.flatMap((one) => one.items) : undefined;
}

async function remove(editor: Editor, api: HostApi, items: PruneItem[]): Promise<Outcome<unknown>> {
  const result = await withProgress(vscode.ProgressLocation.Notification, vscode.l10n.t('Cleaning up'), () =>
    api.prune(items),
  );
  if (!result.ok) return result;
  const { removed, failed } = result.value;
  for (const { item, why } of failed) editor.log.warn(`${item.kind} ${item.id}: ${why}`);
  const said = vscode.l10n.t('Removed {0}, which frees up to {1}.', removed.length, size(removed));
  const [first] = failed;
  if (first) {
    return fail('clean-up-partial', `${said} ${vscode.l10n.t('{0} could not be removed.', failed.length)}`, {
      why: `${first.item.name}: ${first.why}`,
    });
  }
  void vscode.window.showInformationMessage(said);
  return ok(result.value);
}

function size(items: readonly PruneItem[]): string {
  return formatBytes(bytesOf(items), vscode.env.language);
}

function titleOf(kind: PruneKind): string {
  switch (kind) {
    case 'containers':
      return vscode.l10n.t('Containers that a killed host left');
    case 'images':
      return vscode.l10n.t('Images that no deployment runs');
    case 'environments':
      return vscode.l10n.t('Environments that no deployment uses');
    case 'programs':
      return vscode.l10n.t('Copies of older hosts, half-made environments');
    case 'logs':
      return vscode.l10n.t('Logs of deployments and projects that are gone');
    default:
      return kind satisfies never;
  }
}
