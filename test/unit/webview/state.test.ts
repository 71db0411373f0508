import assert from 'node:assert/strict';
import type { ModelCard } from '../../../src/shared/contract.ts';
import type { DeploymentStatus, State as DeploymentState } from '../../../src/shared/states.ts';
import { MOST_REMEMBERED, MOST_REPEATS, MOST_SAMPLES } from '../../../src/shared/history.ts';
import { remember, restore } from '../../../webview/remembered.ts';
import { modesOf } from '../../../webview/input/card.ts';
import { examplesOf } from '../../../webview/input/examples.ts';
import { reduce, type Action } from '../../../webview/reduce.ts';
import { initialState, samplesOf, type State } from '../../../webview/state.ts';
import { sample } from './samples.ts';

const key = { model: 'sentiment', deployment: 'local' };

function status(state: DeploymentState, model = 'sentiment'): DeploymentStatus {
  const url = `http://127.0.0.1:1/${model}/local`;
  const facts = {
    target: 'local',
    framework: 'sklearn',
    url,
    version: 'f'.repeat(64),
    workers: 0,
    lastMs: {},
  } as const;
  return { model, deployment: 'local', state, ...facts };
}

function card(input: Record<string, unknown>): ModelCard {
  const limits = { memoryMb: 1, timeoutSeconds: 1, payloadBytes: 1, batchInputs: 1 };
  return { model: 'sentiment', version: 'f', framework: 'sklearn', input, examples: [], limits };
}

function after(...actions: Action[]): State {
  const deployments = [status('idle'), status('idle', 'iris')];
  const started: Action = {
    type: 'started',
    start: { deployments, selected: key, locale: 'en', samples: [], card: card({ type: 'string' }) },
  };
  return [started, ...actions].reduce(reduce, initialState());
}

function said(state: State): string[] {
  return state.announcements.map(({ text }) => text);
}

const LABELS = {
  type: 'object',
  properties: { labels: { type: 'array', items: { type: 'string' }, examples: [['traffic']] } },
  required: ['labels'],
};
const ROW = card({ type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2 });

