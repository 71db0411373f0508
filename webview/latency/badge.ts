import { html, nothing, svg, type TemplateResult } from 'lit-html';
import type { Sample } from '../../src/shared/latency.ts';
import type { Format } from '../format.ts';
import { failed, KINDS, kindOf, type Kind } from './kinds.ts';

/** The shape of a kind, for beside its word. */
export function kindMark(kind: Kind): TemplateResult {
  return html`<svg class="mark kind-${kind}" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
    ${svg`<path d=${KINDS[kind].shape} />`}
  </svg>`;
}

/** Behind the word of what went past the gateway, whose times are not those of its users. */
export function throughMark(sample: Pick<Sample, 'through'>): TemplateResult | typeof nothing {
  return isPastGateway(sample) ? html` <span title=${PAST_GATEWAY}>Invoke</span>` : nothing;
}

export function isPastGateway({ through }: Pick<Sample, 'through'>): boolean {
  return through !== undefined && through !== 'api';
}

const PAST_GATEWAY = 'Past the gateway, by Invoke of AWS Lambda.';

/** How the shown request's environment had started, and how long the request took. */
export function startBadge(sample: Sample, format: Format): TemplateResult {
  const kind = kindOf(sample);
  const start = failed(sample) && sample.start ? `${KINDS[sample.start].word}, failed` : KINDS[kind].word;
  return html`<span class="start-badge" title=${KINDS[kind].meaning}>
    <span class="badge kind-${kind}">${kindMark(kind)}<span>${start}</span></span>
    <strong>${format.ms(sample.phases.totalMs)}</strong>${throughMark(sample)}
  </span>`;
}
