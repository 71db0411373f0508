/** Fields that nothing reads and that are nearly called as one that is: a typo, rather than somebody's own field. */
import { findNodeAtLocation, type Node } from 'jsonc-parser';
import schema from '../../../media/models.schema.json' with { type: 'json' };
import { nearest } from '../../shared/nearest.ts';
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
    const free = known.filter((one) => !Object.hasOwn(value, one));
    const meant = nearest(field, free);
    return meant === undefined ? [] : [{ path, field, meant }];
  });
}
