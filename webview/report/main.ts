import './report.css';
import { html, render, type TemplateResult } from 'lit-html';
import type { ReportDocument, ReportRequest } from '../../src/shared/report-page.ts';
import { formatOf } from '../format.ts';
import type { EditorApi } from '../rpc.ts';
import { costReport } from './cost.ts';
import { imageReport } from './image.ts';
import type { Shown } from './parts.ts';
import { sweepReport } from './sweep.ts';

declare function acquireVsCodeApi(): EditorApi;

const editor = acquireVsCodeApi();
const root = document.getElementById('app')!;
const ask = (request: ReportRequest): void => editor.postMessage(request);

function page({ name, locale, content }: ReportDocument): TemplateResult {
  const format = formatOf(locale);
  return html`<main>${report(name, content, { format, locale, ask })}</main>`;
}

function report(name: string, content: ReportDocument['content'], shown: Shown): TemplateResult {
  switch (content.kind) {
    case 'image':
      return imageReport(name, content.image, shown);
    case 'sweep':
      return sweepReport(name, content.sweep, shown);
    case 'cost':
      return costReport(name, content, shown);
  }
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
