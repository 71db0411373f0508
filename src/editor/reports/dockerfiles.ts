import * as vscode from 'vscode';
import { keptDockerfile } from '../../core/image/dockerfile-kept.ts';
import { ok, type Outcome } from '../../shared/outcome.ts';
import type { DeploymentKey } from '../../shared/spec.ts';

const SCHEME = 'nimbus-dockerfile';

/** The Dockerfiles of images as read-only documents. */
export class Dockerfiles implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #subscription = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);

  async provideTextDocumentContent({ query }: vscode.Uri): Promise<string> {
    const text = await keptDockerfile(query);
    return text.ok ? text.value : `# ${text.error.what}\n# ${text.error.next ?? ''}\n`;
  }

  /** `id`: of the image, `sha256:…`. */
  async show({ model, deployment }: DeploymentKey, id: string): Promise<Outcome<void>> {
    const kept = await keptDockerfile(id);
    if (!kept.ok) return kept;
    // VS Code colours it by the end of its name.
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${model} ${deployment}.Dockerfile`, query: id });
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: false });
    return ok(undefined);
  }

  dispose(): void {
    this.#subscription.dispose();
  }
}
