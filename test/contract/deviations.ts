/** Where a target does not follow the contract. docs/http.md has the same as a table, which a test holds against this. */
import type { ContractCase } from './cases.ts';

export interface Deviation {
  /** The case's name. */
  name: string;
  /** AWS itself differs, or only the emulator that the tests have in its place. */
  by: 'AWS' | 'the emulator';
  /** What a caller gets instead. */
  expect: ContractCase['expect'];
  /** For people: what differs, and why. */
  why: string;
}

const ROUTES = 'There are POST /predict, POST /batch, GET /health and GET /.';

/** Of the lambda target through its API; through Invoke there is none. */
export const LAMBDA_DEVIATIONS: readonly Deviation[] = [
  {
    name: 'an unknown path',
    by: 'AWS',
    expect: { status: 404, body: { type: 'urn:nimbus:problem:not-found', detail: ROUTES } },
    why: 'The answer does not repeat method and path: API Gateway answers it itself, from a fixed text.',
  },
  {
    name: 'a short health stays plain',
    by: 'AWS',
    expect: {
      status: 200,
      headers: { 'content-encoding': null, vary: 'accept-encoding' },
      body: { status: 'healthy' },
    },
    why: '`Vary: accept-encoding` is there although the answer is too short to be packed: API Gateway decides on the packing after the headers are made.',
  },
  {
    name: 'a long card in gzip',
    by: 'the emulator',
    expect: { status: 200, headers: { 'content-encoding': null, vary: 'accept-encoding' }, body: { task: 'echo' } },
    why: 'It does not pack what the gateway answers itself, as API Gateway does from `minimumCompressionSize` on.',
  },
];
