import * as vscode from 'vscode';
import type { HostConnection } from '../../core/host/client.ts';
import { ok, type Outcome } from '../../shared/outcome.ts';
import type { LoggedRequest } from '../../shared/playground.ts';
import type { DeploymentKey } from '../../shared/spec.ts';
import type { CloudStatus, LogLine } from '../../shared/states.ts';
import { awsEnvironment } from '../cloud/account.ts';
import type { Editor } from '../editor.ts';
import { hostEnded } from '../guard.ts';
import type { Project } from '../store/project.ts';
import { LogText } from './text.ts';

export const LOG_SCHEME = 'nimbus-log';

/** Lines of a deployment's log that are asked for and kept; the host keeps no more either. */
const LINES_KEPT = 5000;
/** Milliseconds that new lines wait for each other: a document is sent whole for every change. */
const SETTLE_MS = 100;

interface OpenLog {
  project: Project;
  key: DeploymentKey;
  text: LogText;
  /** The host that tells of new lines; one that took its place must be asked again. None tells of those on AWS. */
  host?: HostConnection;
  /** Ends what tells of those. */
  following?: AbortController;
  /** Lines wait for those that the new host has already. */
  joining?: boolean;
  timer?: NodeJS.Timeout;
}

/** Deployments' logs as read-only documents that grow while the model runs. Never written to disk. */
export class Logs implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #editor: Editor;
  readonly #changes = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changes.event;
  readonly #open = new Map<string, OpenLog>();
  readonly #subscriptions: vscode.Disposable[];
  readonly #highlight = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new vscode.ThemeColor('editor.rangeHighlightBackground'),
    overviewRulerColor: new vscode.ThemeColor('editorOverviewRuler.rangeHighlightForeground'),
  });

  constructor(editor: Editor) {
    this.#editor = editor;
    const { store } = editor;
    this.#subscriptions = [
      vscode.workspace.registerTextDocumentContentProvider(LOG_SCHEME, this),
      vscode.workspace.onDidCloseTextDocument((document) => this.#forget(document.uri)),
      vscode.workspace.onDidChangeTextDocument(({ document }) => followEnd(document)),
      store.onDidChange((change) => {
        if (change.kind === 'log') this.#append(logUri(change.project, change.key), change.line);
        else if (change.kind === 'list') void this.#followNewHost(change.project);
      }),
      this.#highlight,
    ];
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    const text = this.#open.get(uri.toString())?.text.toString() ?? '';
    return text || vscode.l10n.t('Nothing printed yet. What the model prints appears here.');
  }

  /** Opens a deployment's log at its end, or at the lines of one request. */
  async show(
    { project, key }: { project: Project; key: DeploymentKey },
    request?: Partial<LoggedRequest>,
  ): Promise<Outcome<void>> {
    const { cloud } = project.status(key) ?? {};
    const uri = logUri(project, key);
    const opened = cloud
      ? await this.#openCloud(uri, { project, key }, cloud, request)
      : await this.#openHost(uri, { project, key });
    if (!opened.ok) return opened;
    const lines = opened.value;
    this.#changes.fire(uri);
    const document = await vscode.workspace.openTextDocument(uri);
    const editor = await vscode.window.showTextDocument(document, { preview: false, preserveFocus: false });
    this.#reveal(editor, lines, request?.id);
    return ok(undefined);
  }

  async #openHost(uri: vscode.Uri, { project, key }: Pick<OpenLog, 'project' | 'key'>): Promise<Outcome<LogLine[]>> {
    const host = await project.host();
    if (!host.ok) return host;
    await host.value.api.follow(key);
    const lines = await host.value.api.logs({ ...key, limit: LINES_KEPT });
    this.#open.set(uri.toString(), { project, key, host: host.value, text: new LogText(lines, LINES_KEPT) });
    return ok(lines);
  }

  async #openCloud(
    uri: vscode.Uri,
    { project, key }: Pick<OpenLog, 'project' | 'key'>,
    cloud: CloudStatus,
    request: Partial<LoggedRequest> | undefined,
  ): Promise<Outcome<LogLine[]>> {
    const { followCloudLog, readCloudLog } = await import('./cloud.ts');
    const log = { cloud, env: awsEnvironment(this.#editor, project.folder), limit: LINES_KEPT };
    const read = await readCloudLog(log, request);
    if (!read.ok) return read;
    const { lines, isWhole } = read.value;
    this.#open.get(uri.toString())?.following?.abort();
    const following = new AbortController();
    this.#open.set(uri.toString(), { project, key, following, text: new LogText(lines, LINES_KEPT) });
    if (!isWhole) void followCloudLog(log, lines, (line) => this.#append(uri, line), following.signal);
    return ok(lines);
  }

  dispose(): void {
    for (const one of this.#subscriptions) one.dispose();
    for (const { timer, following } of this.#open.values()) {
      clearTimeout(timer);
      following?.abort();
    }
    this.#changes.dispose();
  }

  #reveal(editor: vscode.TextEditor, lines: readonly LogLine[], requestId: string | undefined): void {
    const found = lines.flatMap((line, index) =>
      requestId !== undefined && line.requestId === requestId ? [index] : [],
    );
    const ranges = found.map((line) => editor.document.lineAt(Math.min(line, editor.document.lineCount - 1)).range);
    editor.setDecorations(this.#highlight, ranges);
    const first = ranges[0] ?? editor.document.lineAt(editor.document.lineCount - 1).range;
    editor.selection = new vscode.Selection(first.start, first.start);
    editor.revealRange(
      first,
      found.length > 0 ? vscode.TextEditorRevealType.InCenter : vscode.TextEditorRevealType.Default,
    );
    if (requestId && found.length === 0) {
      vscode.window.setStatusBarMessage(vscode.l10n.t('The log has no lines of request {0}.', requestId), 5000);
    }
  }

  /** A host that was replaced, or ended and was started again, knows nothing of who followed before. */
  async #followNewHost(project: Project): Promise<void> {
    const stale = [...this.#open.values()].filter((log) => log.host && log.project === project && !log.joining);
    if (stale.length === 0 || !project.connected) return;
    const host = await project.host();
    if (!host.ok) return;
    await Promise.all(stale.filter((log) => log.host !== host.value).map((log) => this.#join(log, host.value)));
  }

  /** Goes on with the lines of a new host behind those of the last one. */
  async #join(log: OpenLog, host: HostConnection): Promise<void> {
    log.joining = true;
    try {
      await host.api.follow(log.key);
      const lines = await host.api.logs({ ...log.key, limit: LINES_KEPT });
      log.host = host;
      const { lastAt } = log.text;
      for (const line of lines) if (line.at > lastAt) log.text.append(line);
      this.#changes.fire(logUri(log.project, log.key));
    } catch (error) {
      // It ended again; the next one is asked.
      if (!(await hostEnded(error))) throw error;
    } finally {
      delete log.joining;
    }
  }

  #append(uri: vscode.Uri, line: LogLine): void {
    const log = this.#open.get(uri.toString());
    if (!log || log.joining) return;
    log.text.append(line);
    log.timer ??= setTimeout(() => {
      delete log.timer;
      this.#changes.fire(uri);
    }, SETTLE_MS);
  }

  #forget(uri: vscode.Uri): void {
    const log = this.#open.get(uri.toString());
    clearTimeout(log?.timer);
    log?.following?.abort();
    this.#open.delete(uri.toString());
  }
}

/** Ends with `.log`, so that VS Code colours it as a log. */
function logUri(project: Project, { model, deployment }: DeploymentKey): vscode.Uri {
  return vscode.Uri.from({ scheme: LOG_SCHEME, path: `/${model} ${deployment}.log`, query: project.folder });
}

/** Scrolls along with what is written where the cursor is at the end. */
function followEnd(document: vscode.TextDocument): void {
  if (document.uri.scheme !== LOG_SCHEME) return;
  for (const editor of vscode.window.visibleTextEditors) {
    if (editor.document !== document || document.lineCount === 0) continue;
    // Its beginning: the end of a long line would move all of the text to the left.
    const end = new vscode.Position(document.lineCount - 1, 0);
    const shown = editor.visibleRanges.at(-1)?.end.line ?? 0;
    // A page of lines may have come at once since it was drawn.
    if (shown >= document.lineCount - 50) editor.revealRange(new vscode.Range(end, end));
  }
}
