import { getNodeValue, parseTree, printParseErrorCode, stripComments, type Node, type ParseError } from 'jsonc-parser';
import type { DeploymentSpec, ModelSpec, ModelsSpec } from '../../shared/spec.ts';
import type { FileProblem, LaterEntry, ModelsDocument } from './document.ts';
import { legacyDocument } from './legacy.ts';
import { misspeltFields, misspeltProblems } from './misspelt.ts';
import { Positions } from './positions.ts';
import { isModel, isValid, schemaProblems } from './validate.ts';

/** Version of the format that this Nimbus writes. */
export const FORMAT_VERSION = 1;
const PROBLEMS_LIMIT = 100;
export const BOM = '\uFEFF';

/**
 * Reads a models.json: JSON in which comments and trailing commas are tolerated. `undefined` is a missing file.
 * Positions count from after a byte order mark, as editors do.
 */
export function parseModels(source: string | undefined): ModelsDocument {
  if (source === undefined) return { kind: 'absent' };
  const text = source.startsWith(BOM) ? source.slice(1) : source;
  try {
    return (
      parseStrict(text) ?? (COMMENT.test(text) ? parseStrict(stripComments(text)) : undefined) ?? parseTolerant(text)
    );
  } catch (error) {
    // What walks through the file goes as deep as the file does.
    if (!(error instanceof RangeError)) throw error;
    const range = new Positions(text).range(0, 1);
    return invalid([{ ...range, message: 'The file is nested too deeply to be read.' }]);
  }
}

/** A comment, or what looks like one inside of a text. */
const COMMENT = /\/[/*]/;

/**
 * The quick way for the usual file: JSON, comments taken out, without anything to complain about. For 10,000 models it
 * takes a quarter of the time of the way that knows positions.
 */
function parseStrict(text: string): ModelsDocument | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const usual = isRecord(value) && value['version'] === FORMAT_VERSION && isValid(value);
  // JSON.parse keeps the last of two equal keys and says nothing.
  if (!usual || countKeys(value) !== countColons(text)) return undefined;
  if (misspeltFields(value as ModelsSpec).length > 0) return undefined;
  return { kind: 'ok', spec: toSpec(value as ModelsSpec) };
}

function parseTolerant(text: string): ModelsDocument {
  const positions = new Positions(text);
  if (text.trim() === '') {
    return invalid([
      {
        ...positions.range(0, text.length),
        message: 'The file is empty: write {"version": 1, "models": {}} or delete it.',
      },
    ]);
  }
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true });
  if (!tree || errors.length > 0) {
    const conflict = conflictMarkers(text, positions);
    return conflict ?? invalid(errors.slice(0, PROBLEMS_LIMIT).map((error) => syntaxProblem(error, text, positions)));
  }
  return judge(tree, positions);
}

function judge(tree: Node, positions: Positions): ModelsDocument {
  const duplicates = duplicateKeys(tree, positions);
  // Through JSON, so that a value has the same shape on both ways of reading.
  const value: unknown = JSON.parse(JSON.stringify(getNodeValue(tree)));
  const legacy = Array.isArray(value) ? legacyDocument(value) : undefined;
  if (legacy && duplicates.length === 0) return legacy;
  const version = isRecord(value) ? value['version'] : undefined;
  if (isRecord(value) && typeof version === 'number' && Number.isInteger(version) && version > FORMAT_VERSION) {
    return { kind: 'newer', version, spec: bestEffort(value) };
  }
  const found = schemaProblems(value, tree, positions);
  const problems = [...duplicates, ...found.problems];
  if (problems.length > 0) return invalid(problems);
  const { later } = found;
  for (const entry of later) leaveOut(value as ModelsSpec, entry);
  const misspelt = misspeltProblems(value as ModelsSpec, tree, positions).slice(0, PROBLEMS_LIMIT);
  return {
    kind: 'ok',
    spec: toSpec(value as ModelsSpec),
    ...(later.length > 0 ? { later } : {}),
    ...(misspelt.length > 0 ? { misspelt } : {}),
  };
}

/** What this Nimbus does not know is not among what it works with. */
function leaveOut({ models }: ModelsSpec, { model, deployment }: LaterEntry): void {
  if (deployment === undefined) delete models[model];
  else delete models[model]?.deployments?.[deployment];
}

function invalid(problems: FileProblem[]): ModelsDocument {
  const sorted = problems.toSorted((one, other) => one.line - other.line || one.column - other.column);
  return { kind: 'invalid', problems: sorted.slice(0, PROBLEMS_LIMIT) };
}

