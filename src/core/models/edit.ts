import { isDeepStrictEqual } from 'node:util';
import { createScanner } from 'jsonc-parser';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { type DeploymentKey, type DeploymentSpec, type ModelSpec, type ModelsSpec } from '../../shared/spec.ts';
import type { LaterEntry, ModelsDocument } from './document.ts';
import { updateModelsFile } from './file.ts';
import { refusedFunctionName } from './function-name.ts';
import { invalidName } from './names.ts';
import { BOM } from './parse.ts';
import { refusal } from './read.ts';
import { heldByLater } from './later.ts';
import { removeValue, setValue } from './text-edit.ts';
import { TOKEN } from './tokens.ts';
import { complaints, isValid } from './validate.ts';

/** A model's own fields; deployments are edited one by one. */
export type ModelFields = Omit<ModelSpec, 'deployments'>;

/** A model as models.json declared it at some time; null where it did not. */
export type SeenModel = ModelFields | null;

/** A field that a deployment can do without. */
type OptionalField = Exclude<keyof DeploymentSpec, 'target'>;

/** Where a deployment on AWS is. */
const PLACE = ['account', 'region', 'stack', 'url'] as const;
type DeploymentPlace = Required<Pick<DeploymentSpec, (typeof PLACE)[number]>>;

/** One edit of models.json, as data. */
export type ModelsEdit =
  /**
   * Adds the model, or sets these fields of it; a field that is not given stays as it is. `seen` is what the file said
   * of the model when the edit was thought of: what others changed since then stays theirs, and a name that came to
   * mean another model is refused.
   */
  | { kind: 'set-model'; name: string; fields: ModelFields; seen?: SeenModel }
  /** Adds or changes a deployment of a declared model. */
  | { kind: 'set-deployment'; key: DeploymentKey; spec: DeploymentSpec }
  /**
   * Says where a deployment on AWS is. `seen` is what the file said of it when AWS was asked: nothing where it is not declared any
   * more, or said to be elsewhere by now. The rest of it stays as it is.
   */
  | { kind: 'place-deployment'; key: DeploymentKey; place: DeploymentPlace; seen: DeploymentSpec }
  /** Takes fields of a deployment out. What is not there is no error. */
  | { kind: 'unset-deployment'; key: DeploymentKey; fields: readonly OptionalField[] }
  /** Nothing to remove is no error. `dropModel`: the model goes too, once it has no deployment left. */
  | { kind: 'remove-deployment'; key: DeploymentKey; dropModel: boolean }
  /** Drops a model without deployments; one that has got some meanwhile stays. Nothing to remove is no error. */
  | { kind: 'remove-model'; name: string };

export function setModel(name: string, fields: ModelFields, seen?: SeenModel): ModelsEdit {
  return { kind: 'set-model', name, fields, ...(seen === undefined ? {} : { seen }) };
}

export function setDeployment(key: DeploymentKey, spec: DeploymentSpec): ModelsEdit {
  return { kind: 'set-deployment', key, spec };
}

export function placeDeployment(key: DeploymentKey, place: DeploymentPlace, seen: DeploymentSpec): ModelsEdit {
  return { kind: 'place-deployment', key, place, seen };
}

export function unsetDeployment(key: DeploymentKey, fields: readonly OptionalField[]): ModelsEdit {
  return { kind: 'unset-deployment', key, fields };
}

export function removeDeployment(key: DeploymentKey, { dropModel }: { dropModel: boolean }): ModelsEdit {
  return { kind: 'remove-deployment', key, dropModel };
}

export function removeModel(name: string): ModelsEdit {
  return { kind: 'remove-model', name };
}

/** What a new file begins as. */
export const NEW_FILE = '{\n  "version": 1,\n  "models": {}\n}\n';

/**
 * Makes edits of the project's models.json, all or none. Comments, order, indentation and fields that Nimbus does not
 * know stay; a file that already says so is not touched. The file is made where it is missing. Errors: as of
 * `updateModelsFile`; an edit that the schema forbids; a deployment of a model that is not declared.
 */
export async function editModels(
  project: string,
  ...edits: readonly ModelsEdit[]
): Promise<Outcome<{ changed: boolean }>> {
  return updateModelsFile(project, (document, text) => {
    if (document.kind === 'legacy') return refusal(document, 'models.json');
    const { spec, later } = document.kind === 'ok' ? document : { spec: EMPTY };
    return applyEdits(text ?? NEW_FILE, spec, edits, later);
  });
}

