/** The HTTP contract of every endpoint, on every target. */

/**
 * How the environment that answered had started, as measured by the runtime, never inferred from a threshold:
 * `cold` its initialisation overlapped this request; `preinitialised` it was fresh, and ready before the request came;
 * `restored` it came from a warm parent or a snapshot; `warm` it had answered before.
 */
export type StartKind = 'cold' | 'preinitialised' | 'restored' | 'warm';

/** Milliseconds on the runtime's own clock. `initMs` is 0 for warm starts. */
export interface Timings {
  start: StartKind;
  initMs: number;
  handlerMs: number;
}

export interface PredictAnswer {
  model: string;
  version: string;
  result: unknown;
  timings: Timings;
  requestId: string;
}

export interface BatchAnswer {
  model: string;
  version: string;
  success: { index: number; result: unknown }[];
  failed: { index: number; error: { type: string; detail: string } }[];
  timings: Timings;
  requestId: string;
}

/** RFC 9457 problem details with the request's id. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  requestId: string;
  /** The field of the request body that is wrong (400). */
  field?: string;
  /** What to do next, where the product knows it. */
  next?: string;
  /** The last lines of the worker, where it died (502). */
  lastLines?: string[];
}

export interface ModelCard {
  model: string;
  version: string;
  framework: string;
  frameworkVersion?: string;
  python?: string;
  description?: string;
  /** e.g. `entities`, `text-classification`, `classification`, `regression`, `custom`. */
  task?: string;
  /** JSON Schema of one `input`. */
  input?: Record<string, unknown>;
  /** JSON Schema of one `result`. */
  output?: Record<string, unknown>;
  labels?: string[];
  /** What it was made with, as far as the model and the files around it say. */
  madeWith?: MadeWith[];
  examples: unknown[];
  limits: { memoryMb: number; timeoutSeconds: number; payloadBytes: number; batchInputs: number };
}

/** One package that a model was made with. */
export interface MadeWith {
  /** Normalised name; `python` for Python itself. */
  package: string;
  /** `1.5.2`, `>=3.8,<3.9`, or `unknown`. */
  versions: string;
  /** Where that stands: `meta.json`, `requirements.txt`. */
  from: string;
}

/** 6 MB as AWS Lambda counts a synchronous invocation's payload; either way, as the encoded event. */
export const PAYLOAD_BYTES = 6 * 1024 * 1024;
export const BATCH_INPUTS = 1000;

/**
 * What models answer, as `result`. A result may have several of these fields (a spaCy pipeline with a tagger and
 * an entity recogniser has tokens and entities); the playground shows each field it knows and JSON for the rest.
 */
export interface TextResult {
  entities?: Span[];
  spans?: Record<string, Span[]>;
  sentences?: { start: number; end: number }[];
  tokens?: Token[];
  /** Independent scores per category (spaCy textcat). */
  categories?: Score[];
}

/** Offsets are in Unicode code points of the input text, as Python counts them. */
export interface Span {
  text: string;
  label: string;
  start: number;
  end: number;
  id?: string;
}

export interface Token {
  text: string;
  start: number;
  end: number;
  pos?: string;
  tag?: string;
  lemma?: string;
  dep?: string;
  /** Index of the head token. */
  head?: number;
}

export interface Score {
  label: string;
  score: number;
}

/** A scikit-learn classifier. `scores` are in the order of the model's classes. */
export interface ClassificationResult {
  label: string | number | boolean;
  scores?: Score[];
  scoreKind?: 'probability' | 'decision';
}

/** A scikit-learn regressor with one output, or with several by name. */
export interface RegressionResult {
  value?: number;
  values?: Record<string, number>;
}
