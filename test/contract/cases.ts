/** The contract's cases as data, and how one answer is held against its case. Drivers differ only in the transport. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Framework } from '../../src/shared/spec.ts';

export interface ContractCase {
  name: string;
  model: ContractModel;
  request: {
    method: string;
    path: string;
    headers?: Record<string, string>;
    /** Sent as JSON. */
    body?: unknown;
    /** Sent as it is. */
    bodyText?: string;
    bodyBase64?: string;
    /** Sent as `{"<field>": "xxx…"}` with that many x, as that many numbers in `inputs`, or as that many open lists. */
    generate?: { field: string; length: number } | { inputs: number } | { nested: number };
    /** The body is packed and `Content-Encoding: gzip` is sent. */
    gzip?: boolean;
  };
  expect: {
    status: number;
    /** null: the header is not there. */
    headers?: Record<string, string | null>;
    /** Every field named here is in the answer with this value; lists are equal in length. */
    body?: unknown;
    /** JSON pointers whose values are numbers, with the value within 1e-6 or null for any number. */
    numbers?: Record<string, number | null>;
    /** JSON pointers to strings, with their lengths. */
    lengths?: Record<string, number>;
    /** JSON pointers at which nothing is. */
    absent?: string[];
  };
}

const FILE = new URL('cases.json', import.meta.url);
const SAMPLES = fileURLToPath(new URL('../../examples/models/', import.meta.url));

/** `echo` is the custom model beside this file; the others are the trained samples. */
export const MODELS = {
  echo: { framework: 'custom', path: fileURLToPath(new URL('models/echo', import.meta.url)), python: 'samples' },
  sentiment: { framework: 'sklearn', path: path.join(SAMPLES, 'sentiment.joblib'), python: 'samples' },
  flowers: { framework: 'sklearn', path: path.join(SAMPLES, 'flowers.joblib'), python: 'samples' },
  entities: { framework: 'spacy', path: path.join(SAMPLES, 'entities'), python: 'samples' },
  topics: { framework: 'transformers', path: path.join(SAMPLES, 'hugging-face/topics'), python: 'frameworks' },
  program: { framework: 'torch', path: path.join(SAMPLES, 'torch/labelled'), python: 'frameworks' },
  exported: { framework: 'onnx', path: path.join(SAMPLES, 'flowers.onnx'), python: 'frameworks' },
  xgboost: { framework: 'xgboost', path: path.join(SAMPLES, 'flowers.ubj'), python: 'frameworks' },
  lightgbm: { framework: 'lightgbm', path: path.join(SAMPLES, 'flowers-lgb.txt'), python: 'frameworks' },
  skops: { framework: 'sklearn', path: path.join(SAMPLES, 'flowers.skops'), python: 'frameworks' },
} as const satisfies Record<string, { framework: Framework; path: string; python: 'samples' | 'frameworks' }>;

export type ContractModel = keyof typeof MODELS;

export function contractCases(): ContractCase[] {
  return (JSON.parse(readFileSync(FILE, 'utf8')) as { cases: ContractCase[] }).cases;
}

/** Headers and body to send. `Content-Type` is JSON unless the case says otherwise; an empty one is not sent. */
export function requestOf({ request }: ContractCase): { headers: Record<string, string>; body: Buffer } {
  const plain = plainBody(request);
  const headers: Record<string, string> = { ...request.headers };
  if (plain.length > 0 && headers['Content-Type'] === undefined) headers['Content-Type'] = 'application/json';
  if (headers['Content-Type'] === '') delete headers['Content-Type'];
  if (!request.gzip) return { headers, body: plain };
  headers['Content-Encoding'] = 'gzip';
  return { headers, body: gzipSync(plain) };
}

