import { existsSync, realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { MODELS_FILE } from '../../core/models/document.ts';
import type { DeploymentKey } from '../../shared/spec.ts';
import type { Operation } from '../../shared/states.ts';
import { knownValues } from '../deploying/variables.ts';
import { hostEnvironment } from '../host-settings.ts';
import { Project, type ProjectChange } from './project.ts';

export type StoreChange = { kind: 'projects' } | (ProjectChange & { project: Project });

/** Folders that are never looked into for projects. */
export const NEVER_SEARCHED = '**/{node_modules,.git,.venv,venv,.nimbus,site-packages,__pycache__}/**';
/** Projects below a workspace folder's root that are found by themselves. */
const NESTED_PROJECTS = 50;
/** Operations that the window waits for, by project. */
const AWAITED = 'nimbus.awaited';
/** Projects of files that were opened from outside the workspace, so that a reload shows them again. */
const ELSEWHERE = 'nimbus.projectsElsewhere';

interface Opened {
  project: Project;
  watcher: { close(): void | Promise<void> };
}

/** The window's projects. Nothing is read before somebody asks. */
export class Store implements vscode.Disposable {
  readonly #memory: vscode.Memento;
  readonly #secrets: vscode.SecretStorage;
  readonly #log: vscode.LogOutputChannel;
  readonly #changes = new vscode.EventEmitter<StoreChange>();
  readonly onDidChange = this.#changes.event;
  readonly #unseen = new vscode.EventEmitter<{ project: Project; operation: Operation }>();
  /** Operations of this window that ended after a reload took away who waited for them. */
  readonly onDidEndUnseen = this.#unseen.event;
  readonly #opened = new Map<string, Opened>();
  readonly #subscriptions: vscode.Disposable[] = [];
  #opening: Promise<void> | undefined;

  constructor(memory: vscode.Memento, secrets: vscode.SecretStorage, log: vscode.LogOutputChannel) {
    this.#memory = memory;
    this.#secrets = secrets;
    this.#log = log;
    this.#subscriptions.push(
      vscode.workspace.onDidChangeWorkspaceFolders(() => void this.#reopen()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#connectAll()),
    );
  }

  get projects(): Project[] {
    return [...this.#opened.values()].map(({ project }) => project);
  }

  /** Reads the workspace's projects, once; resolves when the models that are declared are known. */
  opened(): Promise<void> {
    return (this.#opening ??= this.#openWorkspace());
  }

  /**
   * The project that a path belongs to: the nearest folder upward that holds models.json, but none above the path's
   * workspace folder; else that folder; else, outside of the workspace, the first workspace folder (the model then lies
   * outside the project); else the path's own folder.
   */
  async projectOf(target: string): Promise<Project> {
    await this.opened();
    const { findProject } = await import('../../core/models/paths.ts');
    const inside = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(target))?.uri.fsPath;
    const nearest = findProject(path.dirname(target));
    const isDeclared = existsSync(path.join(nearest, MODELS_FILE));
    if (isDeclared && (inside === undefined || isWithin(inside, nearest))) return this.open(nearest);
    const first = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === 'file')?.uri.fsPath;
    return this.open(inside ?? first ?? path.dirname(target));
  }

  /** Opens a project by its folder, or answers with the one that is open. */
  async open(folder: string): Promise<Project> {
    const real = realpathSync(folder);
    const open = this.#opened.get(real);
    if (open) return open.project;
    const project = await this.#add(real);
    await this.#rememberElsewhere();
    this.#changes.fire({ kind: 'projects' });
    return project;
  }

  /** Reads everything again and reaches for hosts that ended. */
  async refresh(): Promise<void> {
    await this.#reopen();
    this.#connectAll();
  }

  /** Resolves once the projects are open and hosts that are being reached for have said what they serve. */
  async reached(): Promise<void> {
    await this.opened();
    await Promise.all(this.projects.map((project) => project.connecting));
  }

  /** Every deployment that a host knows or models.json declares, over all projects. */
  deployments(): { project: Project; key: DeploymentKey }[] {
    return this.projects.flatMap((project) =>
      project
        .modelNames()
        .flatMap((model) =>
          project.deploymentNames(model).map((deployment) => ({ project, key: { model, deployment } })),
        ),
    );
  }

  dispose(): void {
    for (const one of this.#subscriptions) one.dispose();
    for (const folder of this.#opened.keys()) this.#close(folder);
    this.#changes.dispose();
    this.#unseen.dispose();
  }

  async #openWorkspace(): Promise<void> {
    const folders = new Set([...(await workspaceProjects()), ...this.#memory.get<string[]>(ELSEWHERE, [])]);
    await Promise.all(
      [...folders].map(async (folder) => {
        if (!this.#opened.has(folder)) await this.#add(folder);
      }),
    );
  }

  /** Opens what is new in the workspace and closes what left it. */
  async #reopen(): Promise<void> {
    await this.opened();
    const folders = new Set(await workspaceProjects());
    const elsewhere = new Set(this.#memory.get<string[]>(ELSEWHERE, []));
    for (const folder of this.#opened.keys()) {
      if (!folders.has(folder) && !elsewhere.has(folder)) this.#close(folder);
    }
    for (const folder of folders) if (!this.#opened.has(folder)) await this.#add(folder);
    this.#changes.fire({ kind: 'projects' });
  }

  async #add(folder: string): Promise<Project> {
    const { watchModels } = await import('../../core/models/watch.ts');
    const { connectHost } = await import('../../core/host/client.ts');
    const project: Project = new Project(folder, {
      connect: (events) =>
        connectHost({
          project: folder,
          kind: 'editor',
          events,
          env: hostEnvironment(folder),
          values: (names) => knownValues(this.#secrets, folder, names),
        }),
      now: Date.now,
      awaited: {
        get: () => this.#memory.get<string[]>(`${AWAITED} ${folder}`, []),
        set: (ids) => void this.#memory.update(`${AWAITED} ${folder}`, ids.length > 0 ? ids : undefined),
      },
      endedUnseen: (operation) => this.#unseen.fire({ project, operation }),
      changed: (change) => {
        if (change.kind === 'list' || change.kind === 'model') void this.#connect(project);
        this.#changes.fire({ ...change, project });
      },
    });
    const watcher = await watchModels(folder, (document) => project.read(document));
    this.#opened.set(folder, { project, watcher });
    if (!project.declaresDeployments()) void this.#connect(project);
    return project;
  }

  /**
   * A host is started for what models.json declares, in a trusted workspace; else the first deploy starts it. One that
   * runs already has something to show: a first deploy that was under way when the window was reloaded.
   */
  async #connect(project: Project): Promise<void> {
    if (project.connected || project.hostError || !vscode.workspace.isTrusted) return;
    if (!project.declaresDeployments() && !(await hostRuns(project.folder))) return;
    const host = await project.host();
    if (!host.ok) this.#log.warn([host.error.what, host.error.why].filter(Boolean).join(' '));
    else if (project.portTaken !== undefined)
      this.#log.warn(
        `The usual port ${project.portTaken} of ${project.folder} is taken by another program: its endpoints are at ${host.value.hello.url}.`,
      );
  }

  #connectAll(): void {
    for (const project of this.projects) {
      project.hostError = undefined;
      void this.#connect(project);
    }
    this.#changes.fire({ kind: 'projects' });
  }

  #close(folder: string): void {
    const opened = this.#opened.get(folder);
    this.#opened.delete(folder);
    opened?.project.dispose();
    void opened?.watcher.close();
  }

  async #rememberElsewhere(): Promise<void> {
    const inside = new Set(await workspaceProjects());
    const elsewhere = [...this.#opened.keys()].filter((folder) => !inside.has(folder));
    await this.#memory.update(ELSEWHERE, elsewhere.length > 0 ? elsewhere : undefined);
  }
}

async function hostRuns(folder: string): Promise<boolean> {
  const { findHost } = await import('../../core/host/client.ts');
  const host = await findHost({ project: folder, kind: 'editor' });
  host?.close();
  return host !== undefined;
}

function isWithin(folder: string, other: string): boolean {
  return other === folder || other.startsWith(folder + path.sep);
}

/** Real paths of the workspace's folders, and of the folders in them that hold a models.json of Nimbus. */
async function workspaceProjects(): Promise<string[]> {
  const roots = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
  const nested = await vscode.workspace.findFiles(`*/**/${MODELS_FILE}`, NEVER_SEARCHED, NESTED_PROJECTS);
  const ours = await Promise.all(
    nested.map(async ({ fsPath }) => ((await isOurs(fsPath)) ? [path.dirname(fsPath)] : [])),
  );
  return [...new Set([...roots.map(({ uri }) => uri.fsPath), ...ours.flat()].map((folder) => realpathSync(folder)))];
}

/** Other programs have a models.json too; below the workspace's root one that is no good is taken for theirs. */
async function isOurs(file: string): Promise<boolean> {
  const { parseModels } = await import('../../core/models/parse.ts');
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.includes('models.schema.json') || parseModels(text).kind !== 'invalid';
}