describe('the state of the playground', () => {
  it('never changes in place', () => {
    const state = Object.freeze(after());
    Object.freeze(state.samples);
    Object.freeze(state.typed);
    reduce(state, { type: 'sample', sample: sample() });
    reduce(state, { type: 'typed', typed: { text: 'x' } });
    assert.equal(state.samples.length, 0);
  });

  it('shows an answer that comes back from Send and as an event once', () => {
    const one = sample();
    const state = after(
      { type: 'sending', at: 0 },
      { type: 'sample', sample: one },
      { type: 'sample', sample: one },
      { type: 'ended' },
    );
    assert.equal(state.samples.length, 1);
    assert.equal(state.shown, one.id);
    assert.equal(state.activity.kind, 'none');
    assert.equal(said(state).length, 1);
  });

  it('keeps the newest requests and no more than it may', () => {
    const all = Array.from({ length: MOST_SAMPLES + 5 }, () => sample());
    const state = after(...all.map((one): Action => ({ type: 'sample', sample: one })));
    assert.equal(state.samples.length, MOST_SAMPLES);
    assert.equal(state.samples.at(-1), all.at(-1));
  });

  it('keeps a cold start over the longest repeat, and what other deployments answered', () => {
    const other = sample({ model: 'entities' });
    const cold = sample({ start: 'cold' });
    const repeated = Array.from({ length: MOST_REPEATS }, () => sample());
    const state = after(...[other, cold, ...repeated].map((one): Action => ({ type: 'sample', sample: one })));
    assert.equal(state.samples.length, MOST_REPEATS + 2);
    assert.deepEqual(state.samples.slice(0, 2), [other, cold]);
  });

  it('begins with the requests from before it was opened, each once', () => {
    const [first, second, third] = [sample(), sample(), sample()];
    const start = { deployments: [status('idle')], selected: key, locale: 'en', samples: [first, second] };
    const state = reduce(initialState(), { type: 'started', start });
    assert.deepEqual(samplesOf(state), [first, second]);
    assert.equal(state.shown, second.id, 'as it was when it was closed');
    // A page that was only reloaded has them itself, and perhaps more.
    const reloaded = restore(remember({ ...state, samples: [first, second, third] }));
    const again = reduce(reloaded, { type: 'started', start });
    assert.deepEqual(again.samples, [first, second, third]);
  });

  it('does not show a late answer of a deployment that is no longer chosen', () => {
    const late = sample();
    const state = after(
      { type: 'selected', key: { model: 'iris', deployment: 'local' }, card: ROW },
      { type: 'sample', sample: late },
    );
    assert.equal(state.shown, undefined);
    assert.deepEqual(samplesOf(state), []);
    const back = reduce(state, { type: 'selected', key, card: undefined });
    assert.equal(back.shown, late.id);
  });

  it('counts a repeat and says so only at its end', () => {
    const actions: Action[] = [{ type: 'repeating', at: 0, times: 3 }];
    for (let sent = 0; sent < 3; sent++) actions.push({ type: 'sample', sample: sample() });
    const running = after(...actions);
    assert.ok(running.activity.kind === 'repeat' && running.activity.done === 3);
    const done = reduce(running, { type: 'ended' });
    assert.deepEqual(said(done), ['Sending 3 requests one after another.', '3 requests sent.']);
  });

  it('puts an error where the answer was, until the next request', () => {
    const error = { code: 'x', what: 'The host is not running.' };
    const failed = after({ type: 'sample', sample: sample() }, { type: 'ended', error });
    assert.equal(failed.error, error);
    assert.equal(said(failed).at(-1), error.what);
    assert.equal(reduce(failed, { type: 'sending', at: 1 }).error, undefined);
  });

  it('announces what the chosen deployment becomes, once', () => {
    const stopped: Action = { type: 'deployments', all: [status('stopped'), status('failed', 'iris')] };
    assert.deepEqual(said(after(stopped, stopped)), ['sentiment/local: stopped.']);
  });

  it('forgets a card that is gone', () => {
    assert.equal('card' in after({ type: 'card', card: undefined }), false);
  });

  it('offers the modes that the input can have, and moves to one of them', () => {
    assert.deepEqual(modesOf(ROW), ['form', 'json']);
    assert.deepEqual(modesOf(card({ type: 'string' })), ['text', 'json']);
    assert.deepEqual(modesOf(card({ type: 'object' })), ['json']);
    assert.equal(after({ type: 'card', card: ROW }).typed.mode, 'form');
  });

  it('fills in an example in the mode that shows it', () => {
    const json: Action = { type: 'mode', mode: 'json' };
    assert.deepEqual(after(json, { type: 'filled', input: 'hello' }).typed.text, 'hello');
    assert.deepEqual(after({ type: 'card', card: ROW }, json, { type: 'filled', input: [1, 2] }).typed.fields, {
      0: '1',
      1: '2',
    });
  });

  it('takes a selected row as JSON where the model takes rows, and any text where it takes texts', () => {
    const filled: Action = { type: 'filled-text', text: '[3, 4]' };
    assert.equal(after(filled).typed.text, '[3, 4]');
    assert.deepEqual(after({ type: 'card', card: ROW }, filled).typed.fields, { 0: '3', 1: '4' });
    assert.equal(after({ type: 'card', card: ROW }, { ...filled, text: 'no row' }).typed.json, '"no row"');
    const asked = card({ properties: { question: { type: 'string' }, context: { type: 'string' } } });
    const { typed } = after({ type: 'card', card: asked }, { ...filled, text: 'It rained.' });
    assert.deepEqual([typed.mode, typed.fields], ['form', { context: 'It rained.' }]);
  });

  it('marks the field that the endpoint refused', () => {
    const problem = {
      type: 'x',
      title: 't',
      status: 400,
      detail: 'value 1 takes a number',
      requestId: 'r',
      field: 'input[1]',
    };
    const state = after({ type: 'card', card: ROW }, { type: 'sample', sample: sample({ status: 400, problem }) });
    assert.deepEqual(state.problems, { 1: 'value 1 takes a number' });
    assert.deepEqual(reduce(state, { type: 'typed', typed: {} }).problems, {});
  });

  it('marks the parameter that the endpoint refused, or their box', () => {
    const refused = (field: string, parameters?: Record<string, unknown>): Record<string, string> => {
      const problem = { type: 'x', title: 't', status: 400, detail: 'no', requestId: 'r', field };
      const topics = { ...card({ type: 'string' }), ...(parameters && { parameters }) };
      return after({ type: 'card', card: topics }, { type: 'sample', sample: sample({ status: 400, problem }) })
        .problems;
    };
    assert.deepEqual(refused('parameters.labels[2]', LABELS), { 'parameters.labels': 'no' });
    assert.deepEqual(refused('parameters.top_k', LABELS), { parameters: 'no' });
    assert.deepEqual(refused('parameters.top_k'), { parameters: 'no' });
    assert.deepEqual(refused('input'), {});
  });

  it('keeps what was typed for each model, and the parameters for each deployment', () => {
    const iris = { model: 'iris', deployment: 'local' };
    const other = { model: 'sentiment', deployment: 'docker' };
    const typed: Action = { type: 'typed', typed: { text: 'a', parameters: '{"k": 1}', json: '[1]' } };
    const away = after(typed, { type: 'selected', key: iris, card: card({ type: 'string' }) });
    assert.deepEqual([away.typed.text, away.typed.parameters, away.typed.json], ['a', '', '']);
    const back = reduce(away, { type: 'selected', key, card: card({ type: 'string' }) });
    assert.deepEqual([back.typed.parameters, back.typed.json], ['{"k": 1}', '[1]']);
    const beside = [
      { type: 'selected', key: other, card: card({ type: 'string' }) },
      { type: 'typed', typed: { text: 'b', parameters: '' } },
      { type: 'selected', key, card: card({ type: 'string' }) },
    ] satisfies Action[];
    const compared = beside.reduce<State>(reduce, back);
    assert.deepEqual([compared.typed.text, compared.typed.parameters], ['b', '{"k": 1}']);
    const restored = restore(JSON.parse(JSON.stringify(remember(compared))));
    assert.deepEqual(restored.kept, compared.kept);
  });

  it('begins nested lists and labels with something valid, and never writes over what was typed', () => {
    const tensor = card({ type: 'array', description: 'int64 [batch, 3]' });
    assert.equal(after({ type: 'card', card: tensor }).typed.json, '[[1,1,1]]');
    const typed: Action = { type: 'typed', typed: { json: '[[7,7,7]]' } };
    assert.equal(after(typed, { type: 'card', card: tensor }).typed.json, '[[7,7,7]]');
    const image = { type: 'array', description: 'float32 [1, 3, 224, 224]' };
    assert.equal(after({ type: 'card', card: card(image) }).typed.json, '', 'too long to be of use');
    const topics = { ...card({ type: 'string' }), parameters: LABELS };
    const labels = (...actions: Action[]) => after(...actions).typed.parameterFields['labels'];
    assert.equal(labels({ type: 'card', card: topics }), '["traffic"]');
    assert.equal(labels({ type: 'typed-parameter', key: 'labels', value: '[]' }, { type: 'card', card: topics }), '[]');
  });

  it('offers to compare texts where the answer may be similarities', () => {
    const output = { type: 'object', properties: { embedding: {}, similarities: {} } };
    const vectors = { ...card({ type: 'string' }), task: 'embeddings', output };
    assert.deepEqual(modesOf(vectors), ['text', 'form', 'json']);
    const chosen: Action = { type: 'card', card: vectors };
    assert.equal(after(chosen).typed.mode, 'text');
    const compared = after(chosen, { type: 'filled', input: { source: 'a', sentences: ['b', 'c'] } });
    assert.deepEqual([compared.typed.mode, compared.typed.fields], ['form', { source: 'a', sentences: '["b","c"]' }]);
    assert.equal(reduce(compared, { type: 'filled', input: 'd' }).typed.mode, 'text');
  });

  it('fills in the parameters that were sent, in the fields that they have', () => {
    const topics = { ...card({ type: 'string' }), parameters: LABELS };
    const parameters = { labels: ['x'], multi_label: true };
    const { typed } = after({ type: 'card', card: topics }, { type: 'filled', input: 'a', parameters });
    assert.deepEqual([typed.parameterFields, typed.parameters], [{ labels: '["x"]' }, '{"multi_label":true}']);
  });

  it('repeats a whole number of times within its limits', () => {
    for (const [given, taken] of [
      [0, 1],
      [2.4, 2],
      [1e9, 1000],
      [Number.NaN, 1],
    ])
      assert.equal(after({ type: 'repeat-times', times: given! }).repeatTimes, taken);
  });
});

