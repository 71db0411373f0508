/** The JSON file that tells a worker what to load, and the environment that it starts in. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { BATCH_INPUTS, PAYLOAD_BYTES, type MadeWith, type ModelCard } from '../../shared/contract.ts';
import { DEFAULTS, type DeploymentKey, type ModelSpec } from '../../shared/spec.ts';
import { isOwnFolder } from './files.ts';
import { functionName } from '../models/function-name.ts';

export interface FunctionParts extends DeploymentKey {
  /** Folders that Python imports from before any other; code that nobody agreed to run must not be in one. */
  modulePaths: readonly string[];
  version: string;
  /** Absolute path of the model in its snapshot. */
  path: string;
  spec: Omit<ModelSpec, 'deployments'>;
  madeWith?: MadeWith[] | undefined;
  /** Code that came with the model may run: the user agreed to it. */
  ownCode: boolean;
}

export function limitsOf(spec: FunctionParts['spec']): ModelCard['limits'] {
  return {
    memoryMb: spec.memoryMb ?? DEFAULTS.memoryMb,
    timeoutSeconds: spec.timeoutSeconds ?? DEFAULTS.timeoutSeconds,
    payloadBytes: PAYLOAD_BYTES,
    batchInputs: BATCH_INPUTS,
  };
}

/** What a function's file says, as docs/architecture.md has it. */
export function functionDocument({
  model,
  version,
  path: file,
  modulePaths,
  spec,
  madeWith,
  ownCode,
}: FunctionParts): Record<string, unknown> {
  return {
    model,
    version,
    framework: spec.framework,
    path: file,
    ...(spec.description === undefined ? {} : { description: spec.description }),
    examples: (spec.examples ?? []).map(({ input }) => ({ input })),
    modulePaths,
    ...(madeWith === undefined ? {} : { madeWith }),
    ...(ownCode ? { ownCode } : {}),
    limits: limitsOf(spec),
  };
}

/** Writes the file below `folder` and says where. Another content is another file: a worker may still read the old. */
export function writeFunctionFile(folder: string, parts: FunctionParts): string {
  const text = JSON.stringify(functionDocument(parts));
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const file = path.join(folder, `${parts.model}-${parts.deployment}-${hash}.json`);
  mkdirSync(folder, { recursive: true });
  // What is there may be cut off: the disk was full before.
  if (contentsOf(file) === text) touch(file);
  else writeFileSync(file, text);
  return file;
}

/** Once written, a file starts workers on a disk that is full or read-only too. */
function touch(file: string): void {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // Where the time cannot be set, nothing is swept either.
  }
}

function contentsOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** A worker has read its file long before. */
const UNUSED_MS = 3600_000;

/** Removes the files that no starting worker can need: each is written or touched before one starts. */
export function sweepFunctionFiles(folder: string): void {
  if (!isOwnFolder(folder)) return;
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    if (Date.now() - statSync(file).mtimeMs > UNUSED_MS) rmSync(file, { force: true });
  }
}

/**
 * What a worker inherits of the host's environment. A function gets what the machine needs to run programs, and the
 * variables that models.json names; nothing else of the user's shell, as on every other target.
 */
const INHERITED =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_.*|TZ|TMPDIR|TEMP|TMP|LD_LIBRARY_PATH|DYLD_.*|XDG_.*|SSL_CERT_.*|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|(?:HTTPS?|NO|ALL)_PROXY|CUDA_.*|NVIDIA_.*|OMP_.*|MKL_.*|OPENBLAS_.*|NUMEXPR_.*|TOKENIZERS_PARALLELISM|PYTHONUTF8|PYTHONIOENCODING|SYSTEMROOT|SYSTEMDRIVE|WINDIR|COMSPEC|PATHEXT|APPDATA|LOCALAPPDATA|PROGRAMDATA|PROGRAMFILES.*|USERPROFILE|NUMBER_OF_PROCESSORS|PROCESSOR_.*)$/i;

/** Values of the variables that models.json names, from the plan or the host. */
export function namedVariables(
  spec: FunctionParts['spec'],
  given: Record<string, string>,
  host: NodeJS.ProcessEnv,
): { env: Record<string, string>; missing: string[] } {
  const env: Record<string, string> = {};
  const missing: string[] = [];
  for (const name of spec.env ?? []) {
    const value = given[name] ?? host[name];
    if (value === undefined) missing.push(name);
    else env[name] = value;
  }
  return { env, missing };
}

/** The environment of a worker. `given` are values from the plan; a named variable without one comes from the host. */
export function workerEnvironment(
  key: DeploymentKey,
  spec: FunctionParts['spec'],
  given: Record<string, string>,
  host: NodeJS.ProcessEnv,
): { env: Record<string, string>; missing: string[] } {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(host)) {
    if (value !== undefined && INHERITED.test(name)) env[name] = value;
  }
  const { env: named, missing } = namedVariables(spec, given, host);
  Object.assign(env, named);
  env['AWS_LAMBDA_FUNCTION_NAME'] = functionName(key);
  env['AWS_LAMBDA_FUNCTION_VERSION'] = '$LATEST';
  env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'] = String(limitsOf(spec).memoryMb);
  return { env, missing };
}