const EMPTY: ModelsSpec = { version: 1, models: {} };

/** The text after the edits; `spec` is what it holds now, `later` what else it holds. */
export function applyEdits(
  text: string,
  spec: ModelsSpec,
  edits: readonly ModelsEdit[],
  later: readonly LaterEntry[] = [],
): Outcome<string> {
  const draft: Draft = { text, models: Object.assign(Object.create(null) as Draft['models'], spec.models), later };
  for (const edit of edits) {
    const refused = applyEdit(draft, edit);
    if (refused) return refused;
  }
  return ok(draft.text);
}

/** A text in the middle of its edits, and the models that it holds. */
interface Draft {
  text: string;
  models: ModelsSpec['models'];
  later: readonly LaterEntry[];
}

function applyEdit(draft: Draft, edit: ModelsEdit): Outcome<never> | undefined {
  switch (edit.kind) {
    case 'set-model': {
      const refused =
        invalidName(edit.name) ??
        invalidPart(edit.name, edit.fields, 'model') ??
        heldByLater(draft.later, { model: edit.name });
      if (refused) return refused;
      const before = draft.models[edit.name];
      const taken = before && edit.seen !== undefined && takenMeanwhile(edit.name, before, edit.fields, edit.seen);
      if (taken) return taken;
      const fields = before && edit.seen ? changedFields(edit.fields, edit.seen) : edit.fields;
      draft.text = setFields(draft.text, ['models', edit.name], before, fields);
      draft.models[edit.name] = { ...edit.fields, ...before, ...fields };
      return undefined;
    }
    case 'set-deployment': {
      const { model, deployment } = edit.key;
      const refused =
        invalidName(deployment) ??
        invalidPart(deployment, edit.spec, 'deployment') ??
        heldByLater(draft.later, edit.key);
      if (refused) return refused;
      const declared = draft.models[model];
      if (!declared) return undeclared(model);
      const before = own(declared.deployments, deployment);
      const unnamed = before ? undefined : refusedFunctionName(draft.models, edit.key);
      if (unnamed) return unnamed;
      draft.text = setFields(draft.text, ['models', model, 'deployments', deployment], before, edit.spec);
      const deployments = { ...declared.deployments, [deployment]: { ...before, ...edit.spec } };
      draft.models[model] = { ...declared, deployments };
      return undefined;
    }
    case 'place-deployment': {
      const before = own(draft.models[edit.key.model]?.deployments, edit.key.deployment);
      const isAsSeen = before && (['target', ...PLACE] as const).every((field) => before[field] === edit.seen[field]);
      return isAsSeen ? applyEdit(draft, setDeployment(edit.key, { ...before, ...edit.place })) : undefined;
    }
    case 'unset-deployment':
      unset(draft, edit.key, edit.fields);
      return undefined;
    case 'remove-deployment':
      remove(draft, edit.key, edit.dropModel);
      return undefined;
    case 'remove-model':
      dropWithoutDeployments(draft, edit.name);
      return undefined;
    default:
      return edit satisfies never;
  }
}

function unset(draft: Draft, { model, deployment }: DeploymentKey, fields: readonly OptionalField[]): void {
  const declared = draft.models[model];
  const before = own(declared?.deployments, deployment);
  if (!declared || !before) return;
  const left = { ...before };
  for (const field of fields.filter((one) => Object.hasOwn(before, one))) {
    draft.text = removeValue(draft.text, ['models', model, 'deployments', deployment, field]);
    delete left[field];
  }
  draft.models[model] = { ...declared, deployments: { ...declared.deployments, [deployment]: left } };
}

function remove(draft: Draft, { model, deployment }: DeploymentKey, dropModel: boolean): void {
  const declared = draft.models[model];
  if (!declared) return;
  const { [deployment]: removed, ...left } = { ...declared.deployments };
  if (removed && own(declared.deployments, deployment)) {
    draft.text = removeValue(draft.text, ['models', model, 'deployments', deployment]);
    draft.models[model] = { ...declared, deployments: left };
  }
  if (dropModel) dropWithoutDeployments(draft, model);
}

