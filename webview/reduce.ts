/** How each thing that happens changes what the page knows. */
import type { ModelCard } from '../src/shared/contract.ts';
import { merged, MOST_REPEATS, withSample } from '../src/shared/history.ts';
import type { Sample } from '../src/shared/latency.ts';
import type { UserError } from '../src/shared/outcome.ts';
import type { CodeLanguage, ComparedWith, PlaygroundStart } from '../src/shared/playground.ts';
import { keyText, sameKey, type DeploymentKey } from '../src/shared/spec.ts';
import type { DeploymentStatus } from '../src/shared/states.ts';
import { waitText, type Wait } from '../src/shared/waits.ts';
import { summary } from './answer/summary.ts';
import { comparable, comparedText } from './compare/compared.ts';
import { capitalised, formatOf } from './format.ts';
import { problemsOf } from './input/problems.ts';
import type { InputMode, InputProblems, TypedInput } from './input/read.ts';
import { filled, filledText, inMode, prepared, switched } from './input/typed.ts';
import { KINDS, kindOf } from './latency/kinds.ts';
import { HISTORY_ROWS, statusOf, type Activity, type State, type Switching } from './state.ts';
import { STATE_WORDS } from './words.ts';

export type Action =
  | { type: 'started'; start: PlaygroundStart }
  | { type: 'deployments'; all: DeploymentStatus[] }
  | { type: 'selected'; key: DeploymentKey; card: ModelCard | undefined }
  | { type: 'card'; card: ModelCard | undefined }
  | { type: 'compare'; key: DeploymentKey | undefined }
  | { type: 'compared-with'; key: DeploymentKey; found: ComparedWith | undefined }
  | { type: 'typed'; typed: Partial<TypedInput> }
  /** One field of the form: the others are as they are now, not as they were last drawn. */
  | { type: 'typed-field'; key: string; value: string }
  | { type: 'typed-parameter'; key: string; value: string }
  | { type: 'mode'; mode: InputMode }
  | { type: 'filled'; input: unknown; parameters?: Record<string, unknown> }
  | { type: 'filled-text'; text: string }
  | { type: 'refused'; problems: InputProblems }
  | { type: 'sending'; at: number; pair?: string }
  | { type: 'repeating'; at: number; times: number }
  | { type: 'tick'; at: number }
  | { type: 'waiting'; wait: Wait | undefined }
  | { type: 'cancelling' }
  | { type: 'sample'; sample: Sample }
  | { type: 'ended'; error?: UserError }
  | { type: 'switching'; what: Switching }
  | { type: 'switched'; error?: UserError }
  | { type: 'failed'; error: UserError }
  | { type: 'show'; id: string }
  | { type: 'cursor'; id: string }
  | { type: 'view'; view: State['view'] }
  | { type: 'expand'; part: string }
  | { type: 'choose'; part: string; value: number }
  | { type: 'phases'; open: boolean }
  | { type: 'more-history' }
  | { type: 'repeat-times'; times: number }
  | { type: 'through'; through: State['through'] }
  | { type: 'copied'; what: CodeLanguage | string }
  | { type: 'copied-seen' }
  | { type: 'chart-width'; width: number };

