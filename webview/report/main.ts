import './report.css';
import { html, render, type TemplateResult } from 'lit-html';
import type { ReportDocument, ReportRequest } from '../../src/shared/report-page.ts';
import { formatOf } from '../format.ts';
import type { EditorApi } from '../rpc.ts';
import { imageReport } from './image.ts';
import { sweepReport } from './sweep.ts';

declare function acquireVsCodeApi(): EditorApi;

const editor = acquireVsCodeApi();
const root = document.getElementById('app')!;
const ask = (request: ReportRequest): void => editor.postMessage(request);

function page({ name, locale, content }: ReportDocument): TemplateResult {
  const format = formatOf(locale);
  return html`<main>
    ${
      content.kind === 'image'
        ? imageReport(name, content.image, { format, locale, ask })
        : sweepReport(name, content.sweep, { format, locale, ask })
    }
  </main>`;
}

function show(shown: unknown): void {
  render(page(shown as ReportDocument), root);
}

// While its tab is hidden the page is gone: what it showed comes back with it.
const before = editor.getState();
if (before) show(before);
window.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  editor.setState(data);
  show(data);
});
ask('ready');
