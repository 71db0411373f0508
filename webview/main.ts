import './playground.css';
import { render } from 'lit-html';
import type { PlaygroundPage } from '../src/shared/playground.ts';
import { sameKey } from '../src/shared/spec.ts';
import { createActions } from './actions.ts';
import { registerControls } from './controls.ts';
import { page } from './page.ts';
import { remember, restore } from './remembered.ts';
import { connect, type EditorApi } from './rpc.ts';
import { reduce, type Action } from './reduce.ts';
import { statusOf, type State } from './state.ts';

declare function acquireVsCodeApi(): EditorApi;

/** How often a wait's elapsed time is written anew (ms). */
const TICK_MS = 100;
/** Typing must not make the editor store the page's state at every key (ms). */
const REMEMBER_AFTER_MS = 250;

const editor = acquireVsCodeApi();
const root = document.getElementById('app')!;
let state: State = restore(editor.getState());
let drawnProblems = state.problems;
let drawing = 0;
let remembering: ReturnType<typeof setTimeout> | undefined;
let ticking: ReturnType<typeof setInterval> | undefined;

function dispatch(action: Action): void {
  const before = state;
  state = reduce(state, action);
  if (state === before) return;
  // A repeat delivers many samples between two frames; they are drawn once.
  drawing ||= requestAnimationFrame(draw);
  // Where the keyboard is decides what the next key does, and that may come before the next frame.
  if (action.type === 'cursor') draw();
  remembering ??= setTimeout(store, REMEMBER_AFTER_MS);
  if (state.activity.kind !== 'none')
    ticking ??= setInterval(() => dispatch({ type: 'tick', at: Date.now() }), TICK_MS);
  else {
    clearInterval(ticking);
    ticking = undefined;
  }
}

function draw(): void {
  cancelAnimationFrame(drawing);
  drawing = 0;
  render(page(state, actions), root);
  measure();
  if (state.problems !== drawnProblems) root.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  drawnProblems = state.problems;
}

function store(): void {
  clearTimeout(remembering);
  remembering = undefined;
  editor.setState(remember(state));
}

/** The chart is drawn in real pixels, so that its marks keep their shape at every width. */
function measure(): void {
  const chart = root.querySelector('figure.chart');
  if (chart && chart !== observed) {
    if (observed) resized.unobserve(observed);
    resized.observe(chart);
    observed = chart;
  }
}

let observed: Element | undefined;
const resized = new ResizeObserver(([entry]) => {
  const width = Math.floor(entry!.contentRect.width);
  if (width > 0 && width !== state.chartWidth) dispatch({ type: 'chart-width', width });
});

/** Of the two that are compared: of another version the packages may be others. */
function versionsOf({ deployments, selected, compared }: State): string {
  const both = deployments.filter((one) => sameKey(one, selected) || sameKey(one, compared));
  return both.map(({ version }) => version).join();
}

const events: PlaygroundPage = {
  deployments: (all) => {
    // Another one is chosen where the chosen one is gone, not where it is new and has not been announced yet.
    const wasThere = statusOf(state) !== undefined;
    const versions = versionsOf(state);
    dispatch({ type: 'deployments', all });
    if (versionsOf(state) !== versions) void actions.lookAtBoth();
    if (wasThere || state.selected === undefined) void actions.selectSome();
  },
  card: (card) => dispatch({ type: 'card', card }),
  sample: (sample) => dispatch({ type: 'sample', sample }),
  waiting: (wait) => dispatch({ type: 'waiting', wait }),
  select: (key, card) => {
    dispatch({ type: 'selected', key, card });
    void actions.lookAtBoth();
  },
  compare: (key) => void actions.compare(key),
  fill: async (text) => {
    // Before that the page knows neither the deployment nor its parameters.
    await begun;
    return actions.predictText(text);
  },
};

const extension = connect(editor, events);
const actions = createActions({ get: () => state, dispatch }, extension);

registerControls();
window.addEventListener('pagehide', store);
draw();
const begun = actions.begin();
