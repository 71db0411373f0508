import { html, svg, nothing, type TemplateResult } from 'lit-html';
import type { Sample } from '../../src/shared/latency.ts';
import type { Format } from '../format.ts';
import { startBadge } from './badge.ts';
import { phaseBars, type PhaseBar } from './phases.ts';

/** Where the shown request's time went: one bar, its legend with numbers, and on demand a row per phase. */
export function waterfall(
  sample: Sample,
  format: Format,
  open: boolean,
  toggle: (open: boolean) => void,
): TemplateResult {
  const bars = phaseBars(sample.phases);
  return html`<div class="waterfall">
    <div class="waterfall-head">
      ${startBadge(sample, format)}
      <ul class="phase-legend" aria-label="Phases of request ${sample.number}">
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
    ${bars.length ? bar(bars) : nothing}
    <details ?open=${open} @toggle=${(event: Event) => toggle((event.target as HTMLDetailsElement).open)}>
      <summary>What the phases are</summary>
      ${open ? phaseTable(bars, format) : nothing}
    </details>
  </div>`;
}

function bar(bars: PhaseBar[]): TemplateResult {
  return html`<svg class="phase-bar" viewBox="0 0 1000 1" preserveAspectRatio="none" aria-hidden="true">
    ${bars.map((one) => segment(one))}
  </svg>`;
}

function segment(one: PhaseBar): TemplateResult {
  return svg`<rect class="phase-${one.name}" x=${one.x * 1000} y="0" width=${one.width * 1000} height="1"></rect>`;
}

function phaseTable(bars: PhaseBar[], format: Format): TemplateResult {
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
              <svg class="phase-row" viewBox="0 0 1000 1" preserveAspectRatio="none" aria-hidden="true">
                ${segment(one)}
              </svg>
            </td>
            <td>${one.meaning}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}