export function reduce(state: State, action: Action): State {
  switch (action.type) {
    case 'started': {
      const { deployments, selected, compared, card, locale, samples } = action.start;
      const all = { ...state, ready: true, deployments, locale, samples: merged(state.samples, samples) };
      const started = compared ? { ...all, compared } : all;
      return comparable(selected ? choose(started, selected, card) : without(started, 'selected', 'card'));
    }
    case 'deployments':
      return comparable(announceState(state, { ...state, deployments: action.all }));
    case 'compare': {
      const { key } = action;
      if (!key) return announce(without(state, 'compared', 'comparedWith'), 'No longer compared.');
      if (sameKey(state.compared, key)) return state;
      return announce(without({ ...state, compared: key }, 'comparedWith'), `Compared with ${keyText(key)}.`);
    }
    case 'compared-with': {
      if (!sameKey(state.compared, action.key)) return state;
      return action.found ? { ...state, comparedWith: action.found } : without(state, 'comparedWith');
    }
    case 'selected': {
      const next = choose(state, action.key, action.card);
      return sameKey(state.selected, action.key) ? next : announce(next, `${keyText(action.key)} chosen.`);
    }
    case 'card':
      return prepare(withCard(state, action.card));
    case 'typed-field':
      return {
        ...state,
        typed: { ...state.typed, fields: { ...state.typed.fields, [action.key]: action.value } },
        problems: {},
      };
    case 'typed-parameter': {
      const parameterFields = { ...state.typed.parameterFields, [action.key]: action.value };
      return { ...state, typed: { ...state.typed, parameterFields }, problems: {} };
    }
    case 'typed':
      return { ...state, typed: { ...state.typed, ...action.typed }, problems: {} };
    case 'mode':
      return { ...state, typed: inMode(state.typed, action.mode, state.card), problems: {} };
    case 'filled-text':
      return { ...state, typed: filledText(state.typed, state.card, action.text), problems: {} };
    case 'filled': {
      const { input, parameters } = action;
      return { ...state, typed: filled(state.typed, state.card, input, parameters), problems: {} };
    }
    case 'refused':
      return announce({ ...state, problems: action.problems }, `Not sent. ${Object.values(action.problems)[0] ?? ''}`);
    case 'sending': {
      const { at, pair } = action;
      const activity: Activity = {
        kind: 'send',
        startedAt: at,
        elapsedMs: 0,
        cancelling: false,
        ...(pair !== undefined && { pair }),
      };
      return without({ ...state, activity, problems: {} }, 'error');
    }
    case 'repeating': {
      const { at, times } = action;
      const activity: Activity = { kind: 'repeat', startedAt: at, elapsedMs: 0, cancelling: false, times, done: 0 };
      const text = `Sending ${times} requests one after another.`;
      return announce(without({ ...state, activity, problems: {} }, 'error'), text);
    }
    case 'tick': {
      if (state.activity.kind === 'none') return state;
      return { ...state, activity: { ...state.activity, elapsedMs: action.at - state.activity.startedAt } };
    }
    case 'waiting':
      return waiting(state, action.wait);
    case 'cancelling':
      if (state.activity.kind === 'none') return state;
      return announce({ ...state, activity: { ...state.activity, cancelling: true } }, 'Cancelling.');
    case 'sample':
      return addSample(state, action.sample);
    case 'ended':
      return ended(state, action.error);
    case 'switching':
      return without({ ...state, switching: action.what }, 'error');
    case 'switched':
      return action.error ? failedWith(without(state, 'switching'), action.error) : without(state, 'switching');
    case 'failed':
      return failedWith(state, action.error);
    case 'show':
      return without({ ...state, shown: action.id, cursor: action.id, expanded: [] }, 'error');
    case 'cursor':
      return state.cursor === action.id ? state : { ...state, cursor: action.id };
    case 'view':
      return { ...state, view: action.view };
    case 'expand':
      return { ...state, expanded: [...state.expanded, action.part] };
    case 'choose':
      return { ...state, choices: { ...state.choices, [action.part]: action.value } };
    case 'phases':
      return { ...state, phasesOpen: action.open };
    case 'more-history':
      return { ...state, historyRows: state.historyRows + 50 };
    case 'repeat-times':
      return { ...state, repeatTimes: Math.min(MOST_REPEATS, Math.max(1, Math.round(action.times) || 1)) };
    case 'through':
      return { ...state, through: action.through };
    case 'copied':
      return announce({ ...state, copied: action.what }, 'Copied.');
    case 'copied-seen':
      return without(state, 'copied');
    case 'chart-width':
      return { ...state, chartWidth: action.width };
  }
}

