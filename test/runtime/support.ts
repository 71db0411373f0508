/** Starts the runtime's Python programs as their callers do: real processes, real pipes. */
import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { encodeFrame, FrameDecoder, type Frame } from '../../src/core/host/frames.ts';
import { proxyAnswer, proxyEvent } from '../../src/core/host/gateway.ts';
import { BATCH_INPUTS, PAYLOAD_BYTES } from '../../src/shared/contract.ts';
import type { Framework } from '../../src/shared/spec.ts';
import type { Answer } from '../contract/cases.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const RUNTIME = path.join(ROOT, 'infra', 'runtime');
export const SAMPLES = path.join(ROOT, 'examples', 'models');
export const ECHO = path.join(ROOT, 'test', 'contract', 'models', 'echo');

/** Set where these tests run once more with another version of Python, which has scikit-learn but none of the samples. */
export const OTHER_PYTHON = process.env['NIMBUS_TEST_PYTHON'] || undefined;

/** The environment with spaCy, scikit-learn and pandas that scripts/setup.mjs makes. */
export function samplePython(): string {
  if (OTHER_PYTHON !== undefined) return OTHER_PYTHON;
  const python = path.join(
    ROOT,
    '.cache',
    'python',
    process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python',
  );
  assert.ok(existsSync(python), `${python} is missing: run node scripts/setup.mjs`);
  return python;
}

/** The environment with the large frameworks: torch, transformers, onnxruntime and others. */
export function frameworksPython(): string {
  const name = process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python';
  const python = path.join(ROOT, '.cache', 'frameworks', name);
  assert.ok(existsSync(python), `${python} is missing: run node scripts/setup.mjs --frameworks`);
  return python;
}

