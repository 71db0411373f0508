import { html, nothing, svg, type TemplateResult } from 'lit-html';

export interface Column {
  label: string;
  /** Unset where there is none. */
  value: number | undefined;
  /** What stands in the place of the value. */
  missing?: string;
  isBest: boolean;
}

export interface ColumnChart {
  title: string;
  /** Its colour. */
  kind: 'latency' | 'cost';
  columns: readonly Column[];
  say(value: number): string;
  /** A line that values should stay below; one that is far above all of them is not drawn. */
  limit?: number;
}

/** A limit this many times as high as the highest value would leave no room for the values. */
const FAR = 2;
/** Of the drawing; more columns than that have labels that only fit into a chart as wide as the page. */
const WIDTH = 440;
const WIDE = 920;
const FEW = 6;
const HEIGHT = 200;
const TOP = 24;
const BOTTOM = 24;

/** One column for each size from zero up, with its value above. The table says the same in words. */
export function columnChart({ title, kind, columns, say, limit }: ColumnChart): TemplateResult {
  const values = columns.flatMap(({ value }) => value ?? []);
  const highest = Math.max(...values, 0) || 1;
  const line = limit !== undefined && limit <= highest * FAR ? limit : undefined;
  const most = Math.max(highest, line ?? 0);
  const isWide = columns.length > FEW;
  const full = isWide ? WIDE : WIDTH;
  const slot = full / columns.length;
  const width = Math.min(56, slot * 0.6);
  const space = HEIGHT - TOP - BOTTOM;
  const yOf = (value: number): number => HEIGHT - BOTTOM - (value / most) * space;
  return html`<figure class="columns ${kind} ${isWide ? 'many' : ''}" tabindex="0">
    <figcaption>${title}</figcaption>
    <svg
      viewBox="0 0 ${full} ${HEIGHT}"
      width=${full}
      height=${HEIGHT}
      role="img"
      aria-label="${title}, as in the table"
    >
      ${svg`<line class="axis" x1="0" x2=${full} y1=${HEIGHT - BOTTOM} y2=${HEIGHT - BOTTOM}></line>`}
      ${columns.map(({ label, value, missing, isBest }, at) => {
        const middle = slot * (at + 0.5);
        const height = value === undefined ? 0 : Math.max(1, (value / most) * space);
        return svg`<g class=${isBest ? 'best' : nothing}>
          ${
            value === undefined
              ? svg`<text class="missing" x=${middle} y=${HEIGHT - BOTTOM - 8}>${missing ?? '–'}</text>`
              : svg`<rect x=${middle - width / 2} y=${HEIGHT - BOTTOM - height} width=${width} height=${height}></rect>
                  <text class="value" x=${middle} y=${HEIGHT - BOTTOM - height - 6}>${say(value)}</text>`
          }
          <text class="label" x=${middle} y=${HEIGHT - 6}>${label}</text>
        </g>`;
      })}
      ${
        line === undefined
          ? nothing
          : svg`<line class="limit" x1="0" x2=${full} y1=${yOf(line)} y2=${yOf(line)}></line>
              <text class="limit-label" x=${full} y=${yOf(line) - 4}>${say(line)} wanted</text>`
      }
    </svg>
  </figure>`;
}
