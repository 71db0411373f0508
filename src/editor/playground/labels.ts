import type { DeploymentKey } from '../../shared/spec.ts';
import type { DeploymentStatus } from '../../shared/states.ts';

/** A project as far as labels need it. */
export interface Labelled {
  readonly folder: string;
  statuses(): DeploymentStatus[];
}

export interface Labels<P extends Labelled> {
  /** Every deployment under names that are unique in the window. */
  all: DeploymentStatus[];
  /** The project and its own key behind a name on the page. */
  find(key: DeploymentKey): { project: P; key: DeploymentKey } | undefined;
  /** The name on the page of a project's own key. */
  label(project: P, key: DeploymentKey): DeploymentKey;
}

/**
 * The page knows models by name only. Where two projects of the window have a model of the same name, theirs get the
 * project's folder behind: `sentiment (reviews)`, and a number where even that is the same.
 */
export function labels<P extends Labelled>(projects: readonly P[]): Labels<P> {
  const owners = new Map<string, P[]>();
  for (const project of projects) {
    for (const model of new Set(project.statuses().map((status) => status.model))) {
      owners.set(model, [...(owners.get(model) ?? []), project]);
    }
  }
  const nameOf = (project: P, model: string): string => {
    const sharing = owners.get(model) ?? [];
    if (sharing.length < 2) return model;
    const folderName = baseName(project.folder);
    const alike = sharing.filter((one) => baseName(one.folder) === folderName);
    const number = alike.length > 1 ? ` ${alike.indexOf(project) + 1}` : '';
    return `${model} (${folderName}${number})`;
  };
  const found = new Map<string, { project: P; key: DeploymentKey }>();
  const all = projects.flatMap((project) =>
    project.statuses().map((status) => {
      const model = nameOf(project, status.model);
      found.set(`${model}/${status.deployment}`, {
        project,
        key: { model: status.model, deployment: status.deployment },
      });
      return { ...status, model };
    }),
  );
  return {
    all,
    find: ({ model, deployment }) => found.get(`${model}/${deployment}`),
    label: (project, { model, deployment }) => ({ model: nameOf(project, model), deployment }),
  };
}

function baseName(folder: string): string {
  return folder.split(/[\\/]/).findLast((part) => part !== '') ?? folder;
}
