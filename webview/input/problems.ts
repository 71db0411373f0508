import type { ModelCard } from '../../src/shared/contract.ts';
import type { Sample } from '../../src/shared/latency.ts';
import { formOfCard, parametersFormOf } from './card.ts';
import { fieldOf, type InputProblems, type TypedInput } from './read.ts';

/** What an endpoint refused, at the place where the field that it named is typed. */
export function problemsOf({ problem }: Sample, typed: TypedInput, card: ModelCard | undefined): InputProblems {
  const place = problem?.field && placeOf(problem.field, typed, card);
  return place ? { [place]: problem.detail } : {};
}

function placeOf(field: string, typed: TypedInput, card: ModelCard | undefined): string | undefined {
  if (field === 'parameters' || field.startsWith('parameters.')) {
    const form = parametersFormOf(card);
    const own = form && fieldOf(field, form, 'parameters');
    return own === undefined ? 'parameters' : `parameters.${own}`;
  }
  const form = formOfCard(card);
  if (typed.mode === 'form' && form) return fieldOf(field, form);
  return typed.mode === 'json' && field.startsWith('input') ? 'json' : undefined;
}
