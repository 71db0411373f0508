/** The contents of models.json, version 1. Its JSON Schema is media/models.schema.json. */
export interface ModelsSpec {
  version: 1;
  models: Record<string, ModelSpec>;
}

export const FRAMEWORKS = [
  'spacy',
  'sklearn',
  'onnx',
  'transformers',
  'torch',
  'xgboost',
  'lightgbm',
  'custom',
] as const;
export type Framework = (typeof FRAMEWORKS)[number];

/** How the product writes a framework's name to people. */
export const FRAMEWORK_TITLES: Record<Framework, string> = {
  spacy: 'spaCy',
  sklearn: 'scikit-learn',
  onnx: 'ONNX',
  transformers: 'Hugging Face',
  torch: 'PyTorch',
  xgboost: 'XGBoost',
  lightgbm: 'LightGBM',
  custom: 'custom',
};

/** Kinds of places where a function runs; the first is the one that needs nothing else. */
export const TARGETS = ['local', 'docker', 'lambda'] as const;
export type TargetKind = (typeof TARGETS)[number];

/** How the product writes a target's name to people. */
export const TARGET_TITLES: Record<TargetKind, string> = {
  local: 'this machine',
  docker: 'Docker',
  lambda: 'AWS Lambda',
};

/** Whether a target runs an image, else Python of this machine. */
export function runsImage(target: TargetKind): boolean {
  return target !== 'local';
}

export interface ModelSpec {
  /** Relative to models.json with `/`, or absolute for a model outside the project (not portable). */
  path: string;
  framework: Framework;
  description?: string;
  /** e.g. `3.12`. */
  pythonVersion?: string;
  /** Megabytes of 2^20 bytes, as AWS Lambda counts them. */
  memoryMb?: number;
  timeoutSeconds?: number;
  /** Local workers at most; never becomes Lambda's reserved concurrency. */
  concurrency?: number;
  /** Names of environment variables handed to the function; never values. */
  env?: string[];
  examples?: Example[];
  deployments?: Record<string, DeploymentSpec>;
}

export interface Example {
  input: unknown;
  /** A part of the expected result: every field named here must be equal in the answer. */
  expect?: unknown;
}

/** Processors that AWS Lambda has. */
export const ARCHITECTURES = ['x86_64', 'arm64'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

export interface DeploymentSpec {
  target: TargetKind;
  /** Of `docker` and `lambda`: what the image is for. Default: as the machine's settings say, else the machine's own. */
  architecture?: Architecture;
  /** Of `docker` and `lambda`: size of /tmp in MB. */
  ephemeralStorageMb?: number;
  /** What follows is of `lambda` only. Twelve digits; written by the deploy, as the next three are. */
  account?: string;
  /** e.g. `eu-west-1`. */
  region?: string;
  /** Name of the CloudFormation stack. */
  stack?: string;
  /** Base of the endpoint. Shown to people; nothing is sent to it that CloudFormation did not report. */
  url?: string;
  /** Who may call. Default: `key`. */
  auth?: Auth;
  /** Environments that are kept initialised, and billed. */
  provisionedConcurrency?: number;
  throttle?: { ratePerSecond: number; burst: number };
  /** With `auth: key` only. */
  quota?: { requests: number; per: 'day' | 'week' | 'month' };
  /** Web pages of these origins may call. */
  corsOrigins?: string[];
  logRetentionDays?: number;
}

/** With an API key, which meters but identifies nobody; signed by IAM; anybody. */
export const AUTHS = ['key', 'iam', 'none'] as const;
export type Auth = (typeof AUTHS)[number];

export const MODEL_NAME = /^[a-z][a-z0-9-]{0,29}$/;

/** Used where models.json does not say. Lambda's own sizes: 1,769 MB is one vCPU; 29 s is API Gateway's limit. */
export const DEFAULTS = { memoryMb: 1769, timeoutSeconds: 29, concurrency: 2 } as const;

/** A deployment's identity within a project. */
export interface DeploymentKey {
  model: string;
  deployment: string;
}

export function sameKey(one: DeploymentKey | undefined, other: DeploymentKey | undefined): boolean {
  return one?.model === other?.model && one?.deployment === other?.deployment;
}

export function keyText(key: DeploymentKey): string {
  return `${key.model}/${key.deployment}`;
}
