import { html, nothing, type TemplateResult } from 'lit-html';
import type { Token } from '../../src/shared/contract.ts';
import { capped, showAll, type AnswerView } from './view.ts';

const MOST_TOKENS = 200;

/** The Universal Dependencies' parts of speech, https://universaldependencies.org/u/pos/. */
const PARTS_OF_SPEECH: Record<string, string> = {
  ADJ: 'adjective',
  ADP: 'adposition',
  ADV: 'adverb',
  AUX: 'auxiliary',
  CCONJ: 'coordinating conjunction',
  DET: 'determiner',
  INTJ: 'interjection',
  NOUN: 'noun',
  NUM: 'numeral',
  PART: 'particle',
  PRON: 'pronoun',
  PROPN: 'proper noun',
  PUNCT: 'punctuation',
  SCONJ: 'subordinating conjunction',
  SPACE: 'space',
  SYM: 'symbol',
  VERB: 'verb',
  X: 'other',
};

interface Column {
  title: string;
  value(token: Token): string | undefined;
}

/** Columns that the pipeline did not fill are left out. */
export function tokenColumns(tokens: readonly Token[]): Column[] {
  const columns: Column[] = [
    { title: 'token', value: (token) => token.text },
    { title: 'part of speech', value: (token) => token.pos && (PARTS_OF_SPEECH[token.pos] ?? token.pos) },
    { title: 'tag', value: (token) => token.tag },
    { title: 'lemma', value: (token) => token.lemma },
    { title: 'dependency', value: (token) => token.dep },
    { title: 'head', value: (token) => (token.head === undefined ? undefined : tokens[token.head]?.text) },
  ];
  return columns.filter(({ value }, index) => index === 0 || tokens.some((token) => Boolean(value(token))));
}

export function tokensPart(tokens: readonly Token[], view: AnswerView): TemplateResult {
  if (tokens.length === 0) return html`<p class="muted">No tokens.</p>`;
  const columns = tokenColumns(tokens);
  return html`<div class="part">
    <div class="scroll" tabindex="0" role="region" aria-label="Tokens">
      <table class="plain tokens">
        <thead>
          <tr>
            <th scope="col" class="number">#</th>
            ${columns.map(({ title }) => html`<th scope="col">${title}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${capped(view, 'tokens', tokens, MOST_TOKENS).map(
            (token, index) =>
              html`<tr>
                <td class="number muted">${view.format.count(index)}</td>
                ${columns.map(({ value }) => html`<td dir="auto">${value(token) ?? nothing}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${showAll(view, 'tokens', tokens.length, MOST_TOKENS, 'tokens')}
  </div>`;
}

/** The sentences of a text, one after another. */
export function sentencesPart(
  sentences: readonly { start: number; end: number }[],
  textOf: (start: number, end: number) => string,
  view: AnswerView,
): TemplateResult {
  const most = 50;
  return html`<div class="part">
    <h2>${view.format.count(sentences.length)} ${sentences.length === 1 ? 'sentence' : 'sentences'}</h2>
    <ol class="sentences">
      ${capped(view, 'sentences', sentences, most).map(
        (sentence) => html`<li dir="auto">${textOf(sentence.start, sentence.end)}</li>`,
      )}
    </ol>
    ${showAll(view, 'sentences', sentences.length, most, 'sentences')}
  </div>`;
}
