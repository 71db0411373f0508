import { html, nothing, type TemplateResult } from 'lit-html';
import { MIN_SAMPLES_FOR_PERCENTILES, quantile, type Sample } from '../../src/shared/latency.ts';
import type { Format } from '../format.ts';
import { isPastGateway, kindMark, throughMark } from './badge.ts';
import { KIND_ORDER, KINDS, kindOf, type Kind } from './kinds.ts';

export interface KindStatistics {
  kind: Kind;
  /** Past the gateway of AWS: never mixed with what came through it. */
  isPastGateway?: true;
  n: number;
  /** Milliseconds; unset below the number of samples that a percentile needs. */
  p50?: number;
  p95?: number;
  min: number;
  max: number;
}

/** One row per kind of start that happened; kinds are never mixed. Times are whole requests as the client saw them. */
export function statistics(samples: readonly Sample[]): KindStatistics[] {
  return KIND_ORDER.flatMap((kind) =>
    [false, true].flatMap((past): KindStatistics[] => {
      const ours = samples.filter((one) => kindOf(one) === kind && isPastGateway(one) === past);
      const times = ours.map((sample) => sample.phases.totalMs);
      if (times.length === 0) return [];
      const row = {
        kind,
        ...(past && { isPastGateway: true as const }),
        n: times.length,
        min: Math.min(...times),
        max: Math.max(...times),
      };
      return times.length < MIN_SAMPLES_FOR_PERCENTILES
        ? [row]
        : [{ ...row, p50: quantile(times, 0.5), p95: quantile(times, 0.95) }];
    }),
  );
}

const NONE = html`<span class="muted">–</span>`;

export function statisticsTable(samples: readonly Sample[], format: Format): TemplateResult | typeof nothing {
  const rows = statistics(samples);
  if (rows.length === 0) return nothing;
  return html`<table class="statistics">
    <caption>
      Whole requests, each kind of start by itself; percentiles from n = ${MIN_SAMPLES_FOR_PERCENTILES} on.
    </caption>
    <thead>
      <tr>
        <th scope="col">start</th>
        <th scope="col" class="number">n</th>
        <th scope="col" class="number">min</th>
        <th scope="col" class="number">p50</th>
        <th scope="col" class="number">p95</th>
        <th scope="col" class="number">max</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) =>
          html`<tr title=${KINDS[row.kind].meaning}>
            <th scope="row">
              ${kindMark(row.kind)}
              ${KINDS[row.kind].word}${row.isPastGateway ? throughMark({ through: 'invoke' }) : nothing}
            </th>
            <td class="number">${format.count(row.n)}</td>
            <td class="number">${format.ms(row.min)}</td>
            <td class="number">${row.p50 === undefined ? NONE : format.ms(row.p50)}</td>
            <td class="number">${row.p95 === undefined ? NONE : format.ms(row.p95)}</td>
            <td class="number">${format.ms(row.max)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}
