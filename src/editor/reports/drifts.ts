import * as vscode from 'vscode';
import type { DeploymentKey } from '../../shared/spec.ts';

const SCHEME = 'nimbus-drift';

/** Comparisons with AWS as read-only documents, one for each deployment. In memory only. */
export class Drifts implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #changes = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changes.event;
  readonly #texts = new Map<string, string>();
  readonly #subscription = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.toString()) ?? vscode.l10n.t('Compare With AWS shows it again.');
  }

  /** `project`: its folder. */
  async show({ model, deployment }: DeploymentKey, project: string, text: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${model} ${deployment} on AWS.txt`, query: project });
    this.#texts.set(uri.toString(), text);
    this.#changes.fire(uri);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: false });
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changes.dispose();
  }
}