describe('examples to begin with', () => {
  const made = (task: string, input: Record<string, unknown>, some: Partial<ModelCard> = {}): unknown[] =>
    examplesOf({ ...card(input), task, ...some });
  const text = { type: 'string' };

  it('are those of the card, where it has some', () => {
    assert.deepEqual(made('entities', text, { examples: [{ input: 'Ja' }] }), ['Ja']);
  });

  it('suit the task, and are what the model takes', () => {
    const masked = { ...text, description: 'A text with <mask> in the place of what is to be found.' };
    assert.ok(made('fill-mask', masked).every((one) => String(one).includes('<mask>')));
    for (const task of ['entities', 'token-classification', 'text-classification', 'zero-shot-classification'])
      assert.ok(
        made(task, text).every((one) => typeof one === 'string' && one !== ''),
        task,
      );
    for (const task of [
      'summarization',
      'translation',
      'text2text-generation',
      'text-generation',
      'feature-extraction',
    ])
      assert.ok(
        made(task, text).every((one) => typeof one === 'string' && one !== ''),
        task,
      );
    const [asked] = made('question-answering', ROW.input!) as { question: string; context: string }[];
    assert.deepEqual(Object.keys(asked!), ['question', 'context']);
    const output = { properties: { similarities: {} } };
    assert.equal(made('embeddings', text, { output }).length, 2);
    assert.equal(made('embeddings', text).length, 1);
  });

  it('come from the schema where the task says nothing', () => {
    assert.deepEqual(made('regression', ROW.input!), [[1, 1]]);
    assert.deepEqual(made('tensors', { type: 'array', description: 'bool [?, 2]' }), [[[true, true]]]);
    assert.deepEqual(made('custom', {}), []);
    const open = { type: 'array', items: { type: 'number' }, description: 'Tensor of float32, as nested lists.' };
    assert.deepEqual(made('tensors', open), [], 'of any shape: none is known to fit');
    assert.deepEqual(made('tensors', { type: 'object', properties: { x: open } }), []);
    const traced = { ...open, description: 'Tensor of float32, traced with the shape [1, 2], as nested lists.' };
    assert.deepEqual(made('classification', { ...traced, examples: [[[1, 1]]] }), [[[1, 1]]]);
    assert.deepEqual(made('tensors', traced), [], 'a picture is too large for an example');
    assert.deepEqual(
      made('tensors', { type: 'array', description: 'Tensor of float32, shape [2], as nested lists.' }),
      [[1, 1]],
    );
    assert.deepEqual(examplesOf(undefined), []);
  });
});

