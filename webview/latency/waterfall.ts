import { html, svg, nothing, type TemplateResult } from 'lit-html';
import type { Sample } from '../../src/shared/latency.ts';
import type { TargetKind } from '../../src/shared/spec.ts';
import type { Format } from '../format.ts';
import { isPastGateway, startBadge } from './badge.ts';
import { beforehandTexts } from '../../src/shared/waits.ts';
import { phaseBars, type PhaseBar } from './phases.ts';

/** Of a request beside another one. */
export interface Beside {
  /** Milliseconds of the longer one: the width of both. */
  longest: number;
  /** The deployment, for who cannot see where it stands. */
  name: string;
}

export interface WaterfallOptions {
  open: boolean;
  toggle(open: boolean): void;
  /** Where the request went, where that is still known. */
  target: TargetKind | undefined;
  beside?: Beside;
}

/** Where the shown request's time went: one bar, its legend with numbers, and on demand a row per phase. */
export function waterfall(
  sample: Sample,
  format: Format,
  { open, toggle, target, beside }: WaterfallOptions,
): TemplateResult {
  const bars = phaseBars(sample.phases, target, isPastGateway(sample));
  const width = beside ? widthBeside(sample.phases.totalMs, beside.longest) : WIDTH;
  return html`<div class="waterfall">
    <div class="waterfall-head">
      ${startBadge(sample, format)}
      <ul class="phase-legend" aria-label="Phases of request ${sample.number}${beside ? ` of ${beside.name}` : ''}">
        ${bars.map(
          (bar) =>
            html`<li title=${bar.meaning}>
              <svg class="swatch" viewBox="0 0 8 8" width="8" height="8" aria-hidden="true">
                ${svg`<rect class="phase-${bar.name}" width="8" height="8" />`}
              </svg>
              ${bar.word} <span class="number">${format.ms(bar.ms)}</span>
            </li>`,
        )}
      </ul>
    </div>
    ${bars.length ? bar(bars, width) : nothing} ${beside && bars.length ? scale(beside.longest, format) : nothing}
    ${beforehand(sample, format)}
    <details ?open=${open} @toggle=${(event: Event) => toggle((event.target as HTMLDetailsElement).open)}>
      <summary>What the phases are</summary>
      ${open ? phaseTable(bars, width, format) : nothing}
    </details>
  </div>`;
}

/** What no time of the request has. */
function beforehand({ beforehand: before }: Sample, format: Format): TemplateResult | typeof nothing {
  if (!before) return nothing;
  return html`<p class="beforehand">
    <i class="codicon codicon-history" aria-hidden="true"></i>
    <span>${beforehandTexts(before, format.ms).join(' ')} <span class="muted">Not part of the time.</span></span>
  </p>`;
}

/** Of a drawing, in its own units. */
const WIDTH = 1000;
/** The shortest bar beside a longer one is this part of its width: less could not be seen. */
const LEAST_SHARE = 0.006;

/** How wide the drawing of a request is, so that a bar of the usual width fills the request's share of it. */
function widthBeside(ms: number, longest: number): number {
  return WIDTH / Math.min(1, Math.max(LEAST_SHARE, longest > 0 ? ms / longest : 1));
}

/** The ends of the scale that two bars have in common. */
function scale(longest: number, format: Format): TemplateResult {
  return html`<p class="phase-scale muted" aria-hidden="true"><span>0</span><span>${format.ms(longest)}</span></p>`;
}

function bar(bars: PhaseBar[], width: number): TemplateResult {
  return html`<svg class="phase-bar" viewBox="0 0 ${width} 1" preserveAspectRatio="none" aria-hidden="true">
    ${bars.map((one) => segment(one))}
  </svg>`;
}

function segment(one: PhaseBar): TemplateResult {
  return svg`<rect class="phase-${one.name}" x=${one.x * WIDTH} y="0" width=${one.width * WIDTH} height="1"></rect>`;
}

function phaseTable(bars: PhaseBar[], width: number, format: Format): TemplateResult {
  return html`<table class="phases">
    <thead>
      <tr>
        <th scope="col">phase</th>
        <th scope="col" class="number">time</th>
        <th scope="col" class="wide">when</th>
        <th scope="col">what it is</th>
      </tr>
    </thead>
    <tbody>
      ${bars.map(
        (one) =>
          html`<tr>
            <th scope="row">${one.word}</th>
            <td class="number">${format.ms(one.ms)}</td>
            <td class="wide">
              <svg class="phase-row" viewBox="0 0 ${width} 1" preserveAspectRatio="none" aria-hidden="true">
                ${segment(one)}
              </svg>
            </td>
            <td>${one.meaning}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}
