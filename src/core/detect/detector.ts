import type { Outcome } from '../../shared/outcome.ts';
import type { Detection } from './detection.ts';

/** What the user pointed at, as far as the file system knows it. */
export interface Subject {
  /** Absolute. */
  path: string;
  kind: 'file' | 'folder';
  /** Bytes; of a file only. */
  size: number;
}

/** What a detector may use. */
export interface Tools {
  /** An interpreter that runs the static reader; it needs no package. Undefined where this machine has none. */
  findPython(): Promise<string | undefined>;
  signal?: AbortSignal;
}

/** One framework's way to tell its models. It never runs or imports anything of the model. */
export interface Detector {
  /** What it looks for, as part of a sentence for people: `a custom model (a folder with handler.py)`. */
  looksFor: string;
  /** Undefined: not this framework's. An error: it is meant to be this framework's, and something is wrong with it. */
  detect(subject: Subject, tools: Tools): Promise<Outcome<Detection> | undefined>;
}
