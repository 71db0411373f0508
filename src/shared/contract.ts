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
  /** The worker's last lines, where it died or was ended (502, 504): of this request, else of its start. */
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
  /** JSON Schema of the request's `parameters`; with no properties of a model that takes none. */
  parameters?: Record<string, unknown>;
  labels?: string[];
  /** Of a model that answers with `categories`: true where one of them applies and their scores add up to 1. */
  exclusiveCategories?: boolean;
  /** What it was made with, as far as the model and the files around it say. */
  madeWith?: MadeWith[];
  /** As models.json has them. */
  examples: { input: unknown }[];
  limits: { memoryMb: number; timeoutSeconds: number; payloadBytes: number; batchInputs: number };
}

/** One package that a model was made with, or what wrote it (`pytorch`, `ONNX opset`). */
export interface MadeWith {
  /** Normalised name; `python` for Python itself. Of what wrote the model the name that it gives itself. */
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
  /** How sure the model is, 0 to 1, where it says so (token classification of transformers). */
  score?: number;
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

export type Label = string | number | boolean;

export interface Score {
  /** Of a classifier the same JSON value as its `label`; of a mixture the number of the component. */
  label: Label;
  score: number;
}

/**
 * A classifier of any framework. `scores` are in the order of the model's classes, those of a zero-shot classifier from
 * the highest. Independent scores (`multi_label`) do not add up to 1.
 */
export interface ClassificationResult {
  label: Label;
  scores?: Score[];
  scoreKind?: 'probability' | 'decision';
}

/** A scikit-learn regressor with one output, or with several by name. */
export interface RegressionResult {
  value?: number;
  values?: Record<string, number>;
}

/** Question answering; the input is `{"question", "context"}`. Offsets count code points of the context. */
export interface QuestionAnswer {
  answer: string;
  score: number;
  start: number;
  end: number;
}

export interface QuestionAnsweringResult extends QuestionAnswer {
  /** Where `top_k` asked for more than one: all of them, the best one first. */
  answers?: QuestionAnswer[];
}

/** What fits the masks of a text, the best first; with several masks one list for each. */
export interface FillMaskResult {
  fills?: Fill[];
  masks?: Fill[][];
}

export interface Fill {
  token: string;
  /** The text with this token in the place of the mask. */
  text: string;
  score: number;
}

/** Summarization, translation and generation. */
export interface GeneratedTextResult {
  text: string;
  /** Where `num_return_sequences` asked for more than one: all of them. */
  texts?: string[];
}

/** One vector for the whole text: feature extraction, sentence embeddings. */
export interface EmbeddingResult {
  embedding: number[];
}

/** Of sentences with `source`, in the order of the input; the input is `{"source", "sentences"}`. */
export interface SimilarityResult {
  similarities: { text: string; score: number }[];
}

/** Tensors by name; `data` is nested as `shape` says, one number where the shape is empty. */
export interface TensorsResult {
  tensors: Record<string, TensorValue>;
}

export interface TensorValue {
  /** As the framework writes it: `float32`, `int64`, `bool`. */
  dtype: string;
  shape: number[];
  data: unknown;
}

/** Several outputs with classes of their own, or several labels of one set. */
export interface MultiLabelResult {
  labels: (string | number | boolean)[];
  /** One for each output. */
  outputs?: ClassificationResult[];
  scores?: Score[];
  scoreKind?: 'probability';
}

/** A model that ranks: the higher the better, without a unit. */
export interface RankingResult {
  score: number;
}

/** `distances` to all centres, or `scores` of all components of a mixture, by their number. */
export interface ClusterResult {
  cluster: number;
  distances?: number[];
  scores?: Score[];
  scoreKind?: 'probability';
}

/** A score below 0 is an outlier. */
export interface OutlierResult {
  outlier: boolean;
  score?: number;
}

/** What a transformer makes of an input; null where a value is missing. */
export interface VectorResult {
  vector: (number | string | boolean | null)[];
}

/** The logarithm of a density. */
export interface DensityResult {
  density: number;
}
