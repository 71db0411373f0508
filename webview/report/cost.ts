import { html, nothing, type TemplateResult } from 'lit-html';
import {
  ALL_COLD,
  breakEvenText,
  costNotes,
  formatBill,
  measuredText,
  monthRows,
  quantityText,
  sinceText,
  SPENT_NOTE,
  totalTitle,
  usageText,
  type CostCard,
  type Spent,
} from '../../src/shared/cost.ts';
import type { ReportContent } from '../../src/shared/report-page.ts';
import { actionButton, type Shown } from './parts.ts';

export function costReport(
  name: string,
  { cost: card, canSweep }: Extract<ReportContent, { kind: 'cost' }>,
  shown: Shown,
): TemplateResult {
  const { locale, ask } = shown;
  return html`<header>
      <h1>Cost of ${name}</h1>
      <div class="commands">
        ${actionButton('Update', 'refresh', () => ask('cost'))}
        ${canSweep ? actionButton('Memory Sweep', 'graph', () => ask('sweep')) : nothing}
      </div>
    </header>
    <p class="muted">AWS Lambda in ${card.region} · ${usageText(card.usage, locale)}</p>
    <p>${measuredText(card, locale)}</p>
    ${months(card, shown)} ${alternatives(card, shown)} ${card.spent ? spentOn(card.spent, shown) : nothing}
    <ul class="remarks muted">
      ${costNotes(card, locale).map((note) => html`<li>${note}</li>`)}
      <li>
        Prices:
        ${card.prices.sources.map((page, at) => html`${at === 0 ? '' : ', '}<a href=${page}>${service(page)}</a>`)}
      </li>
    </ul>`;
}

function months(card: CostCard, { locale, format }: Shown): TemplateResult {
  const { months: all, allColdDollars, usage } = card;
  const cells = (dollars: readonly number[]): TemplateResult[] =>
    dollars.map((one) => html`<td class="number">${formatBill(one, locale)}</td>`);
  return html`<div class="scrolling" role="region" aria-label="A month on AWS Lambda" tabindex="0">
    <table class="sizes">
      <caption class="hidden">
        What a month costs
      </caption>
      <thead>
        <tr>
          <th scope="col">Requests a month</th>
          ${all.map(({ requests }) => html`<th scope="col" class="number">${format.count(requests)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${monthRows(card).map(
          ({ title, dollars }) =>
            html`<tr>
              <th scope="row">${title}</th>
              ${cells(dollars)}
            </tr>`,
        )}
        <tr class="best">
          <th scope="row">${totalTitle(usage, locale)}</th>
          ${cells(all.map(({ dollars }) => dollars))}
        </tr>
        ${
          allColdDollars
            ? html`<tr>
                <th scope="row">${ALL_COLD}</th>
                ${cells(allColdDollars)}
              </tr>`
            : nothing
        }
      </tbody>
    </table>
  </div>`;
}

function alternatives({ alternatives: all }: CostCard, { locale }: Shown): TemplateResult {
  return html`<div class="scrolling" role="region" aria-label="Instead of it" tabindex="0">
    <table class="sizes">
      <caption class="hidden">
        What else could answer these requests
      </caption>
      <thead>
        <tr>
          <th scope="col">Instead of it</th>
          <th scope="col" class="number">Idle</th>
          <th scope="col">Costs no more</th>
        </tr>
      </thead>
      <tbody>
        ${all.map(
          (one) =>
            html`<tr>
              <th scope="row">${one.title}</th>
              <td class="number">${formatBill(one.idleDollars, locale)}</td>
              <td>${breakEvenText(one, locale)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function spentOn(spent: Spent, { locale }: Shown): TemplateResult {
  return html`<div class="scrolling" role="region" aria-label="What it has cost" tabindex="0">
      <table class="sizes">
        <caption class="hidden">
          What it has cost
        </caption>
        <thead>
          <tr>
            <th scope="col">${sinceText(spent, locale)}</th>
            <th scope="col" class="number">Used</th>
            <th scope="col" class="number">Cost</th>
          </tr>
        </thead>
        <tbody>
          ${spent.items.map(
            (one) =>
              html`<tr>
                <th scope="row">${one.title}</th>
                <td class="number">${quantityText(one, locale)}</td>
                <td class="number">${formatBill(one.dollars, locale)}</td>
              </tr>`,
          )}
          <tr class="best">
            <th scope="row">Together</th>
            <td></td>
            <td class="number">${formatBill(spent.dollars, locale)}</td>
          </tr>
        </tbody>
      </table>
    </div>
    <p class="muted">${SPENT_NOTE}</p>`;
}

/** `lambda` of `https://aws.amazon.com/lambda/pricing/`; anything else as it is. */
function service(page: string): string {
  return /^https:\/\/aws\.amazon\.com\/([\w-]+)\//.exec(page)?.[1] ?? page;
}