describe('what outlives a reload', () => {
  it('is what was typed, chosen and answered', () => {
    const state = after(
      { type: 'typed', typed: { text: 'kept' } },
      { type: 'sample', sample: sample() },
      { type: 'view', view: 'json' },
    );
    const restored = restore(JSON.parse(JSON.stringify(remember(state))));
    for (const field of ['typed', 'selected', 'samples', 'shown', 'view', 'repeatTimes'] as const)
      assert.deepEqual(restored[field], state[field]);
    assert.deepEqual(restored.activity, { kind: 'none' });
  });

  it('leaves out an answer too large to store, not the small ones around it', () => {
    const small = [sample(), sample()];
    const state = after(
      ...[small[0]!, sample({ result: 'x'.repeat(MOST_REMEMBERED) }), small[1]!].map((one): Action => ({
        type: 'sample',
        sample: one,
      })),
    );
    assert.deepEqual(remember(state).samples, small);
  });

  it('is nothing where it makes no sense', () => {
    for (const junk of [
      undefined,
      null,
      3,
      'x',
      {},
      { version: 2, samples: [] },
      { version: 1, samples: 'x', typed: 3, shown: 9 },
    ])
      assert.deepEqual(restore(junk).samples, []);
    assert.deepEqual(restore({ version: 1, samples: [{ id: 1 }] }).samples, []);
  });

  it('keeps every field of a form that is filled faster than it is drawn', () => {
    const { typed } = after(
      { type: 'typed-field', key: 'width', value: '3' },
      { type: 'typed-field', key: 'length', value: '5.1' },
    );
    assert.deepEqual(typed.fields, { width: '3', length: '5.1' });
  });
});
