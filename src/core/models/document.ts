import type { ModelsSpec } from '../../shared/spec.ts';

/** The file's name, in the project's folder. */
export const MODELS_FILE = 'models.json';

/** What is in a models.json. Its records have no prototype: a model may be called `constructor`. */
export type ModelsDocument =
  | { kind: 'absent' }
  | { kind: 'ok'; spec: ModelsSpec }
  /** Written by a newer Nimbus: shown as far as it is understood, never edited. */
  | { kind: 'newer'; version: number; spec: ModelsSpec }
  /** Shown with its problems, never edited. At least one, in the order of the text, 100 at most. */
  | { kind: 'invalid'; problems: FileProblem[] }
  /** Git left its conflict markers in it. `line` (zero-based) has the first one. */
  | { kind: 'conflict'; line: number; problems: FileProblem[] }
  /** The bare array of Nimbus before 0.1; `migrated` is what it becomes. */
  | { kind: 'legacy'; migrated: ModelsSpec; left: LegacyLeft[] };

/** An entry of the old array that this Nimbus cannot run; the migration keeps it as a comment. */
export interface LegacyLeft {
  entry: unknown;
  why: string;
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
