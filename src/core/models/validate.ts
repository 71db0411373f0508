import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { findNodeAtLocation, type Node } from 'jsonc-parser';
import schema from '../../../media/models.schema.json' with { type: 'json' };
import type { FileProblem, LaterEntry, TextRange } from './document.ts';
import type { Positions } from './positions.ts';

const MODELS = 'nimbus:models';
/** Keywords of VS Code's JSON editor, which say nothing about validity. */
const EDITOR_KEYWORDS = [
  'allowComments',
  'allowTrailingCommas',
  'defaultSnippets',
  'enumDescriptions',
  'patternErrorMessage',
];

let ajv: Ajv | undefined;

/** Compiled on first use: it costs about 10 ms. */
function validator(part: '' | '#/definitions/model' | '#/definitions/deployment'): ValidateFunction {
  if (!ajv) {
    // The schema is our own, and its tests check it: compiling the schema of schemas would take most of the time.
    ajv = new Ajv({ allErrors: true, verbose: true, meta: false, validateSchema: false });
    ajv.addVocabulary(EDITOR_KEYWORDS);
    ajv.addSchema(schema, MODELS);
  }
  return ajv.getSchema(MODELS + part)!;
}

/** Whether a parsed models.json keeps to the schema. */
export function isValid(value: unknown): boolean {
  return validator('')(value);
}

export function isModel(value: unknown): boolean {
  return validator('#/definitions/model')(value);
}

/** What is wrong with a model's fields or a deployment's, one sentence each; none where they keep to the schema. */
export function complaints(value: unknown, part: 'model' | 'deployment'): string[] {
  const validate = validator(`#/definitions/${part}`);
  return validate(value)
    ? []
    : readable(validate.errors).map((error) => explain(error, [part, ...pointerPath(error.instancePath, value)]));
}

/** Every breach of the schema, at its place in the text; `later` are those that a newer version may have meant. */
export function schemaProblems(
  value: unknown,
  tree: Node,
  positions: Positions,
): { problems: FileProblem[]; later: LaterEntry[] } {
  const validate = validator('');
  const problems: FileProblem[] = [];
  const later: LaterEntry[] = [];
  if (validate(value)) return { problems, later };
  const errors = readable(validate.errors).map((error) => ({ error, path: pointerPath(error.instancePath, value) }));
  // What fields of a target mean that this version does not know, it does not know either.
  const foreign = errors.filter(({ error, path }) => path.length === 5 && laterEntry(error, path));
  for (const { error, path } of errors) {
    const entry = foreign.find((one) => one.path.slice(0, 4).every((step, at) => path[at] === step));
    if (entry && entry.error !== error) continue;
    const node = nodeOf(error, tree, path);
    const range = positions.range(node.offset, node.length);
    const unknown = laterEntry(error, path);
    if (unknown) later.push({ ...range, ...unknown });
    else problems.push({ ...range, message: explain(error, path) });
  }
  return { problems, later };
}

/** Where a text stands for a framework or a target that this version does not have. */
function laterEntry(error: ErrorObject, path: (string | number)[]): Omit<LaterEntry, keyof TextRange> | undefined {
  if (error.keyword !== 'enum' || typeof error.data !== 'string') return undefined;
  const [models, model, field, deployment, target, ...more] = path.map(String);
  if (models !== 'models' || model === undefined || more.length > 0) return undefined;
  const isDeployment = field === 'deployments' && deployment !== undefined && target === 'target';
  if (!isDeployment && (field !== 'framework' || deployment !== undefined)) return undefined;
  const known = (error.params as { allowedValues: unknown[] }).allowedValues.map((one) => JSON.stringify(one));
  return {
    model,
    ...(isDeployment ? { deployment } : {}),
    value: error.data,
    message: `${title(path)} is ${JSON.stringify(error.data)}, which this version of Nimbus does not know; it knows ${known.join(', ')}. The entry is left as it is: update Nimbus, or correct it.`,
  };
}