export interface Output {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs Python to its end. `input` is a script for its standard input where there is no file to run. */
export async function runPython(
  args: readonly string[],
  env: Record<string, string> = {},
  python = samplePython(),
): Promise<Output> {
  try {
    const options = { env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 };
    const { stdout, stderr } = await promisify(execFile)(python, args, options);
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as Output;
    if (typeof code !== 'number') throw error;
    return { code, stdout, stderr };
  }
}

/** A folder below the system's temporary one, and what is to be undone at the end. */
export class Scratch {
  readonly folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'nimbus-runtime-')));

  readonly #workers: Worker[] = [];

  path(...parts: string[]): string {
    return path.join(this.folder, ...parts);
  }

  /** Writes a custom model and says where. */
  model(name: string, handler: string): string {
    const folder = this.path(name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'handler.py'), handler);
    return folder;
  }

  /** Writes a function's description and says where. */
  function(name: string, framework: Framework, model: string, more: Record<string, unknown> = {}): string {
    const file = this.path(`${name}.json`);
    const limits = { memoryMb: 1769, timeoutSeconds: 29, payloadBytes: PAYLOAD_BYTES, batchInputs: BATCH_INPUTS };
    const version = 'ab'.repeat(32);
    writeFileSync(
      file,
      JSON.stringify({ model: name, version, framework, path: model, examples: [], modulePaths: [], limits, ...more }),
    );
    return file;
  }

  /** A worker for a function's description; what a failed test leaves running ends with the folder. */
  worker(functionFile: string, env: Record<string, string> = {}, python = samplePython()): Worker {
    const worker = new Worker(functionFile, env, python);
    this.#workers.push(worker);
    return worker;
  }

  remove(): void {
    for (const worker of this.#workers) worker.process.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A worker process and what came from it. */
export class Worker {
  readonly process: ChildProcess;
  readonly frames: Frame[] = [];
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  stdout = '';
  stderr = '';
  /** Set once both outputs and the frames are closed. */
  isClosed = false;
  #listeners = new Set<() => void>();
  #requests = 0;

  constructor(functionFile: string, env: Record<string, string>, python: string) {
    this.process = spawn(python, [path.join(RUNTIME, 'worker.py')], {
      env: { ...process.env, ...env, NIMBUS_FUNCTION: functionFile },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    });
    this.process.stdout!.on('data', (chunk: Buffer) => this.#note(() => (this.stdout += chunk.toString())));
    this.process.stderr!.on('data', (chunk: Buffer) => this.#note(() => (this.stderr += chunk.toString())));
    const decoder = new FrameDecoder((frame) => this.#note(() => this.frames.push(frame)));
    (this.process.stdio[4] as Readable).on('data', (chunk: Buffer) => decoder.push(chunk));
    // A worker that ends while something is written to it is what some tests are about.
    this.input.on('error', () => {});
    this.ended = new Promise((resolve) => {
      this.process.once('close', (code, signal) =>
        this.#note(() => ((this.isClosed = true), resolve({ code, signal }))),
      );
    });
  }

  get input(): Writable {
    return this.process.stdio[3] as Writable;
  }

  /** The first frame of a kind from `from` on; rejects when the worker ends without one. */
  async frame(kind: Frame['kind'], from = 0): Promise<Frame> {
    const found = await this.until(() => this.frames.slice(from).find((frame) => frame.kind === kind));
    assert.ok(found, `no ${kind} frame before the end: ${this.stderr}`);
    return found;
  }

  /** Looks after everything that comes, until `found` finds something or the worker has ended. */
  async until<T>(found: () => T | undefined | false): Promise<T | undefined> {
    for (;;) {
      const value = found();
      if (value !== undefined && value !== false) return value;
      if (this.isClosed) return undefined;
      await new Promise<void>((resolve) => {
        this.#listeners.add(resolve);
      });
    }
  }

  async ready(): Promise<Record<string, unknown>> {
    const frame = await this.until(() => this.frames.find(({ kind }) => kind === 'R' || kind === 'F'));
    assert.equal(frame?.kind, 'R', `${frame?.payload.toString()} ${this.stderr}`);
    return frame!.meta;
  }

  /** Sends one HTTP call as the host would, and waits for its answer. */
  async call(
    method: string,
    at: string,
    headers: Record<string, string> = {},
    body: Buffer = Buffer.alloc(0),
  ): Promise<Answer> {
    const id = `request-${++this.#requests}`;
    const arrivedMs = Date.now();
    const event = proxyEvent({
      method,
      path: at,
      query: '',
      rawHeaders: Object.entries(headers).flat(),
      body,
      arrivedMs,
      requestId: id,
      sourceIp: '127.0.0.1',
      stage: 'local',
      apiId: 'test',
      domainName: '127.0.0.1',
    });
    return this.invoke(id, event);
  }

  /** Sends an event as it is. */
  async invoke(id: string, event: string): Promise<Answer> {
    const arrivedMs = Date.now();
    const from = this.frames.length;
    this.input.write(encodeFrame('I', { id, arrivedMs, deadlineMs: arrivedMs + 30_000 }, Buffer.from(event)));
    const frame = await this.until(() => this.frames.slice(from).find(({ kind }) => kind === 'O' || kind === 'E'));
    assert.ok(frame, `the worker ended: ${this.stderr}`);
    assert.equal(frame.kind, 'O', frame.payload.toString());
    assert.equal(frame.meta['id'], id);
    const answer = proxyAnswer(frame.payload);
    assert.ok(answer, frame.payload.toString());
    const received = answer.headers.map(([name, value]) => [name.toLowerCase(), String(value)] as const);
    return { status: answer.status, headers: Object.fromEntries(received), body: answer.body };
  }

  /** Sends a body to /predict or /batch and answers with its status and JSON. */
  async post(at: '/predict' | '/batch', body: unknown): Promise<{ status: number; body: Record<string, any> }> {
    const sent = Buffer.from(JSON.stringify(body));
    const answer = await this.call('POST', at, { 'Content-Type': 'application/json' }, sent);
    return { status: answer.status, body: JSON.parse(answer.body.toString()) as Record<string, any> };
  }

  /** Closes its input, which ends it. */
  async end(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    this.input.end();
    return this.ended;
  }

  #note(change: () => void): void {
    change();
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener();
  }
}
