import { html, svg, type TemplateResult } from 'lit-html';
import type { Sample } from '../../src/shared/latency.ts';
import type { Format } from '../format.ts';
import { failed, KINDS, kindOf, type Kind } from './kinds.ts';

/** The shape of a kind, for beside its word. */
export function kindMark(kind: Kind): TemplateResult {
  return html`<svg class="mark kind-${kind}" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
    ${svg`<path d=${KINDS[kind].shape} />`}
  </svg>`;
}

/** How the shown request's environment had started, and how long the request took. */
export function startBadge(sample: Sample, format: Format): TemplateResult {
  const kind = kindOf(sample);
  const start = failed(sample) && sample.start ? `${KINDS[sample.start].word}, failed` : KINDS[kind].word;
  return html`<span class="start-badge" title=${KINDS[kind].meaning}>
    <span class="badge kind-${kind}">${kindMark(kind)}<span>${start}</span></span>
    <strong>${format.ms(sample.phases.totalMs)}</strong>
  </span>`;
}
