import { html, nothing, type TemplateResult } from 'lit-html';
import type { Score } from '../../src/shared/contract.ts';
import { barTable, scoreBars } from './bars.ts';
import type { Classification } from './parts.ts';
import { capped, showAll, type AnswerView } from './view.ts';

const LABELS = ['label', 'labels'] as const;
const MOST_OUTPUTS = 20;
/** What the scores of categories are, by whether they exclude each other. */
const CATEGORY_SCORES: Record<string, string> = { true: 'probability', false: 'score, each on its own' };

/** A classifier's answer: the label, or the labels, and the scores of all classes. */
export function classificationPart(classification: Classification, view: AnswerView, part = 'classes'): TemplateResult {
  const { labels, scores } = classification;
  const named = labels.map(String);
  const head =
    named.length === 0
      ? html`<p class="muted">No label applies.</p>`
      : html`<p class="headline" dir="auto">${named.join(', ')}</p>`;
  if (!scores) return html`<div class="part">${head}</div>`;
  const known = new Set(scores.map((one) => String(one.label)));
  const table = { part, bars: scoreBars(scores), what: whatOf(classification), rows: LABELS, chosen: new Set(named) };
  return html`<div class="part">
    ${named.length > 0 && named.every((label) => known.has(label)) ? nothing : head} ${barTable(table, view)}
  </div>`;
}

function whatOf({ labels, scores, scoreKind }: Classification): string {
  if (scoreKind === 'decision') return 'decision value';
  const sum = (scores ?? []).reduce((before, { score }) => before + score, 0);
  // Independent ones may add up to anything; to less than 1 add up the best few of many as well.
  return labels.length !== 1 || sum > 1.01 ? 'probability, each on its own' : 'probability';
}

/** Several outputs with classes of their own. */
export function outputsPart(outputs: readonly Classification[], view: AnswerView): TemplateResult {
  return html`<div class="parts">
    ${capped(view, 'outputs', outputs, MOST_OUTPUTS).map(
      (output, index) =>
        html`<h2>output ${view.format.count(index + 1)}</h2>
          ${classificationPart(output, view, `output:${index}`)}`,
    )}
    ${showAll(view, 'outputs', outputs.length, MOST_OUTPUTS, 'outputs')}
  </div>`;
}

/** Of one text classifier the scores add up to 1; of labels that apply each by itself they need not. */
export function categoriesPart(scores: readonly Score[], view: AnswerView): TemplateResult {
  if (scores.length === 0) return html`<p class="muted">No categories.</p>`;
  const table = {
    part: 'categories',
    bars: scoreBars(scores),
    what: CATEGORY_SCORES[String(view.exclusiveCategories)] ?? 'score',
    rows: LABELS,
  };
  return html`<div class="part">${barTable(table, view)}</div>`;
}
