import type { ModelsSpec } from '../../shared/spec.ts';

/** The file's name, in the project's folder. */
export const MODELS_FILE = 'models.json';

/** What is in a models.json. Its records have no prototype: a model may be called `constructor`. */
export type ModelsDocument =
  | { kind: 'absent' }
  /**
   * `later`: entries that this Nimbus does not know, which are not in `spec`. `misspelt`: fields that are nearly called as
   * one that it does. Both absent where there are none.
   */
  | { kind: 'ok'; spec: ModelsSpec; later?: LaterEntry[]; misspelt?: FileProblem[] }
  /** Written by a newer Nimbus: shown as far as it is understood, never edited. */
  | { kind: 'newer'; version: number; spec: ModelsSpec }
  /** Shown with its problems, never edited. At least one, in the order of the text, 100 at most. */
  | { kind: 'invalid'; problems: FileProblem[] }
  /** Git left its conflict markers in it. `line` (zero-based) has the first one. */
  | { kind: 'conflict'; line: number; problems: FileProblem[] }
  /** The bare array of Nimbus before 0.1; `migrated` is what it becomes. */
  | { kind: 'legacy'; migrated: ModelsSpec; left: LegacyLeft[] };

/** Whether all that a models.json declares is understood. What it lacks is not known before. */
export function isWhole(document: ModelsDocument): boolean {
  return document.kind === 'absent' || (document.kind === 'ok' && !document.later?.length);
}

/** An entry of the old array that this Nimbus cannot run; the migration keeps it as a comment. */
export interface LegacyLeft {
  entry: unknown;
  why: string;
}

/**
 * A model of a framework, or a deployment to a target, that this Nimbus does not know: a newer one may have written it.
 * It is shown, left untouched by edits, and keeps nothing else from working.
 */
export interface LaterEntry extends FileProblem {
  model: string;
  /** Set where the model itself is understood. */
  deployment?: string;
  /** The framework or target as written. */
  value: string;
}

/** A range of the text: lines and columns are zero-based, columns count UTF-16 units, the end is exclusive. */
export interface TextRange {
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
}

/** One thing that is wrong in the file; `message` says what, and what to do. */
export interface FileProblem extends TextRange {
  message: string;
}