/** `propertyNames` and its cause are two errors about one name: the cause says it. */
function readable(errors: ErrorObject[] | null | undefined): ErrorObject[] {
  return (errors ?? []).filter((error) => error.keyword !== 'propertyNames');
}

function nodeOf(error: ErrorObject, tree: Node, path: (string | number)[]): Node {
  if (error.propertyName !== undefined) {
    const value = findNodeAtLocation(tree, [...path, error.propertyName]);
    return value?.parent?.children?.[0] ?? tree;
  }
  const node = findNodeAtLocation(tree, path) ?? tree;
  // A missing field is shown at the name of what lacks it, not over the whole of it.
  const name = node.parent?.type === 'property' ? node.parent.children?.[0] : undefined;
  if (error.keyword === 'required') return name ?? { ...node, length: 1 };
  return node;
}

/** `/models/a~1b/examples/0` as a path; array positions as numbers, which is what the tree is searched by. */
function pointerPath(pointer: string, root: unknown): (string | number)[] {
  let value = root;
  return pointer
    .split('/')
    .slice(1)
    .map((part) => {
      const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
      const step = Array.isArray(value) ? Number(key) : key;
      value = (value as Record<string | number, unknown>)[step];
      return step;
    });
}

const TYPES: Record<string, string> = {
  object: 'an object in braces { }',
  array: 'a list in brackets [ ]',
  string: 'a text in double quotes',
  integer: 'a whole number',
  number: 'a number',
};

function explain(error: ErrorObject, path: (string | number)[]): string {
  const what = title(path);
  const written = JSON.stringify(error.data) ?? 'nothing';
  const shown = written.length > 60 ? `${written.slice(0, 57)}…` : written;
  const params = error.params as Record<string, unknown>;
  if (error.propertyName !== undefined) {
    return `${JSON.stringify(error.propertyName)} is not a valid name. ${patternMessage(error)}`;
  }
  switch (error.keyword) {
    case 'required':
      return `${what} has no "${String(params['missingProperty'])}": add it.`;
    case 'type':
      if (path.at(-2) === 'examples' && !Array.isArray(error.data))
        return `${what} must be an object with its "input": write {"input": ${shown}}.`;
      return `${what} must be ${TYPES[String(params['type'])] ?? String(params['type'])}, and is ${shown}.`;
    case 'enum':
      return `${what} is ${shown}, which this version of Nimbus does not know: write one of ${(params['allowedValues'] as unknown[]).map((one) => JSON.stringify(one)).join(', ')}.`;
    case 'pattern':
      return `${what} is ${shown}. ${patternMessage(error)}`;
    case 'minLength':
      return `${what} is empty: fill it in.`;
    case 'minimum':
      return `${what} is ${shown}: write ${String(params['limit'])} or more.`;
    case 'maximum':
      return `${what} is ${shown}: write ${String(params['limit'])} or less.`;
    case 'exclusiveMinimum':
      return `${what} is ${shown}: write more than ${String(params['limit'])}.`;
    case 'uniqueItems':
      return `${what} names the same thing twice: keep one of them.`;
    default:
      return `${what} ${error.message ?? 'is not valid'}.`;
  }
}

function patternMessage(error: ErrorObject): string {
  const parent = error.parentSchema as { patternErrorMessage?: string } | undefined;
  return parent?.patternErrorMessage ?? `It does not match ${String((error.params as { pattern: unknown }).pattern)}.`;
}

/** `"memoryMb" of "sentiment"`. */
function title(path: (string | number)[]): string {
  if (path.length === 0) return 'The file';
  const names = path.filter((part) => part !== 'models' && part !== 'deployments');
  if (names.length === 0) return JSON.stringify(path.at(-1));
  return names
    .map((part) => (typeof part === 'number' ? `entry ${part + 1}` : JSON.stringify(part)))
    .reverse()
    .join(' of ');
}