/** Git's markers, looked for only in a file that does not parse: inside a comment they mean nothing. */
function conflictMarkers(text: string, positions: Positions): ModelsDocument | undefined {
  const markers = [...text.matchAll(/^(<{7}|>{7})(?: .*)?$/gm)];
  if (!markers.some((marker) => marker[1]!.startsWith('<'))) return undefined;
  const problems = markers.slice(0, PROBLEMS_LIMIT).map((marker) => ({
    ...positions.range(marker.index, marker[0].trimEnd().length),
    message: 'Git left a merge conflict here: keep one side, delete the lines with the markers, and save.',
  }));
  return { kind: 'conflict', line: problems[0]!.line, problems };
}

function syntaxProblem(error: ParseError, text: string, positions: Positions): FileProblem {
  // What is missing is missing after the last thing before it, not at the start of the next line.
  const code = printParseErrorCode(error.error);
  const missing = MISSING.has(code);
  const before = text.slice(0, error.offset).trimEnd().length;
  const at = missing && before > 0 ? { offset: before - 1, length: 1 } : error;
  return {
    ...positions.range(at.offset, Math.max(at.length, 1)),
    message: SYNTAX[code] ?? 'This is not JSON here: correct it.',
  };
}

const MISSING = new Set(['CommaExpected', 'ColonExpected', 'CloseBraceExpected', 'CloseBracketExpected']);

const SYNTAX: Readonly<Record<string, string>> = {
  InvalidSymbol: 'This is not a JSON value: put texts into double quotes.',
  InvalidNumberFormat: 'This is not a JSON number: correct it.',
  PropertyNameExpected: 'A name in double quotes is expected here.',
  ValueExpected: 'A value is expected here.',
  ColonExpected: 'A colon is missing after this.',
  CommaExpected: 'A comma is missing after this.',
  CloseBraceExpected: 'A closing brace } is missing after this.',
  CloseBracketExpected: 'A closing bracket ] is missing after this.',
  EndOfFileExpected: 'The file must end before this: delete what follows.',
  InvalidCommentToken: 'This comment is not closed.',
  UnexpectedEndOfComment: 'This comment is not closed: add */.',
  UnexpectedEndOfString: 'This text is not closed: add a double quote.',
  UnexpectedEndOfNumber: 'This number is cut off.',
  InvalidUnicode: 'This is not a valid \\u escape: write four hexadecimal digits.',
  InvalidEscapeCharacter: 'This is not a valid escape: write \\\\ for a backslash.',
  InvalidCharacter: 'This character must be escaped in a text: write \\t for a tab, \\n for a new line.',
};

function duplicateKeys(tree: Node, positions: Positions): FileProblem[] {
  const problems: FileProblem[] = [];
  const visit = (node: Node): void => {
    if (node.type === 'object') {
      const seen = new Set<unknown>();
      for (const property of node.children ?? []) {
        const key = property.children![0]!;
        if (seen.has(key.value)) {
          problems.push({
            ...positions.range(key.offset, key.length),
            message: `${JSON.stringify(key.value)} is there twice: rename or delete one of them.`,
          });
        }
        seen.add(key.value);
      }
    }
    for (const child of node.children ?? []) visit(child);
  };
  visit(tree);
  return problems;
}

/** Records that are looked up by a user's name get no prototype: `models['constructor']` must be a model or nothing. */
function toSpec(value: ModelsSpec): ModelsSpec {
  const models: Record<string, ModelSpec> = Object.create(null) as Record<string, ModelSpec>;
  for (const [name, model] of Object.entries(value.models)) {
    models[name] = model.deployments ? { ...model, deployments: bare(model.deployments) } : model;
  }
  return { ...value, models };
}

function bare(deployments: Record<string, DeploymentSpec>): Record<string, DeploymentSpec> {
  return Object.assign(Object.create(null) as Record<string, DeploymentSpec>, deployments);
}

/** The models of a newer file that read like today's. */
function bestEffort(value: Record<string, unknown>): ModelsSpec {
  const models = isRecord(value['models']) ? value['models'] : {};
  const understood = Object.entries(models).filter(([, model]) => isModel(model));
  return toSpec({ version: 1, models: Object.fromEntries(understood) as ModelsSpec['models'] });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += countKeys(item);
    return count;
  }
  const record = value as Record<string, unknown>;
  for (const key of Object.keys(record)) count += 1 + countKeys(record[key]);
  return count;
}

/** Colons outside of strings: one for each key that valid JSON has. */
function countColons(json: string): number {
  const QUOTE = 34;
  const BACKSLASH = 92;
  const COLON = 58;
  let count = 0;
  let inString = false;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) inString = !inString;
    else if (code === BACKSLASH) at++;
    else if (code === COLON && !inString) count++;
  }
  return count;
}