function choose(state: State, key: DeploymentKey, card: ModelCard | undefined): State {
  if (sameKey(state.selected, key)) return prepare(withCard(state, card));
  const last = state.samples.findLast((sample) => sameKey(sample, key));
  const { selected } = state;
  // Of two that are compared the other one was chosen: they change places.
  const sides = sameKey(state.compared, key) && selected ? { compared: selected } : {};
  const chosen = without(
    {
      ...state,
      ...sides,
      ...switched(state.typed, state.kept, state.selected, key),
      selected: key,
      problems: {},
      expanded: [],
      choices: {},
      historyRows: HISTORY_ROWS,
    },
    'error',
    'shown',
    'cursor',
    'comparedWith',
  );
  return comparable(prepare(withCard(last ? { ...chosen, shown: last.id, cursor: last.id } : chosen, card)));
}

function withCard(state: State, card: ModelCard | undefined): State {
  return card ? { ...state, card } : without(state, 'card');
}

function prepare(state: State): State {
  return { ...state, typed: prepared(state.typed, state.card) };
}

function addSample(state: State, sample: Sample): State {
  if (state.samples.some((one) => one.id === sample.id)) return state;
  const added = { ...state, samples: withSample(state.samples, sample) };
  if (sameKey(sample, state.compared) && state.activity.kind === 'send')
    return announce(added, comparedText(added, sample, state.locale));
  if (!sameKey(sample, state.selected)) return added;
  const problems = problemsOf(sample, state.typed, state.card);
  const shown = without({ ...added, shown: sample.id, cursor: sample.id, expanded: [], problems }, 'error');
  if (state.activity.kind === 'repeat')
    return { ...shown, activity: { ...state.activity, done: state.activity.done + 1 } };
  return announce(shown, announcementOf(sample, state.locale));
}

/** Says what it waits for, once. */
function waiting(state: State, wait: Wait | undefined): State {
  const { activity } = state;
  if (activity.kind === 'none') return state;
  const { wait: before, ...rest } = activity;
  const next: State = { ...state, activity: wait ? { ...rest, wait } : rest };
  const isNews = wait !== undefined && (!before || waitText(before) !== waitText(wait));
  return isNews ? announce(next, `${capitalised(waitText(wait))}.`) : next;
}

function announcementOf(sample: Sample, locale: string): string {
  const format = formatOf(locale);
  const kind = kindOf(sample);
  const time = format.ms(sample.phases.totalMs);
  return kind === 'error'
    ? `Request ${sample.number} failed after ${time}: ${summary(sample, format)}`
    : `Answer ${sample.number}: ${summary(sample, format)}. ${KINDS[kind].word}, ${time}.`;
}

function ended(state: State, error: UserError | undefined): State {
  const idle: State = { ...state, activity: { kind: 'none' } };
  if (error) return failedWith(idle, error);
  if (state.activity.kind === 'repeat')
    return announce(idle, `${state.activity.done} ${state.activity.done === 1 ? 'request' : 'requests'} sent.`);
  return idle;
}

function failedWith(state: State, error: UserError): State {
  return announce({ ...state, error }, error.what);
}

/** Says what the chosen deployment has become. */
function announceState(before: State, after: State): State {
  const was = statusOf(before)?.state;
  const is = statusOf(after);
  if (!is || is.state === was || was === undefined) return after;
  return announce(after, `${keyText(is)}: ${STATE_WORDS[is.state].word}.`);
}

function announce(state: State, text: string): State {
  const count = (state.announcements.at(-1)?.count ?? 0) + 1;
  return { ...state, announcements: [...state.announcements.slice(-3), { text, count }] };
}

/** A copy without some optional fields: with exact optional types, absent is not the same as undefined. */
function without<
  K extends 'selected' | 'compared' | 'comparedWith' | 'card' | 'switching' | 'shown' | 'cursor' | 'error' | 'copied',
>(state: State, ...fields: K[]): State {
  const copy = { ...state };
  for (const field of fields) delete copy[field];
  return copy;
}
