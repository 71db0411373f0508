import { html, nothing, type TemplateResult } from 'lit-html';
import { formatBytes } from '../../src/shared/bytes.ts';
import {
  basisOf,
  cheapest,
  formatDollars,
  formatMemory,
  OUTCOMES,
  processorsOf,
  SWEEP_NOTE,
  verdictOf,
  type SweepReport,
  type SweepRow,
} from '../../src/shared/sweep.ts';
import { columnChart } from './chart.ts';
import { actionButton, type Shown } from './parts.ts';

export function sweepReport(name: string, report: SweepReport, shown: Shown): TemplateResult {
  const { locale, format, ask } = shown;
  const { rows, p95Ms } = report;
  const best = cheapest(rows, p95Ms);
  const processors = processorsOf(report);
  const column = (row: SweepRow): { label: string; missing?: string; isBest: boolean } => ({
    label: formatMemory(row.memoryMb, locale),
    isBest: row === best,
    ...(row.outcome === 'answered' ? {} : { missing: OUTCOMES[row.outcome] }),
  });
  return html`<header>
      <h1>Memory sweep of ${name}</h1>
      <div class="commands">
        ${actionButton('Sweep Again', 'refresh', () => ask('sweep'))}
        ${actionButton('Image Report', 'package', () => ask('report'))}
        ${actionButton('Cost', 'credit-card', () => ask('cost'))}
      </div>
    </header>
    <p class="muted">${new Date(report.at).toLocaleString(locale)} · <code>${report.image.slice(0, 19)}</code></p>
    <p class="verdict">
      <i class="codicon codicon-${best ? 'pass' : 'warning'}" aria-hidden="true"></i>
      <b>${verdictOf(report, locale)}</b>
    </p>
    <div class="charts">
      ${columnChart({
        title: 'p95 of warm requests',
        kind: 'latency',
        columns: rows.map((row) => ({ ...column(row), value: row.p95Ms })),
        say: (value) => format.ms(value),
        ...(p95Ms === undefined ? {} : { limit: p95Ms }),
      })}
      ${columnChart({
        title: 'Cost of a million requests',
        kind: 'cost',
        columns: rows.map((row) => ({ ...column(row), value: row.costPerMillion })),
        say: (value) => formatDollars(value, locale),
      })}
    </div>
    ${sizes(report, best, shown)}
    <ul class="remarks muted">
      <li>${basisOf(report, locale)} <a href=${report.prices.source}>Prices</a> of ${report.prices.read}.</li>
      <li>Start is what AWS Lambda calls Init Duration; the first request of a cold start is billed with it.</li>
      ${processors === undefined ? nothing : html`<li>${processors}</li>`}
      <li>${SWEEP_NOTE}</li>
    </ul>`;
}

function sizes({ rows }: SweepReport, best: SweepRow | undefined, { locale, format }: Shown): TemplateResult {
  const ms = (value: number | undefined): string => (value === undefined ? '–' : format.ms(value));
  const head = ['Memory', 'CPUs', 'Start', 'p50', 'p95', 'Peak', 'Billed', 'Billed cold', 'Per million'];
  return html`<div class="scrolling" role="region" aria-label="Measured at each size" tabindex="0">
    <table class="sizes">
      <caption class="hidden">
        Each memory size
      </caption>
      <thead>
        <tr>
          ${head.map((title, at) => html`<th scope="col" class=${at === 0 ? nothing : 'number'}>${title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr class=${row === best ? 'best' : nothing}>
              <th scope="row">
                ${formatMemory(row.memoryMb, locale)}
                ${row === best ? html`<span class="tag">cheapest</span>` : nothing}
              </th>
              <td class="number">${row.cpus.toLocaleString(locale, { maximumFractionDigits: 2 })}</td>
              <td class="number">${ms(row.start?.initMs)}</td>
              ${
                row.outcome === 'answered'
                  ? html`<td class="number">${ms(row.p50Ms)}</td>
                      <td class="number">${ms(row.p95Ms)}</td>
                      <td class="number">${row.peakBytes === undefined ? '–' : formatBytes(row.peakBytes, locale)}</td>
                      <td class="number">${ms(row.billedMs)}</td>
                      <td class="number">${ms(row.coldBilledMs)}</td>
                      <td class="number">
                        ${row.costPerMillion === undefined ? '–' : formatDollars(row.costPerMillion, locale)}
                      </td>`
                  : html`<td colspan="6" class="outcome">
                      <i class="codicon codicon-error" aria-hidden="true"></i> ${OUTCOMES[row.outcome]}
                    </td>`
              }
            </tr>`,
        )}
      </tbody>
    </table>
    <ul class="remarks">
      ${rows
        .filter(({ detail }) => detail !== undefined)
        .map((row) => html`<li>${formatMemory(row.memoryMb, locale)}: ${row.detail}</li>`)}
    </ul>
  </div>`;
}
