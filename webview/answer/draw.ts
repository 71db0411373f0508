import { html, nothing, type TemplateResult } from 'lit-html';
import { entitiesPart, spansPart } from './entities.ts';
import { fillsPart } from './fills.ts';
import { jsonPart } from './json.ts';
import { partsOf, type Part } from './parts.ts';
import { answersPart } from './question.ts';
import { categoriesPart, classificationPart, outputsPart } from './scores.ts';
import { utf16Positions } from './segments.ts';
import { similaritiesPart } from './similarities.ts';
import { tensorsPart } from './tensors.ts';
import { textsPart } from './texts.ts';
import { sentencesPart, tokensPart } from './tokens.ts';
import { scalarPart, valuesPart } from './values.ts';
import { vectorPart } from './vectors.ts';
import { clusterPart, densityPart, outlierPart, rankingPart } from './verdicts.ts';
import type { AnswerView } from './view.ts';

/** A result as people read it. */
export function drawResult(result: unknown, view: AnswerView): TemplateResult {
  const parts = partsOf(result);
  return html`<div class="parts">${parts.map((part) => html`${headingOf(part, parts)}${drawPart(part, view)}`)}</div>`;
}

/** What each part is called where an answer has several. */
const HEADINGS: Partial<Record<Part['kind'], string>> = {
  answers: 'answer',
  texts: 'text',
  similarities: 'similarities',
  entities: 'entities',
  tokens: 'tokens',
  categories: 'categories',
  json: 'other fields',
};

function headingOf(part: Part, parts: readonly Part[]): TemplateResult | typeof nothing {
  if (part.kind === 'spans') return html`<h2>spans: ${part.group}</h2>`;
  const heading = part.kind === 'vector' ? part.name : HEADINGS[part.kind];
  return heading && parts.length > 1 ? html`<h2>${heading}</h2>` : nothing;
}

function drawPart(part: Part, view: AnswerView): TemplateResult {
  switch (part.kind) {
    case 'answers':
      return answersPart(part.answers, view);
    case 'fills':
      return fillsPart(part.masks, view);
    case 'texts':
      return textsPart(part.texts, view);
    case 'similarities':
      return similaritiesPart(part.similarities, view);
    case 'vector':
      return vectorPart(part.vector, part.name, 'dimension', view);
    case 'tensors':
      return tensorsPart(part.tensors, view);
    case 'entities':
      return entitiesPart(part.entities, view);
    case 'spans':
      return spansPart(`spans:${part.group}`, 'spans', part.spans, view);
    case 'classification':
      return classificationPart(part.classification, view);
    case 'outputs':
      return outputsPart(part.outputs, view);
    case 'categories':
      return categoriesPart(part.scores, view);
    case 'cluster':
      return clusterPart(part.cluster, view);
    case 'outlier':
      return outlierPart(part.outlier, part.score, view);
    case 'ranking':
      return rankingPart(part.score, view);
    case 'density':
      return densityPart(part.density, view);
    case 'values':
      return valuesPart(part.values, view);
    case 'scalar':
      return scalarPart(part.value, view);
    case 'sentences':
      return sentencesPart(part.sentences, textBetween(view.text ?? ''), view);
    case 'tokens':
      return tokensPart(part.tokens, view);
    case 'json':
      return jsonPart(part.value, 'rest', view);
  }
}

function textBetween(text: string): (start: number, end: number) => string {
  const position = utf16Positions(text);
  return (start, end) => text.slice(position(start), position(end));
}
