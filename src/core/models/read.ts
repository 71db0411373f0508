import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { ModelsSpec } from '../../shared/spec.ts';
import { MODELS_FILE, type FileProblem, type LaterEntry, type ModelsDocument } from './document.ts';
import { parseModels } from './parse.ts';

/** What is in the project's models.json. A file that cannot be read is `invalid`, with the reason. */
export async function readDocument(project: string): Promise<ModelsDocument> {
  const read = await readText(path.join(project, MODELS_FILE));
  return read.ok
    ? parseModels(read.value)
    : { kind: 'invalid', problems: [atStart(read.error.why ?? read.error.what)] };
}

/** What a usable models.json declares. */
export interface Declared {
  models: ModelsSpec['models'];
  /** Entries that this Nimbus does not know; they are not among `models`. */
  later: LaterEntry[];
  /** Fields that are nearly called as one that Nimbus knows; absent where there are none. */
  misspelt?: FileProblem[];
  /** Format version of a file that a newer Nimbus wrote: it is not edited, and may declare more than `models`. */
  newer?: number;
  /** There is no file. */
  absent?: true;
}

/**
 * The declared models: none where the file is missing, those that are understood where it is of a newer version. The
 * error of an unusable file has line and column.
 */
export async function readModels(project: string): Promise<Outcome<Declared>> {
  const document = await readDocument(project);
  switch (document.kind) {
    case 'ok':
      return ok({
        models: document.spec.models,
        later: document.later ?? [],
        ...(document.misspelt ? { misspelt: document.misspelt } : {}),
      });
    case 'newer':
      return ok({ models: document.spec.models, later: [], newer: document.version });
    case 'absent':
      return ok({ models: Object.create(null) as ModelsSpec['models'], later: [], absent: true });
    case 'legacy':
    case 'invalid':
    case 'conflict':
      return refusal(document, path.join(project, MODELS_FILE));
    default:
      return document satisfies never;
  }
}

/** The file's text with its byte order mark; undefined where there is no file. */
export async function readText(file: string): Promise<Outcome<string | undefined>> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return ok(undefined);
    return fail('models-file-unreadable', `${file} cannot be read.`, {
      why: code === 'EISDIR' ? 'models.json is a folder, not a file.' : message,
      next: 'Check the permissions of the file and of its folder.',
    });
  }
  if (!isUtf8(bytes)) {
    return fail('models-file-unreadable', `${file} cannot be read.`, {
      why: 'The file is not UTF-8 text: save it with the encoding UTF-8.',
      next: 'Save the file with the encoding UTF-8.',
    });
  }
  return ok(bytes.toString('utf8'));
}

type Unusable = Extract<ModelsDocument, { kind: 'legacy' | 'invalid' | 'conflict' | 'newer' }>;

/** Why a file in this state is not edited, with the place to look at. Lines and columns count from 1, as editors show. */
export function refusal(document: Unusable, file: string): Outcome<never> {
  const first = 'problems' in document ? document.problems[0] : undefined;
  const place = first ? `${file}:${first.line + 1}:${first.column + 1}` : file;
  const action = { label: 'Open models.json', command: 'nimbus.openModelsFile', args: [file] };
  switch (document.kind) {
    case 'invalid':
      return fail('models-file-invalid', `${place} is not valid.`, {
        why: first?.message ?? 'It is not a models.json.',
        next: 'Correct the file and try again; nothing was changed.',
        action,
      });
    case 'conflict':
      return fail('models-file-conflict', `${place} has a merge conflict.`, {
        why: first?.message ?? 'Git left its conflict markers in it.',
        next: 'Resolve the conflict and try again; nothing was changed.',
        action,
      });
    case 'newer':
      return newerFile(file, document.version);
    case 'legacy':
      return fail('models-file-legacy', `${file} has the format of an early Nimbus: a bare list.`, {
        next: 'Migrate it with nimbus migrate, or in VS Code with Nimbus: Migrate models.json; its models and comments are kept.',
        action: { label: 'Migrate models.json', command: 'nimbus.migrateModelsFile', args: [file] },
      });
    default:
      return document satisfies never;
  }
}

/** Why a file of a newer format is not edited. */
export function newerFile(file: string, version: number): Outcome<never> {
  return fail('models-file-newer', `${file} was written by a newer version of Nimbus.`, {
    why: `It has format version ${version}; this Nimbus edits version 1.`,
    next: 'Update Nimbus.',
  });
}

function atStart(message: string): FileProblem {
  return { line: 0, column: 0, endLine: 0, endColumn: 1, message };
}