function plainBody(request: ContractCase['request']): Buffer {
  const { generate } = request;
  if (generate && 'inputs' in generate) {
    return Buffer.from(JSON.stringify({ inputs: Array.from({ length: generate.inputs }, (_, index) => index) }));
  }
  if (generate && 'nested' in generate) return Buffer.from(`{"input":${'['.repeat(generate.nested)}`);
  if (generate) return Buffer.from(JSON.stringify({ [generate.field]: 'x'.repeat(generate.length) }));
  if (request.bodyBase64 !== undefined) return Buffer.from(request.bodyBase64, 'base64');
  if (request.bodyText !== undefined) return Buffer.from(request.bodyText);
  return Buffer.from(request.body === undefined ? '' : JSON.stringify(request.body));
}

export interface Answer {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  /** As it came, still packed where the headers say so. */
  body: Buffer;
}

/** Throws an AssertionError where an answer is not what its case expects, or breaks what holds for every answer. */
export function checkAnswer({ expect, request }: ContractCase, answer: Answer): void {
  const packed = answer.headers['content-encoding'] === 'gzip';
  const text = (packed ? gunzipSync(answer.body) : answer.body).toString();
  assert.equal(answer.status, expect.status, text.slice(0, 1000));
  for (const [name, value] of Object.entries(expect.headers ?? {})) {
    assert.equal(answer.headers[name] ?? null, value, name);
  }
  const body = JSON.parse(text) as Record<string, unknown>;
  if (expect.status >= 400) checkProblem(body, answer);
  else assert.equal(answer.headers['content-type'], 'application/json');
  if (expect.status === 200 && request.method === 'POST') {
    assert.ok(['cold', 'preinitialised', 'warm'].includes(String(at(body, '/timings/start'))), text.slice(0, 300));
    assert.equal(typeof at(body, '/timings/handlerMs'), 'number');
    assert.equal(body['requestId'], answer.headers['x-request-id']);
  }
  if (expect.body !== undefined) assertContains(body, expect.body, '');
  for (const [pointer, value] of Object.entries(expect.numbers ?? {})) {
    const found = at(body, pointer);
    assert.ok(typeof found === 'number', `${pointer} is ${JSON.stringify(found)}`);
    if (value !== null) assert.ok(Math.abs(found - value) < 1e-6, `${pointer} is ${found}`);
  }
  for (const [pointer, length] of Object.entries(expect.lengths ?? {})) {
    assert.equal(String(at(body, pointer)).length, length, pointer);
  }
  for (const pointer of expect.absent ?? []) assert.equal(at(body, pointer), undefined, pointer);
}

function checkProblem(body: Record<string, unknown>, answer: Answer): void {
  assert.equal(answer.headers['content-type'], 'application/problem+json');
  assert.equal(body['status'], answer.status);
  assert.match(String(body['type']), /^urn:nimbus:problem:[a-z-]+$/);
  for (const name of ['title', 'detail']) assert.ok(typeof body[name] === 'string' && body[name] !== '', name);
  assert.equal(body['requestId'], answer.headers['x-request-id']);
}

function assertContains(actual: unknown, expected: unknown, pointer: string): void {
  if (Array.isArray(expected)) {
    assert.ok(Array.isArray(actual), `${pointer} is ${JSON.stringify(actual)}`);
    assert.equal(actual.length, expected.length, pointer);
    for (const [index, item] of expected.entries()) assertContains(actual[index], item, `${pointer}/${index}`);
  } else if (typeof expected === 'object' && expected !== null) {
    assert.ok(typeof actual === 'object' && actual !== null, `${pointer} is ${JSON.stringify(actual)}`);
    for (const [name, item] of Object.entries(expected)) {
      assertContains((actual as Record<string, unknown>)[name], item, `${pointer}/${name}`);
    }
  } else {
    assert.deepEqual(actual, expected, pointer);
  }
}

/** What a JSON pointer (RFC 6901) leads to. */
function at(value: unknown, pointer: string): unknown {
  let found = value;
  for (const part of pointer.split('/').slice(1)) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = (found as Record<string, unknown>)[part.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  return found;
}
