import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import { fetchCard } from '../../core/invoke/card.ts';
import { codeFor } from '../../core/invoke/snippets.ts';
import type { ModelCard } from '../../shared/contract.ts';
import type { Sample } from '../../shared/latency.ts';
import { cancelled, CANCELLED, fail, ok, type Outcome, type UserError } from '../../shared/outcome.ts';
import type {
  CodeLanguage,
  ComparedWith,
  LoggedRequest,
  PlaygroundExtension,
  PlaygroundInput,
  PlaygroundPage,
  PlaygroundStart,
  RepeatOptions,
  SendOptions,
} from '../../shared/playground.ts';
import { keyText, type DeploymentKey } from '../../shared/spec.ts';
import type { DeploymentStatus } from '../../shared/states.ts';
import type { Editor } from '../editor.ts';
import { headersOf } from '../cloud/account.ts';
import { lookAtAws, tellTimes } from '../cloud/look.ts';
import { noteForcedCold } from '../walkthrough.ts';
import { externalUrl } from '../endpoint.ts';
import { hostEnded, runAction, showError } from '../guard.ts';
import type { Project } from '../store/project.ts';
import { ask } from './ask.ts';
import type { History } from './history.ts';
import { labels } from './labels.ts';

/** A deployment and the project it is in. */
export interface Selection {
  project: Project;
  key: DeploymentKey;
}

/** What one playground page can ask for. It knows models by their labels; here they are found again. */
export class Bridge implements PlaygroundExtension {
  /** Resolves once the page listens. */
  readonly loaded: Promise<void>;
  readonly #editor: Editor;
  readonly #page: () => PlaygroundPage;
  readonly #selected: (selection: Selection | undefined) => void;
  #selection: Selection | undefined;
  /** What the selection is to be compared with once the page has loaded. */
  #compared: Selection | undefined;
  #cardVersion: string | undefined;
  #running: AbortController | undefined;
  readonly #history: History;
  #isLoaded = false;
  #onLoaded: () => void = () => undefined;

