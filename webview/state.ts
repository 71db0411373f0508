import type { ModelCard } from '../src/shared/contract.ts';
import { merged, MOST_SAMPLES } from '../src/shared/history.ts';
import type { Sample } from '../src/shared/latency.ts';
import type { UserError } from '../src/shared/outcome.ts';
import type { CodeLanguage, PlaygroundStart } from '../src/shared/playground.ts';
import { keyText, type DeploymentKey } from '../src/shared/spec.ts';
import type { DeploymentStatus } from '../src/shared/states.ts';
import { summary } from './answer/summary.ts';
import { formatOf } from './format.ts';
import { fieldOf, switchMode, typeInput, type InputMode, type InputProblems, type TypedInput } from './input/read.ts';
import { formOf, takesText, type Form } from './input/schema.ts';
import { KINDS, kindOf } from './latency/kinds.ts';
import { STATE_WORDS } from './words.ts';

export type Activity =
  | { kind: 'none' }
  | { kind: 'send'; startedAt: number; elapsedMs: number; cancelling: boolean }
  | { kind: 'repeat'; startedAt: number; elapsedMs: number; cancelling: boolean; times: number; done: number };

export type Switching = 'cold' | 'start' | 'stop';

/** All that the page shows. One plain object, changed only by `reduce`. */
export interface State {
  /** False until the extension has answered `ready`. */
  ready: boolean;
  locale: string;
  deployments: DeploymentStatus[];
  selected?: DeploymentKey;
  card?: ModelCard;
  typed: TypedInput;
  /** What was wrong with the input when it was last to be sent. */
  problems: InputProblems;
  repeatTimes: number;
  activity: Activity;
  switching?: Switching;
  /** Requests of all deployments, oldest first, at most `MOST_SAMPLES`. */
  samples: Sample[];
  /** Id of the request whose answer and phases are on view. */
  shown?: string;
  /** Id of the request that the keyboard is on in the chart and the history. */
  cursor?: string;
  view: 'answer' | 'json';
  /** Why nothing was sent, or a command failed; stands where the answer would. */
  error?: UserError;
  /** Long parts of an answer that are to be shown whole. */
  expanded: readonly string[];
  phasesOpen: boolean;
  historyRows: number;
  /** What was just copied, for the button that did it. */
  copied?: string;
  /** Width of the chart in CSS pixels, as last measured. */
  chartWidth: number;
  /** The latest texts to be read out, each once. Several may fall between two frames. */
  announcements: readonly { text: string; count: number }[];
}

export const HISTORY_ROWS = 10;
export const MOST_REPEATS = 1000;

export function initialState(): State {
  return {
    ready: false,
    locale: 'en',
    deployments: [],
    typed: { mode: 'text', text: '', fields: {}, json: '', parameters: '' },
    problems: {},
    repeatTimes: 20,
    activity: { kind: 'none' },
    samples: [],
    view: 'answer',
    expanded: [],
    phasesOpen: false,
    historyRows: HISTORY_ROWS,
    chartWidth: 640,
    announcements: [],
  };
}

export type Action =
  | { type: 'started'; start: PlaygroundStart }
  | { type: 'deployments'; all: DeploymentStatus[] }
  | { type: 'selected'; key: DeploymentKey; card: ModelCard | undefined }
  | { type: 'card'; card: ModelCard | undefined }
  | { type: 'typed'; typed: Partial<TypedInput> }
  /** One field of the form: the others are as they are now, not as they were last drawn. */
  | { type: 'typed-field'; key: string; value: string }
  | { type: 'mode'; mode: InputMode }
  | { type: 'filled'; input: unknown }
  | { type: 'filled-text'; text: string }
  | { type: 'refused'; problems: InputProblems }
  | { type: 'sending'; at: number }
  | { type: 'repeating'; at: number; times: number }
  | { type: 'tick'; at: number }
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
  | { type: 'phases'; open: boolean }
  | { type: 'more-history' }
  | { type: 'repeat-times'; times: number }
  | { type: 'copied'; what: CodeLanguage | string }
  | { type: 'copied-seen' }
  | { type: 'chart-width'; width: number };

