/** What Nimbus made, that nothing uses any more. */
export const PRUNE_KINDS = ['containers', 'images', 'environments', 'programs', 'logs'] as const;
export type PruneKind = (typeof PRUNE_KINDS)[number];

export const PRUNE_TITLES: Record<PruneKind, string> = {
  containers: 'containers that a killed host left',
  images: 'images that no deployment runs',
  environments: 'environments that no deployment uses',
  programs: 'copies of older hosts, half-made environments',
  logs: 'logs of deployments and projects that are gone',
};

export interface PruneItem {
  kind: PruneKind;
  /** Unique among its kind: a path, a reference, an id. */
  id: string;
  /** How people know it. */
  name: string;
  /** More about it, where its name says little: of an environment its packages and when it was last used. */
  detail?: string;
  /** What removing it frees; of images at most, since others may share a part. */
  bytes: number;
}

export interface Prunable {
  items: PruneItem[];
  /** What was not looked at, and why. */
  remarks: string[];
}

export interface PruneResult {
  removed: PruneItem[];
  /** What could not be removed. */
  failed: { item: PruneItem; why: string }[];
}

export function bytesOf(items: readonly PruneItem[]): number {
  return items.reduce((sum, { bytes }) => sum + bytes, 0);
}