  constructor(
    editor: Editor,
    page: () => PlaygroundPage,
    options: {
      selection?: Selection;
      compared?: Selection;
      history: History;
      selected(selection: Selection | undefined): void;
    },
  ) {
    this.#editor = editor;
    this.#page = page;
    this.#selected = options.selected;
    this.#selection = options.selection;
    this.#compared = options.compared;
    this.#history = options.history;
    this.loaded = new Promise((resolve) => (this.#onLoaded = resolve));
  }

  async ready(remembered?: DeploymentKey): Promise<PlaygroundStart> {
    await this.#hosts();
    const names = this.#labels();
    this.#selection ??= remembered && names.find(remembered);
    this.#selected(this.#selection);
    const card = await this.#card();
    this.#isLoaded = true;
    this.#onLoaded();
    return {
      deployments: names.all,
      ...(this.#selection ? { selected: names.label(this.#selection.project, this.#selection.key) } : {}),
      ...(this.#compared ? { compared: names.label(this.#compared.project, this.#compared.key) } : {}),
      ...(card ? { card } : {}),
      samples: this.#history.samples,
      locale: vscode.env.language,
    };
  }

  async select(key: DeploymentKey): Promise<ModelCard | undefined> {
    this.#selection = this.#labels().find(key);
    this.#selected(this.#selection);
    return this.#card();
  }

  /** Shows another deployment, asked for outside the page. */
  async show(selection: Selection, compared?: Selection): Promise<void> {
    this.#selection = selection;
    this.#compared = compared;
    this.#selected(selection);
    await this.loaded;
    const card = await this.#card();
    this.#page().deployments(this.#labels().all);
    this.#page().select(this.#labels().label(selection.project, selection.key), card);
    if (compared) this.#page().compare(this.#labels().label(compared.project, compared.key));
  }

  async compare(key: DeploymentKey): Promise<ComparedWith | undefined> {
    const other = this.#labels().find(key);
    if (!this.#selection || !other || !vscode.workspace.isTrusted) return undefined;
    const { comparedWith } = await import('./compared.ts');
    return comparedWith(this.#selection, other);
  }

  /** Puts a text into the page's box and sends it. False where the page has marked what is missing. */
  async predictText(text: string): Promise<boolean> {
    await this.loaded;
    return this.#page().fill(text);
  }

  async send(input: PlaygroundInput, options: SendOptions = {}): Promise<Outcome<Sample>> {
    return this.#whileRunning((signal) => this.#sample(input, signal, options));
  }

  async repeat(
    input: PlaygroundInput,
    times: number,
    { also, ...common }: RepeatOptions = {},
  ): Promise<Outcome<{ sent: number }>> {
    return this.#whileRunning(async (signal) => {
      for (let sent = 0; sent < times; sent++) {
        const pair = also && randomUUID();
        let failed = false;
        for (const options of also && pair !== undefined ? [{ pair }, { pair, to: also }] : [{}]) {
          const sample = await this.#sample(input, signal, { ...common, ...options });
          if (!sample.ok) return sample.error.code === CANCELLED ? ok({ sent }) : sample;
          this.#page().sample(sample.value);
          failed ||= sample.value.problem !== undefined;
        }
        // What fails once for everybody (stopped, out of memory) is not worth failing N times.
        if (failed) return ok({ sent: sent + 1 });
      }
      return ok({ sent: times });
    });
  }

  async cancel(): Promise<void> {
    this.#running?.abort();
  }

  async cold(key?: DeploymentKey): Promise<Outcome<void>> {
    return this.#change('cold', key ? this.#labels().find(key) : this.#selection);
  }

  async start(): Promise<Outcome<void>> {
    return this.#change('start');
  }

  async stop(): Promise<Outcome<void>> {
    return this.#change('stop');
  }

  async copyAs(language: CodeLanguage, input: PlaygroundInput): Promise<void> {
    const status = this.#status();
    if (!status) return;
    const options = { withKey: status.cloud?.keyId !== undefined };
    await vscode.env.clipboard.writeText(codeFor(language, await externalUrl(status.url), input, options));
  }

  async copyText(text: string): Promise<void> {
    await vscode.env.clipboard.writeText(text);
  }

  async showLogs(request?: LoggedRequest, key?: DeploymentKey): Promise<void> {
    const chosen = key ? this.#labels().find(key) : this.#selection;
    if (!chosen) return;
    const shown = await (await this.#editor.logs()).show(chosen, request);
    if (!shown.ok) showError(this.#editor.log, shown.error);
  }

  async runAction(action: NonNullable<UserError['action']>): Promise<void> {
    await runAction({ ...action, args: (action.args ?? []).map((arg) => this.#withProject(arg)) });
  }

  async editorSelection(): Promise<string | undefined> {
    return this.#editor.selectedText();
  }

  /** The window's deployments changed. A page that has not loaded yet will ask. */
  async update(): Promise<void> {
    if (!this.#isLoaded) return;
    this.#page().deployments(this.#labels().all);
    const version = this.#status()?.version;
    if (version === undefined || version === this.#cardVersion) return;
    this.#page().card(await this.#card());
  }

  dispose(): void {
    this.#running?.abort();
  }

  /** A key in an action is a label of the page, or the host's own key of the selected project. */
  #withProject(arg: unknown): unknown {
    if (typeof arg !== 'object' || arg === null || !('model' in arg) || !('deployment' in arg)) return arg;
    const key = { model: String(arg.model), deployment: String(arg.deployment) };
    const found = this.#labels().find(key) ?? (this.#selection && { ...this.#selection, key });
    return found ? { project: found.project.folder, ...found.key } : arg;
  }

  /** Projects that declare deployments have reached their hosts, or have failed to. */
  async #hosts(): Promise<void> {
    await this.#editor.store.opened();
    const projects = this.#editor.store.projects.filter((project) => project.declaresDeployments());
    if (vscode.workspace.isTrusted) await Promise.all(projects.map((project) => project.host()));
  }

  async #sample(
    input: PlaygroundInput,
    signal: AbortSignal,
    { to, pair, through = 'api' }: SendOptions,
  ): Promise<Outcome<Sample>> {
    const chosen = to ? this.#labels().find(to) : this.#selection;
    const status = chosen?.project.status(chosen.key);
    if (!chosen || !status) {
      return fail('no-deployment', vscode.l10n.t('The deployment is gone.'), {
        next: vscode.l10n.t('Choose another one, or deploy the model again.'),
        action: { label: vscode.l10n.t('Deploy Model'), command: 'nimbus.deploy' },
      });
    }
    const { model, deployment } = this.#labels().label(chosen.project, chosen.key);
    const at = Date.now();
    const answer = await ask({ editor: this.#editor, project: chosen.project.folder, status, through }, input, {
      signal,
      onWait: (wait) => this.#page().waiting(wait),
    });
    if (signal.aborted) return cancelled();
    // A key that was rotated elsewhere: the next request has the new one.
    const isRefused = answer.ok ? answer.value.status === 403 : answer.error.code === 'key-gone';
    if (isRefused && status.cloud?.keyId) void lookAtAws(this.#editor, chosen.project, [chosen.key]);
    if (!answer.ok) return answer;
    if (through === 'cold' && status.cloud) noteForcedCold();
    const { body, ...facts } = answer.value;
    const number = this.#history.next({ model, deployment });
    const sample: Sample = {
      id: `${at}-${keyText({ model, deployment })}-${number}`,
      number,
      at,
      model,
      deployment,
      ...input,
      ...facts,
      ...(pair === undefined ? {} : { pair }),
      ...(typeof body === 'object' && body !== null && 'result' in body ? { result: body.result } : {}),
    };
    this.#history.add(sample);
    // Its row has the times of its users, who do not go past the gateway.
    if (through === 'api') void tellTimes(chosen.project, chosen.key, sample);
    return ok(sample);
  }

  async #whileRunning<T>(work: (signal: AbortSignal) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    try {
      return await work(running.signal);
    } finally {
      if (this.#running === running) this.#running = undefined;
    }
  }

  async #change(action: 'cold' | 'start' | 'stop', chosen = this.#selection): Promise<Outcome<void>> {
    if (!chosen) return fail('no-deployment', vscode.l10n.t('No deployment is selected.'));
    const host = await chosen.project.host();
    if (!host.ok) return host;
    try {
      const changed = await host.value.api[action](chosen.key);
      if (action === 'cold' && changed.ok) noteForcedCold();
      return changed.ok ? ok(undefined) : changed;
    } catch (error) {
      const ended = await hostEnded(error);
      if (!ended) throw error;
      return ended;
    }
  }

  async #card(): Promise<ModelCard | undefined> {
    const status = this.#status();
    this.#cardVersion = status?.version;
    if (!status) return undefined;
    const headers = await headersOf(this.#editor, this.#selection!.project.folder, status);
    // Its first request says why it cannot be called.
    return headers.ok ? fetchCard(status.url, { headers: headers.value }) : undefined;
  }

  #status(): DeploymentStatus | undefined {
    return this.#selection?.project.status(this.#selection.key);
  }

  #labels(): ReturnType<typeof labels<Project>> {
    return labels(this.#editor.store.projects);
  }
}
