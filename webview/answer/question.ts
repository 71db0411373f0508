import { html, nothing, type TemplateResult } from 'lit-html';
import type { QuestionAnswer } from '../../src/shared/contract.ts';
import { linkButton } from '../elements.ts';
import { barTable, barsInOrder } from './bars.ts';
import { isRecord } from './guards.ts';
import { utf16Positions } from './segments.ts';
import { run } from './spans.ts';
import type { AnswerView } from './view.ts';

/** UTF-16 units of the context that are shown on either side of the answer at first. */
const AROUND = 600;
const ANSWERS = ['answer', 'answers'] as const;

/** The best answer where it stands in its context, and the others with their scores. */
export function answersPart(answers: readonly QuestionAnswer[], view: AnswerView): TemplateResult {
  const best = answers[0]!;
  const context = isRecord(view.input) && typeof view.input['context'] === 'string' ? view.input['context'] : undefined;
  const table = {
    part: 'answers',
    bars: barsInOrder(answers.map(({ answer, score }) => ({ label: answer || 'no answer', score }))),
    what: 'score',
    rows: ANSWERS,
    ...(answers.length > 1 && { chosen: new Set([best.answer || 'no answer']) }),
  };
  return html`<div class="part answers">
    ${
      best.answer === ''
        ? html`<p class="headline muted">No answer in this context</p>`
        : html`<p class="headline" dir="auto">${best.answer}</p>`
    }
    ${barTable(table, view)} ${context === undefined ? nothing : inContext(context, best, view)}
  </div>`;
}

function inContext(context: string, { start, end }: QuestionAnswer, view: AnswerView): TemplateResult {
  const position = utf16Positions(context);
  const [from, to] = [position(start), position(end)];
  const whole = view.expanded('context');
  const first = whole ? 0 : wordAt(context, from - AROUND);
  const last = whole ? context.length : wordAt(context, to + AROUND);
  const cut = first > 0 || last < context.length;
  return html`<p class="text context" dir="auto">
      ${first > 0 ? run('… ') : nothing}${run(context.slice(first, from))}${
        to > from ? html`<mark class="hue-0 stroke-0">${context.slice(from, to)}</mark>` : nothing
      }${run(context.slice(to, last))}${last < context.length ? run(' …') : nothing}
    </p>
    ${
      cut
        ? html`<p class="show-all">
            The context around the answer. ${linkButton('Show all', () => view.expand('context'))}
          </p>`
        : nothing
    }`;
}

/** The next place from `at` on where a word begins, so that none is cut, nor a character of two units. */
function wordAt(text: string, at: number): number {
  if (at <= 0) return 0;
  if (at >= text.length) return text.length;
  const space = text.slice(at, at + 80).search(/\s/u);
  if (space >= 0) return at + space;
  const isSecondUnit = /[\uDC00-\uDFFF]/.test(text[at]!);
  return isSecondUnit ? at + 1 : at;
}