export function reduce(state: State, action: Action): State {
  switch (action.type) {
    case 'started': {
      const { deployments, selected, card, locale, samples } = action.start;
      const started = { ...state, ready: true, deployments, locale, samples: merged(state.samples, samples) };
      return selected ? choose(started, selected, card) : without(started, 'selected', 'card');
    }
    case 'deployments':
      return announceState(state, { ...state, deployments: action.all });
    case 'selected': {
      const next = choose(state, action.key, action.card);
      return sameKey(state.selected, action.key) ? next : announce(next, `${keyText(action.key)} chosen.`);
    }
    case 'card':
      return fitMode(withCard(state, action.card));
    case 'typed-field':
      return {
        ...state,
        typed: { ...state.typed, fields: { ...state.typed.fields, [action.key]: action.value } },
        problems: {},
      };
    case 'typed':
      return { ...state, typed: { ...state.typed, ...action.typed }, problems: {} };
    case 'mode':
      return { ...state, typed: switchMode(state.typed, action.mode, formOfState(state)), problems: {} };
    case 'filled-text':
      return reduce(state, { type: 'filled', input: takesText(state.card?.input) ? action.text : parsed(action.text) });
    case 'filled': {
      const mode = typeof action.input === 'string' && takesText(state.card?.input) ? 'text' : state.typed.mode;
      const formMode = mode === 'json' && formOfState(state) ? 'form' : mode;
      return { ...state, typed: typeInput(state.typed, action.input, formMode, formOfState(state)), problems: {} };
    }
    case 'refused':
      return announce({ ...state, problems: action.problems }, `Not sent. ${Object.values(action.problems)[0] ?? ''}`);
    case 'sending': {
      const activity: Activity = { kind: 'send', startedAt: action.at, elapsedMs: 0, cancelling: false };
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
    case 'phases':
      return { ...state, phasesOpen: action.open };
    case 'more-history':
      return { ...state, historyRows: state.historyRows + 50 };
    case 'repeat-times':
      return { ...state, repeatTimes: Math.min(MOST_REPEATS, Math.max(1, Math.round(action.times) || 1)) };
    case 'copied':
      return announce({ ...state, copied: action.what }, 'Copied.');
    case 'copied-seen':
      return without(state, 'copied');
    case 'chart-width':
      return { ...state, chartWidth: action.width };
  }
}

export function sameKey(a: DeploymentKey | undefined, b: DeploymentKey | undefined): boolean {
  return a?.model === b?.model && a?.deployment === b?.deployment;
}

export function statusOf(state: State): DeploymentStatus | undefined {
  return state.selected && state.deployments.find((one) => sameKey(one, state.selected));
}

/** The chosen deployment's requests, oldest first: kinds of different deployments are never mixed either. */
export function samplesOf(state: State): Sample[] {
  return state.samples.filter((sample) => sameKey(sample, state.selected));
}

export function shownSample(state: State): Sample | undefined {
  return state.samples.find((sample) => sample.id === state.shown);
}

export function formOfState(state: State): Form | undefined {
  return formOf(state.card?.input);
}

/** The modes that the chosen model's input can be typed in, the most convenient first. */
export function modesOf(card: ModelCard | undefined): InputMode[] {
  if (formOf(card?.input)) return ['form', 'json'];
  return takesText(card?.input) ? ['text', 'json'] : ['json'];
}

function choose(state: State, key: DeploymentKey, card: ModelCard | undefined): State {
  if (sameKey(state.selected, key)) return fitMode(withCard(state, card));
  const last = state.samples.findLast((sample) => sameKey(sample, key));
  const chosen = without(
    { ...state, selected: key, expanded: [], historyRows: HISTORY_ROWS },
    'error',
    'shown',
    'cursor',
  );
  return fitMode(withCard(last ? { ...chosen, shown: last.id, cursor: last.id } : chosen, card));
}

function withCard(state: State, card: ModelCard | undefined): State {
  return card ? { ...state, card } : without(state, 'card');
}

/** A table's row may come as JSON from an editor; any other text stays what it is. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Leaves the mode as it is where the model can take it. */
function fitMode(state: State): State {
  const modes = modesOf(state.card);
  return modes.includes(state.typed.mode) ? state : { ...state, typed: { ...state.typed, mode: modes[0]! } };
}

function addSample(state: State, sample: Sample): State {
  if (state.samples.some((one) => one.id === sample.id)) return state;
  const added = { ...state, samples: [...state.samples, sample].slice(-MOST_SAMPLES) };
  if (!sameKey(sample, state.selected)) return added;
  const problems = problemsOf(sample, state);
  const shown = without({ ...added, shown: sample.id, cursor: sample.id, expanded: [], problems }, 'error');
  if (state.activity.kind === 'repeat')
    return { ...shown, activity: { ...state.activity, done: state.activity.done + 1 } };
  return announce(shown, announcementOf(sample, state.locale));
}

/** What an endpoint refused stands beside the field that it named. */
function problemsOf(sample: Sample, state: State): InputProblems {
  const form = formOfState(state);
  const field = sample.problem?.field;
  const key = form && field && state.typed.mode === 'form' ? fieldOf(field, form) : undefined;
  return key === undefined ? {} : { [key]: sample.problem!.detail };
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
function without<K extends 'selected' | 'card' | 'switching' | 'shown' | 'cursor' | 'error' | 'copied'>(
  state: State,
  ...fields: K[]
): State {
  const copy = { ...state };
  for (const field of fields) delete copy[field];
  return copy;
}
