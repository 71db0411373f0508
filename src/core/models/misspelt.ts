/** Fields that nothing reads and that are nearly called as one that is: a typo, rather than somebody's own field. */
import { findNodeAtLocation, type Node } from 'jsonc-parser';
import schema from '../../../media/models.schema.json' with { type: 'json' };
import type { ModelsSpec } from '../../shared/spec.ts';
import type { FileProblem } from './document.ts';
import type { Positions } from './positions.ts';

const MODEL_FIELDS = Object.keys(schema.definitions.model.properties);
const DEPLOYMENT_FIELDS = Object.keys(schema.definitions.deployment.properties);

interface Misspelt {
  /** Of what has the field. */
  path: string[];
  field: string;
  meant: string;
}

/** In a valid file. Fields of other names are left to whoever wrote them. */
export function misspeltFields({ models }: ModelsSpec): Misspelt[] {
  return Object.entries(models).flatMap(([name, model]) => [
    ...among(model, MODEL_FIELDS, ['models', name]),
    ...Object.entries(model.deployments ?? {}).flatMap(([deployment, spec]) =>
      among(spec, DEPLOYMENT_FIELDS, ['models', name, 'deployments', deployment]),
    ),
  ]);
}

/** At their places in the text. */
export function misspeltProblems(spec: ModelsSpec, tree: Node, positions: Positions): FileProblem[] {
  return misspeltFields(spec).map(({ path, field, meant }) => {
    const node = findNodeAtLocation(tree, [...path, field])?.parent?.children?.[0] ?? tree;
    const owner = path.filter((_, index) => index % 2 === 1).toReversed();
    return {
      ...positions.range(node.offset, node.length),
      message: `"${field}" of ${owner.map((name) => JSON.stringify(name)).join(' of ')} is a field that Nimbus does not know, and has no effect. Did you mean "${meant}"?`,
    };
  });
}

function among(value: object, known: readonly string[], path: string[]): Misspelt[] {
  return Object.keys(value).flatMap((field) => {
    if (known.includes(field)) return [];
    const meant = known.find((one) => !Object.hasOwn(value, one) && isNear(field, one));
    return meant === undefined ? [] : [{ path, field, meant }];
  });
}

const SHORTEST = 3;

/** Up to two letters differ, or the end of the name is missing. */
function isNear(written: string, known: string): boolean {
  const one = written.toLowerCase();
  const other = known.toLowerCase();
  if (one.length < SHORTEST || Math.abs(one.length - other.length) > 2)
    return one.length > SHORTEST && other.startsWith(one);
  return editDistance(one, other) <= (other.length > 4 ? 2 : 1);
}

/** Letters to insert, remove or replace (Levenshtein), row by row. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let at = 1; at <= one.length; at++) {
    const next = [at];
    for (let to = 1; to <= other.length; to++) {
      const replaced = row[to - 1]! + (one[at - 1] === other[to - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[to]! + 1, next[to - 1]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
}
