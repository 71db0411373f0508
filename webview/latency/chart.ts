import { html, nothing, svg, type TemplateResult } from 'lit-html';
import { guard } from 'lit-html/directives/guard.js';
import type { Sample } from '../../src/shared/latency.ts';
import type { Actions } from '../actions.ts';
import { formatOf, type Format } from '../format.ts';
import type { State } from '../state.ts';
import { kindMark } from './badge.ts';
import { KIND_ORDER, KINDS, kindOf } from './kinds.ts';
import { plot, type Plot } from './plot.ts';

/** Every request of the deployment in the order sent, its time on a logarithmic scale, one shape per kind of start. */
export function scatter(state: State, samples: readonly Sample[], actions: Actions): TemplateResult {
  const format = formatOf(state.locale);
  const current = state.cursor ?? samples.at(-1)?.id;
  const kinds = KIND_ORDER.filter((kind) => samples.some((sample) => kindOf(sample) === kind));
  return html`<figure class="chart">
    <figcaption>
      <span>Time of each request, log scale, n = ${format.count(samples.length)}</span>
      <ul class="kinds">
        ${kinds.map((kind) => html`<li title=${KINDS[kind].meaning}>${kindMark(kind)} ${KINDS[kind].word}</li>`)}
      </ul>
    </figcaption>
    ${guard([state.samples, state.selected, state.shown, current, state.chartWidth, state.locale], () =>
      drawing(plot(samples, state.chartWidth), state.shown, current, format, actions),
    )}
  </figure>`;
}

function drawing(
  drawn: Plot,
  shown: string | undefined,
  current: string | undefined,
  format: Format,
  actions: Actions,
): TemplateResult {
  return html`<svg
    class="scatter"
    viewBox="0 0 ${drawn.width} ${drawn.height}"
    height=${drawn.height}
    role="listbox"
    aria-label="Requests by time"
    @click=${(event: MouseEvent) => {
      const id = drawn.nearest(event.offsetX, event.offsetY);
      if (id) actions.dispatch({ type: 'show', id });
    }}
    @keydown=${(event: KeyboardEvent) => onKey(event, drawn, current, actions)}
  >
    ${drawn.ticks.map(
      ({ y, ms }) => svg`<g class="tick" aria-hidden="true">
        <line x1=${drawn.left} x2=${drawn.width} y1=${y} y2=${y}></line>
        <text x=${drawn.left - 8} y=${y} dy="0.32em" text-anchor="end">${ms >= 1000 ? `${format.count(ms / 1000)} s` : format.ms(ms)}</text>
      </g>`,
    )}
    ${drawn.marks.map(({ sample, kind, x, y }) => {
      const isShown = sample.id === shown;
      return svg`<g
        id="mark-${sample.id}"
        class="point kind-${kind}"
        role="option"
        aria-selected=${isShown ? 'true' : 'false'}
        aria-label="${labelOf(sample, format)}"
        tabindex=${sample.id === current ? 0 : -1}
        transform="translate(${x - 6} ${y - 6})"
      >
        <title>${labelOf(sample, format)}</title>
        ${isShown ? svg`<circle class="halo" cx="6" cy="6" r="8"></circle>` : nothing}
        <path d=${KINDS[kind].shape}></path>
      </g>`;
    })}
  </svg>`;
}

const labels = new WeakMap<Sample, string>();

function labelOf(sample: Sample, format: Format): string {
  let label = labels.get(sample);
  if (label === undefined) {
    label = `#${sample.number} ${KINDS[kindOf(sample)].word} ${format.ms(sample.phases.totalMs)}, ${format.time(sample.at)}`;
    labels.set(sample, label);
  }
  return label;
}

function onKey(event: KeyboardEvent, drawn: Plot, current: string | undefined, actions: Actions): void {
  const at = drawn.marks.findIndex((mark) => mark.sample.id === current);
  if (at === -1) return;
  if (event.key === 'Enter' || event.key === ' ') {
    event.preventDefault();
    actions.dispatch({ type: 'show', id: drawn.marks[at]!.sample.id });
    return;
  }
  const last = drawn.marks.length - 1;
  const to = { ArrowRight: at + 1, ArrowUp: at + 1, ArrowLeft: at - 1, ArrowDown: at - 1, Home: 0, End: last }[
    event.key
  ];
  if (to === undefined) return;
  event.preventDefault();
  const next = drawn.marks[Math.min(last, Math.max(0, to))]!.sample.id;
  actions.dispatch({ type: 'cursor', id: next });
  document.getElementById(`mark-${next}`)?.focus();
}
