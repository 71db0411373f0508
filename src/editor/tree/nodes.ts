import type { DeploymentKey } from '../../shared/spec.ts';
import type { StackPlace } from '../../shared/states.ts';
import { placeText, type FoundGhost, type Project } from '../store/project.ts';

/** A row of the Models view. Rows are the same objects as long as they exist: the view finds them by identity. */
export type Node = ProjectNode | ProblemNode | ModelNode | DeploymentNode | GhostsNode | GhostNode;

export interface ProjectNode {
  kind: 'project';
  project: Project;
}

/** models.json cannot be used, or the host is not reachable. */
export interface ProblemNode {
  kind: 'problem';
  about: 'file' | 'host';
  project: Project;
}

export interface ModelNode {
  kind: 'model';
  project: Project;
  model: string;
}

export interface DeploymentNode extends DeploymentKey {
  kind: 'deployment';
  project: Project;
}

/** What AWS has beside what models.json declares. */
export interface GhostsNode {
  kind: 'ghosts';
}

/** A stack that no models.json of the window declares, found by the account of a project. */
export interface GhostNode extends StackPlace {
  kind: 'ghost';
  project: Project;
}

export function isGhostNode(given: unknown): given is GhostNode {
  return typeof given === 'object' && given !== null && 'kind' in given && given.kind === 'ghost';
}

/** What is known of it; undefined once it is gone. Whether it was taken over `Nodes.ghosts` knows. */
export function ghostOf({ project, account, region, stack }: GhostNode): FoundGhost | undefined {
  return project.ghosts.find((one) => one.account === account && one.region === region && one.stack === stack);
}

/** The rows that were asked for so far, and how they hang together. */
export class Nodes {
  readonly #projects: () => readonly Project[];
  readonly #made = new Map<string, Node>();

  constructor(projects: () => readonly Project[]) {
    this.#projects = projects;
  }

  /** Rows below one; the top ones without it. Projects have rows of their own only where there are several. */
  children(node?: Node): Node[] {
    if (!node) {
      const projects = this.#projects().filter((project) => hasRows(project));
      const rows =
        projects.length === 1
          ? this.#ofProject(projects[0]!)
          : projects.map((project) => this.#make({ kind: 'project', project }));
      return this.ghosts().length === 0 ? rows : [...rows, this.#make({ kind: 'ghosts' })];
    }
    switch (node.kind) {
      case 'project':
        return this.#ofProject(node.project);
      case 'model':
        return node.project
          .rowNames(node.model)
          .map((deployment) =>
            this.#make({ kind: 'deployment', project: node.project, model: node.model, deployment }),
          );
      case 'ghosts':
        return this.ghosts();
      case 'problem':
      case 'deployment':
      case 'ghost':
        return [];
      default:
        return node satisfies never;
    }
  }

  /** Stacks that no project of the window declares, each once; none while one of them does not say all that it declares. */
  ghosts(): GhostNode[] {
    const projects = this.#projects();
    if (!projects.every(({ knowsStacks }) => knowsStacks)) return [];
    if (projects.every((project) => project.ghosts.length === 0)) return [];
    const seen = new Set(projects.flatMap((project) => project.stacks.map((place) => placeText(place))));
    return projects.flatMap((project) =>
      project.ghosts.flatMap(({ account, region, stack }) => {
        const place = { account, region, stack };
        if (seen.has(placeText(place))) return [];
        seen.add(placeText(place));
        return [this.#make({ kind: 'ghost', project, ...place }) as GhostNode];
      }),
    );
  }

  parent(node: Node): Node | undefined {
    if (node.kind === 'project' || node.kind === 'ghosts') return undefined;
    if (node.kind === 'ghost') return this.#make({ kind: 'ghosts' });
    const { project } = node;
    if (node.kind === 'deployment') return this.#make({ kind: 'model', project, model: node.model });
    const several = this.#projects().filter((one) => hasRows(one)).length > 1;
    return several ? this.#make({ kind: 'project', project }) : undefined;
  }

  /** The row of a deployment, whether it was asked for before or not. */
  deployment(project: Project, { model, deployment }: DeploymentKey): Node {
    return this.#make({ kind: 'deployment', project, model, deployment });
  }

  /** The row if the view has asked for it; no other needs drawing. */
  made(id: string): Node | undefined {
    return this.#made.get(id);
  }

  /** Forgets rows that no longer exist, so that a name used again later is a new row. */
  prune(project: Project): void {
    const names = new Set(project.modelNames());
    for (const [id, node] of this.#made) {
      if (node.kind === 'ghosts' || node.project !== project) continue;
      if (node.kind === 'project' || node.kind === 'problem') continue;
      const isThere = node.kind === 'ghost' ? ghostOf(node) !== undefined : names.has(node.model);
      if (!isThere) this.#made.delete(id);
    }
  }

  #ofProject(project: Project): Node[] {
    const problems: Node[] = [];
    if (hasFileProblem(project)) problems.push(this.#make({ kind: 'problem', about: 'file', project }));
    if (project.hostError) problems.push(this.#make({ kind: 'problem', about: 'host', project }));
    const models = project.modelNames().map((model) => this.#make({ kind: 'model', project, model }));
    return problems.length > 0 ? [...problems, ...models] : models;
  }

  #make(node: Node): Node {
    const id = nodeId(node);
    const made = this.#made.get(id);
    if (made) return made;
    this.#made.set(id, node);
    return node;
  }
}

function hasRows(project: Project): boolean {
  return hasFileProblem(project) || project.hostError !== undefined || project.modelNames().length > 0;
}

function hasFileProblem({ document }: Project): boolean {
  return document.kind !== 'absent' && document.kind !== 'ok';
}

/** No folder's: those are absolute. */
const GHOSTS_ID = 'aws';

/** Unique in the window and the same after a reload, so that the view keeps what was open. */
export function nodeId(node: Node): string {
  if (node.kind === 'ghosts') return GHOSTS_ID;
  if (node.kind === 'ghost') return `${GHOSTS_ID} ${placeText(node)}`;
  const { folder } = node.project;
  switch (node.kind) {
    case 'project':
      return folder;
    case 'problem':
      return `${folder}#!${node.about}`;
    case 'model':
      return `${folder}#${node.model}`;
    case 'deployment':
      return `${folder}#${node.model}/${node.deployment}`;
    default:
      return node satisfies never;
  }
}
