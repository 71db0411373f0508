import { html, nothing, type TemplateResult } from 'lit-html';
import type { QuestionAnswer } from '../../src/shared/contract.ts';
import { linkButton } from '../elements.ts';
import { barOf, barsInOrder } from './bars.ts';
import { isRecord } from './guards.ts';
import { utf16Positions } from './segments.ts';
import { run } from './spans.ts';
import { capped, showAll, type AnswerView } from './view.ts';

/** UTF-16 units of the context that are shown on either side of the answer at first. */
const AROUND = 600;
const MOST_ANSWERS = 10;

/** The best answer where it stands in its context, and the others with their scores. */
export function answersPart(answers: readonly QuestionAnswer[], view: AnswerView): TemplateResult {
  const best = answers[0]!;
  const context = isRecord(view.input) && typeof view.input['context'] === 'string' ? view.input['context'] : undefined;
  return html`<div class="part answers">
    ${answers.length > 1 ? several(answers, view) : one(best, view)}
    ${context === undefined ? nothing : inContext(context, best, view)}
  </div>`;
}

function one({ answer, score }: QuestionAnswer, view: AnswerView): TemplateResult {
  const [bar] = barsInOrder([{ label: answer, score }]);
  return html`${
      answer === ''
        ? html`<p class="headline muted">No answer in this context</p>`
        : html`<p class="headline" dir="auto">${answer}</p>`
    }
    <div class="one-bar">
      ${barOf(bar!)} <span class="number" title=${score}>score ${view.format.score(score)}</span>
    </div>`;
}

function several(answers: readonly QuestionAnswer[], view: AnswerView): TemplateResult {
  const { score, count } = view.format;
  const bars = barsInOrder(answers.map((one) => ({ label: one.answer || 'no answer', score: one.score })));
  return html`<ol class="long-bars">
      ${capped(view, 'answers', bars, MOST_ANSWERS).map(
        (bar, index) =>
          html`<li class=${index === 0 ? 'predicted' : nothing}>
            <p class="label" dir="auto">
              ${bar.label}${index === 0 ? html`<span class="hidden">, the answer</span>` : nothing}
            </p>
            ${barOf(bar)}
            <span class="number" title=${bar.score}>${score(bar.score)}</span>
          </li>`,
      )}
    </ol>
    <p class="muted small">score, n = ${count(bars.length)} answers</p>
    ${showAll(view, 'answers', bars.length, MOST_ANSWERS, 'answers')}`;
}

function inContext(context: string, { start, end }: QuestionAnswer, view: AnswerView): TemplateResult {
  const position = utf16Positions(context);
  const [from, to] = [position(start), position(end)];
  const whole = view.expanded('context');
  const first = whole ? 0 : wordAt(context, from - AROUND);
  const last = whole ? context.length : wordAt(context, to + AROUND);
  const cut = first > 0 || last < context.length;
  return html`<p class="text context" dir="auto">
      ${first > 0 ? run('…') : nothing}${run(context.slice(first, from))}${
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
