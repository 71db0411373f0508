// A page's extension, in the page: it answers as the real one would, from data, and lets a test hold requests back.
import { createBirpc } from 'birpc';
import type { Phases, Sample } from '../../../src/shared/latency.ts';
import { cancelled, fail, ok, type Outcome } from '../../../src/shared/outcome.ts';
import { FLOATS } from '../../../src/shared/parity.ts';
import type { ComparedWith, PlaygroundExtension, PlaygroundPage, SendOptions } from '../../../src/shared/playground.ts';
import { keyText, type DeploymentKey } from '../../../src/shared/spec.ts';
import type { DeploymentStatus, State } from '../../../src/shared/states.ts';
import type { Wait } from '../../../src/shared/waits.ts';
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

const COMPARED_WITH: ComparedWith = {
  tolerance: FLOATS,
  environments: {
    packages: [
      { name: 'python', first: '3.12.4', second: '3.13' },
      { name: 'numpy', first: '2.1.0', second: '2.2.6' },
      { name: 'awslambdaric', second: '4.2.2' },
    ],
    same: 5,
  },
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
      takesText: (card.input as { type?: unknown } | undefined)?.type === 'string',
    }));
// As if each were deployed with Docker as well.
if (query.has('two'))
  deployments.push(
    ...deployments.map((one): DeploymentStatus => ({
      ...one,
      deployment: 'docker',
      target: 'docker',
      url: one.url.replace(/local$/, 'docker'),
    })),
  );
// As if each were on AWS Lambda.
if (query.has('aws'))
  for (const one of deployments)
    Object.assign(one, {
      deployment: 'lambda',
      target: 'lambda',
      state: 'serving',
      url: `https://a1b2c3.execute-api.eu-west-1.amazonaws.com/v1`,
      cloud: {
        account: '123456789012',
        region: 'eu-west-1',
        stack: `nimbus-${one.model}-lambda`,
        functionName: `nimbus-${one.model}-lambda`,
        url: 'https://a1b2c3.execute-api.eu-west-1.amazonaws.com/v1',
        apiId: 'a1b2c3',
        stage: 'v1',
        logGroup: `/aws/lambda/nimbus-${one.model}-lambda`,
        auth: query.get('aws') === 'iam' ? 'iam' : 'key',
        digest: `sha256:${'d'.repeat(64)}`,
      },
    } satisfies Partial<DeploymentStatus>);
let selected: DeploymentKey = {
  model: query.get('model') ?? 'sentiment',
  deployment: query.has('aws') ? 'lambda' : 'local',
};
let number = 0;
let at = Date.UTC(2026, 10, 21, 9, 31, 7);
const warm = new Set<string>();
let problem: string | undefined;
let held: { promise: Promise<void>; release: () => void } | undefined;
let cancel: (() => void) | undefined;
let deaf = false;

function status(key = selected): DeploymentStatus {
  return deployments.find((one) => keyText(one) === keyText(key))!;
}

function become(state: State, key = selected): void {
  status(key).state = state;
  if (state !== 'serving') warm.delete(keyText(key));
  void page.deployments(structuredClone(deployments));
}

function sampleOf(input: unknown, { to = selected, pair, through }: SendOptions = {}): Sample {
  number += 1;
  at += 1870;
  const wave = 1 + Math.abs(Math.sin(number * 12.9898)) * (number % 17 === 0 ? 6 : 1.4);
  const handlerMs = Math.round(wave * 13) / 10;
  const warmPhases: Phases = { ...none, handlerMs, restMs: 0.5, totalMs: handlerMs + 0.5 };
  const fails = input === 'only docker fails' && to.deployment === 'docker' ? 'died' : problem;
  const failure = status(to).state === 'stopped' ? 'stopped' : fails;
  const base = {
    id: `s${number}`,
    number,
    at,
    model: to.model,
    deployment: to.deployment,
    version: status(to).version,
    input,
    ...(pair !== undefined && { pair }),
    ...(query.has('aws') && { through: through ?? 'api' }),
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
  const start = warm.has(keyText(to)) && through !== 'cold' ? 'warm' : 'cold';
  warm.add(keyText(to));
  const known = ANSWERS.find((one) => JSON.stringify(one.input) === JSON.stringify(input));
  return {
    ...base,
    status: 200,
    start,
    phases: start === 'cold' ? COLD : warmPhases,
    result: resultOf(input, to, known ? known.result : DEFAULT_RESULT),
  };
}

/** The image's answer is nearly the same, or another one. */
function resultOf(input: unknown, { deployment }: DeploymentKey, result: unknown): unknown {
  if (deployment !== 'docker' || input === 'identical') return result;
  const scores = input === 'differs' ? [0.62, 0.38] : [0.0900004, 0.9099996];
  return result === DEFAULT_RESULT
    ? {
        ...DEFAULT_RESULT,
        label: input === 'differs' ? 'negative' : 'positive',
        scores: DEFAULT_RESULT.scores.map((one, index) => ({ ...one, score: scores[index]! })),
      }
    : result;
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
    return CARDS[key.model];
  },
  send: async (input, options): Promise<Outcome<Sample>> => {
    recorded('send', input, ...(options ? [options] : []));
    const to = options?.to ?? selected;
    if (input.input === 'nothing is sent')
      return fail('host-unreachable', 'The function host is not running.', {
        why: 'It ended with exit code 1.',
        next: 'Start it again.',
        action: { label: 'Restart host', command: 'nimbus.restart' },
      });
    if (!(await turn())) return cancelled();
    const sample = { ...sampleOf(input.input, options), ...input };
    if (!sample.problem && status(to).state !== 'serving') become('serving', to);
    return ok(sample);
  },
  repeat: async (input, times, options = {}) => {
    const { also } = options;
    recorded('repeat', input, times, options);
    for (let sent = 0; sent < times; sent++) {
      if (sent === 7 && !(await turn())) return cancelled();
      const pair = also && `r${sent}`;
      const { through } = options;
      const ways = through ? { through } : {};
      await page.sample({ ...sampleOf(input.input, pair === undefined ? ways : { ...ways, pair }), ...input });
      if (also && pair !== undefined) await page.sample({ ...sampleOf(input.input, { pair, to: also }), ...input });
    }
    if (status().state !== 'serving') become('serving');
    return ok({ sent: times });
  },
  cancel: async () => {
    recorded('cancel');
    if (!deaf) cancel?.();
  },
  compare: async (key) => (recorded('compare', key), COMPARED_WITH),
  cold: async (key) => (recorded('cold', ...(key ? [key] : [])), become('idle', key), ok(undefined)),
  start: async () => (recorded('start'), become('idle'), ok(undefined)),
  stop: async () => (recorded('stop'), become('stopped'), ok(undefined)),
  copyAs: async (language, input) => recorded('copyAs', language, input),
  copyText: async (text) => recorded('copyText', text),
  showLogs: async (request, key) => recorded('showLogs', request, ...(key ? [key] : [])),
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
  wait: (wait?: Wait) => page.waiting(wait),
  fail: (code?: string) => (problem = code),
  add: (partial: Partial<Sample>) => page.sample({ ...sampleOf('added'), ...partial }),
  hold: () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    held = { promise, release: resolve };
  },
  /** What is under way is answered although it is cancelled, as where the answer was on its way already. */
  deafen: () => (deaf = true),
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
