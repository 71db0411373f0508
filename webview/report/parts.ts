import { html, svg, type TemplateResult } from 'lit-html';
import type { ReportRequest } from '../../src/shared/report-page.ts';
import type { Format } from '../format.ts';

export interface Shown {
  format: Format;
  locale: string;
  ask(request: ReportRequest): void;
}

/** A share of a whole, 0 to 1, as a bar; the number stands beside it. */
export function bar(share: number): TemplateResult {
  const width = Math.min(100, Math.max(0, share * 100));
  return html`<svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
    ${svg`<rect class="track" width="100" height="1"></rect><rect class="share" width=${width} height="1"></rect>`}
  </svg>`;
}

export function actionButton(label: string, icon: string, click: () => void): TemplateResult {
  return html`<button class="secondary" type="button" @click=${click}>
    <i class="codicon codicon-${icon}" aria-hidden="true"></i> ${label}
  </button>`;
}
