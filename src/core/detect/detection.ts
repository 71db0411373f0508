import type { Captured } from '../environment/captured.ts';
import type { Framework } from '../../shared/spec.ts';

/** What a path turned out to be, found without executing any of it. */
export interface Detection {
  framework: Framework;
  /** Absolute path of the model itself (e.g. `…/model-best` where the user chose its parent). */
  path: string;
  /** A valid, unused-by-default model name made from the path: `My Model!` -> `my-model`. */
  suggestedName: string;
  /** One line for people: `spaCy pipeline en_core (ner), made with spaCy 3.8.7`. */
  summary: string;
  description?: string;
  /** Packages that loading it needs, as PEP 508 requirements with the versions the model itself names. */
  requirements: string[];
  /** Versions that the model tells of beside what it asks for. */
  captured?: Captured[];
  risk: Risk;
  /** Loading it runs code that came with it (`trust_remote_code`), which is a part of `risk`. */
  ownCode?: true;
}

export interface PickleGlobal {
  /** `sklearn.pipeline.Pipeline`. */
  name: string;
  /** What importing it means: `known` for its framework, `unknown`, or `dangerous` (process, file, network, eval). */
  danger: 'known' | 'unknown' | 'dangerous';
  /** `os.system`: `runs a command of the operating system`. Of an unknown one, where it comes from. */
  meaning?: string;
}

/** What loading the model may run. */
export type Risk =
  | { kind: 'none' }
  /**
   * Files of the workspace that run as code, e.g. handler.py: allowed in a trusted workspace. With `hash`, of their
   * contents, they came with a published model: then each version of them asks, trusted or not.
   */
  | { kind: 'code'; files: string[]; hash?: string }
  /** A pickle with globals outside its framework's known list. `hash` covers the set of them, not the file. */
  | { kind: 'unknown-globals'; globals: PickleGlobal[]; hash: string }
  /** A pickle that names dangerous globals. `hash` covers the file: each version asks again. */
  | { kind: 'dangerous-globals'; globals: PickleGlobal[]; hash: string }
  /** The static reader could not read it to its end: never loaded. */
  | { kind: 'unreadable'; why: string };

/**
 * The user's agreement to one risk, by its `hash`; `code` without one is for a trusted project. `names` are what was
 * agreed to, for people.
 */
export type Consent =
  | { kind: 'code'; hash?: string; names?: string[] }
  | { kind: 'unknown-globals' | 'dangerous-globals'; hash: string; names?: string[] };
