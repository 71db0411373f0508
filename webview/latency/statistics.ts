import { html, nothing, type TemplateResult } from 'lit-html';
import { MIN_SAMPLES_FOR_PERCENTILES, quantile, type Sample } from '../../src/shared/latency.ts';
import type { Format } from '../format.ts';
import { kindMark } from './badge.ts';
import { KIND_ORDER, KINDS, kindOf, type Kind } from './kinds.ts';

export interface KindStatistics {
  kind: Kind;
  n: number;
  /** Milliseconds; unset below the number of samples that a percentile needs. */
  p50?: number;
  p95?: number;
  min: number;
  max: number;
  /** All of them in the order they were sent, where there are too few for percentiles. */
  points?: number[];
}

/** One row per kind of start that happened; kinds are never mixed. Times are whole requests as the client saw them. */
export function statistics(samples: readonly Sample[]): KindStatistics[] {
  return KIND_ORDER.flatMap((kind): KindStatistics[] => {
    const times = samples.filter((sample) => kindOf(sample) === kind).map((sample) => sample.phases.totalMs);
    if (times.length === 0) return [];
    const row = { kind, n: times.length, min: Math.min(...times), max: Math.max(...times) };
    return times.length < MIN_SAMPLES_FOR_PERCENTILES
      ? [{ ...row, points: times }]
      : [{ ...row, p50: quantile(times, 0.5), p95: quantile(times, 0.95) }];
  });
}

const FEW = 3;

export function statisticsTable(samples: readonly Sample[], format: Format): TemplateResult | typeof nothing {
  const rows = statistics(samples);
  if (rows.length === 0) return nothing;
  return html`<table class="statistics">
    <caption>
      Whole requests by kind of start. Percentiles from n = ${MIN_SAMPLES_FOR_PERCENTILES}.
    </caption>
    <thead>
      <tr>
        <th scope="col">start</th>
        <th scope="col" class="number">n</th>
        <th scope="col" class="number">p50</th>
        <th scope="col" class="number">p95</th>
        <th scope="col" class="number">max</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map((row) => html`<tr title=${KINDS[row.kind].meaning}>
        <th scope="row">${kindMark(row.kind)} ${KINDS[row.kind].word}</th>
        <td class="number">${format.count(row.n)}</td>
        ${percentiles(row, format)}
        <td class="number">${format.ms(row.max)}</td>
      </tr>`)}
    </tbody>
  </table>`;
}

function percentiles(row: KindStatistics, format: Format): TemplateResult {
  if (row.p50 !== undefined && row.p95 !== undefined)
    return html`<td class="number">${format.ms(row.p50)}</td>
      <td class="number">${format.ms(row.p95)}</td>`;
  const points = row.points ?? [];
  const text =
    points.length <= FEW ? points.map((ms) => format.ms(ms)).join(', ') : `${format.ms(row.min)} – ${format.ms(row.max)}`;
  return html`<td class="number points" colspan="2">${text}</td>`;
}
