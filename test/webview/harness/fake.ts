// A page's extension, in the page: it answers as the real one would, from data, and lets a test hold requests back.
import { createBirpc } from 'birpc';
import type { Phases, Sample } from '../../../src/shared/latency.ts';
import { cancelled, fail, ok, type Outcome } from '../../../src/shared/outcome.ts';
import type { PlaygroundExtension, PlaygroundPage } from '../../../src/shared/playground.ts';
import type { DeploymentKey } from '../../../src/shared/spec.ts';
import type { DeploymentStatus, State } from '../../../src/shared/states.ts';
import { ANSWERS, CARDS, DEFAULT_RESULT, PROBLEMS } from './answers.ts';

const query = new URLSearchParams(location.search);
const calls: { method: string; args: unknown[] }[] = [];
const none = { connectMs: 0, queueMs: 0, startMs: 0, interpreterMs: 0, importsMs: 0, loadMs: 0 };
const COLD: Phases = {
  connectMs: 0.6,
  queueMs: 0,
  startMs: 4.2,
  interpreterMs: 31,
  importsMs: 812,
  loadMs: 265,
  handlerMs: 4.1,
  restMs: 123.1,
  totalMs: 1240,
};

const deployments: DeploymentStatus[] = query.has('none')
  ? []
  : Object.values(CARDS).map((card, index) => ({
      model: card.model,
      deployment: 'local',
      target: 'local',
      framework: card.framework as 'sklearn' | 'spacy',
      state: 'idle',
      url: `http://127.0.0.1:47123/${card.model}/local`,
      version: `${card.version}${'0'.repeat(56)}`,
      workers: 0,
      lastMs: index ? {} : { warm: 2.1 },
    }));
let selected: DeploymentKey = { model: query.get('model') ?? 'sentiment', deployment: 'local' };
let number = 0;
let at = Date.UTC(2026, 10, 21, 9, 31, 7);
let cold = true;
let problem: string | undefined;
let held: { promise: Promise<void>; release: () => void } | undefined;
let cancel: (() => void) | undefined;

function status(): DeploymentStatus {
  return deployments.find((one) => one.model === selected.model)!;
}

function become(state: State): void {
  status().state = state;
  if (state !== 'serving') cold = true;
  void page.deployments(structuredClone(deployments));
}

function sampleOf(input: unknown): Sample {
  number += 1;
  at += 1870;
  const wave = 1 + Math.abs(Math.sin(number * 12.9898)) * (number % 17 === 0 ? 6 : 1.4);
  const handlerMs = Math.round(wave * 13) / 10;
  const warm: Phases = { ...none, handlerMs, restMs: 0.5, totalMs: handlerMs + 0.5 };
  const failure = status().state === 'stopped' ? 'stopped' : problem;
  const base = {
    id: `s${number}`,
    number,
    at,
    ...selected,
    version: status().version,
    input,
    requestId: `01JD-${number}`,
  };
  if (failure) {
    const phases = { ...none, handlerMs: 0, restMs: 0.7, totalMs: 0.7 };
    const what = { ...PROBLEMS[failure]!, requestId: base.requestId };
    return {
      ...base,
      status: what.status,
      problem: what,
      phases: failure === 'died' ? { ...COLD, totalMs: 1450 } : phases,
      ...(failure === 'died' && { start: 'cold' as const }),
    };
  }
  const start = cold ? 'cold' : 'warm';
  cold = false;
  const known = ANSWERS.find((one) => JSON.stringify(one.input) === JSON.stringify(input));
  return {
    ...base,
    status: 200,
    start,
    phases: start === 'cold' ? COLD : warm,
    result: known ? known.result : DEFAULT_RESULT,
  };
}

/** Waits until a test releases what it holds. */
async function turn(): Promise<boolean> {
  if (!held) return true;
  return Promise.race([held.promise.then(() => true), new Promise<boolean>((done) => (cancel = () => done(false)))]);
}

function recorded(method: string, ...args: unknown[]): void {
  calls.push({ method, args });
}

const extension: PlaygroundExtension = {
  ready: async (remembered) => {
    recorded('ready', remembered);
    if (remembered) selected = remembered;
    const card = CARDS[selected.model];
    return {
      deployments,
      samples: [],
      locale: query.get('locale') ?? 'en-GB',
      ...(deployments.length && { selected }),
      ...(card && { card }),
    };
  },
  select: async (key) => {
    recorded('select', key);
    selected = key;
    cold = status().state !== 'serving';
    return CARDS[key.model];
  },
  send: async (input): Promise<Outcome<Sample>> => {
    recorded('send', input);
    if (input.input === 'nothing is sent')
      return fail('host-unreachable', 'The function host is not running.', {
        why: 'It ended with exit code 1.',
        next: 'Start it again.',
        action: { label: 'Restart host', command: 'nimbus.restart' },
      });
    if (!(await turn())) return cancelled();
    const sample = sampleOf(input.input);
    if (!sample.problem && status().state !== 'serving') become('serving');
    return ok(sample);
  },
  repeat: async (input, times) => {
    recorded('repeat', input, times);
    for (let sent = 0; sent < times; sent++) {
      if (sent === 7 && !(await turn())) return cancelled();
      await page.sample(sampleOf(input.input));
    }
    if (status().state !== 'serving') become('serving');
    return ok({ sent: times });
  },
  cancel: async () => {
    recorded('cancel');
    cancel?.();
  },
  cold: async () => (recorded('cold'), become('idle'), ok(undefined)),
  start: async () => (recorded('start'), become('idle'), ok(undefined)),
  stop: async () => (recorded('stop'), become('stopped'), ok(undefined)),
  copyAs: async (language, input) => recorded('copyAs', language, input),
  copyText: async (text) => recorded('copyText', text),
  showLogs: async (requestId) => recorded('showLogs', requestId),
  runAction: async (action) => recorded('runAction', action),
  editorSelection: async () => (recorded('editorSelection'), 'Selected in the editor.'),
};

let receive: (message: unknown) => void;
const page = createBirpc<PlaygroundPage, PlaygroundExtension>(extension, {
  post: (message) => window.postMessage(JSON.parse(JSON.stringify(message))),
  on: (listener) => (receive = listener),
  timeout: -1,
});

const fake = {
  calls,
  page,
  become,
  fail: (code?: string) => (problem = code),
  add: (partial: Partial<Sample>) => page.sample({ ...sampleOf('added'), ...partial }),
  hold: () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    held = { promise, release: resolve };
  },
  release: () => {
    held?.release();
    held = undefined;
  },
  deployments,
};
export type Fake = typeof fake;

const STORED = 'webview-state';
Object.assign(window, {
  fake,
  acquireVsCodeApi: () => ({
    postMessage: (message: unknown) => receive(JSON.parse(JSON.stringify(message))),
    getState: () => JSON.parse(sessionStorage.getItem(STORED) ?? 'null') ?? undefined,
    setState: (state: unknown) => sessionStorage.setItem(STORED, JSON.stringify(state)),
  }),
});