function dropWithoutDeployments(draft: Draft, model: string): void {
  const declared = draft.models[model];
  const others = draft.later.some((entry) => entry.model === model);
  if (!declared || Object.keys({ ...declared.deployments }).length > 0 || others) return;
  draft.text = removeValue(draft.text, ['models', model]);
  delete draft.models[model];
}

/** Only what differs is written, so that the rest keeps its place and its comments. */
function setFields(text: string, path: string[], before: object | undefined, fields: object): string {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  if (!before) return setValue(text, path, Object.fromEntries(given));
  const known = new Map<string, unknown>(Object.entries(before));
  return given
    .filter(([field, value]) => !isDeepStrictEqual(known.get(field), value))
    .reduce((edited, [field, value]) => setValue(edited, [...path, field], value), text);
}

/** The fields that an edit means to change, those that it only carries along left out. */
function changedFields(fields: ModelFields, seen: ModelFields): Partial<ModelFields> {
  const known = new Map<string, unknown>(Object.entries(seen));
  return Object.fromEntries(
    Object.entries(fields).filter(([field, value]) => !isDeepStrictEqual(known.get(field), value)),
  );
}

function takenMeanwhile(
  name: string,
  now: ModelFields,
  fields: ModelFields,
  seen: SeenModel,
): Outcome<never> | undefined {
  if (now.path === fields.path || now.path === seen?.path) return undefined;
  return fail('name-taken', `The name ${name} has come to mean ${now.path} in models.json.`, {
    why: 'Another program declared it meanwhile.',
    next: 'Deploy again under another name, or again under this one to replace it.',
  });
}

function own<T>(record: Record<string, T> | undefined, name: string): T | undefined {
  return record && Object.hasOwn(record, name) ? record[name] : undefined;
}

/**
 * Turns the bare list of an early Nimbus into today's format. Its comments, and entries that this Nimbus cannot run,
 * stay as comments. A file that is not of that format is left alone.
 */
export async function migrateLegacy(project: string): Promise<Outcome<{ changed: boolean }>> {
  return updateModelsFile(project, (document, text) =>
    document.kind === 'legacy' ? migratedText(document, text ?? '') : ok(text ?? NEW_FILE),
  );
}

/** The whole text of the migrated file. */
export function migratedText(document: Extract<ModelsDocument, { kind: 'legacy' }>, text: string): Outcome<string> {
  if (!isValid(document.migrated)) {
    return fail('models-file-legacy-invalid', 'models.json cannot be migrated as it is.', {
      why:
        Object.entries(document.migrated.models).flatMap(([, model]) => complaints(model, 'model'))[0] ??
        'A field of it is not valid.',
      next: 'Correct the field in the old file and migrate again; nothing was changed.',
    });
  }
  const left = document.left.map(({ entry, why }) => `// Not migrated, ${oneLine(why)}: ${JSON.stringify(entry)}`);
  const lines = [...comments(text), ...left, JSON.stringify(document.migrated, undefined, 2), ''];
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  return ok((text.startsWith(BOM) ? BOM : '') + lines.join('\n').replaceAll(/\r?\n/g, eol));
}

function comments(text: string): string[] {
  const scanner = createScanner(text, false);
  const found: string[] = [];
  for (let token = scanner.scan(); token !== TOKEN.end; token = scanner.scan()) {
    if (token === TOKEN.lineComment || token === TOKEN.blockComment) {
      // Not `getTokenValue`: of a line comment it begins one character too early.
      const start = scanner.getTokenOffset();
      found.push(text.slice(start, start + scanner.getTokenLength()).trimEnd());
    }
  }
  return found;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}

function invalidPart(name: string, value: unknown, part: 'model' | 'deployment'): Outcome<never> | undefined {
  const found = complaints(value, part);
  if (found.length === 0) return undefined;
  return fail('models-edit-invalid', `models.json cannot hold this for ${JSON.stringify(name)}.`, {
    why: found.join(' '),
    next: 'Correct the value and try again; nothing was changed.',
  });
}

function undeclared(model: string): Outcome<never> {
  return fail('model-not-declared', `models.json has no model ${JSON.stringify(model)}.`, {
    why: 'Another program may have removed it.',
    next: 'Deploy the model again.',
  });
}
