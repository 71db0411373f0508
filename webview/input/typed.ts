import type { ModelCard } from '../../src/shared/contract.ts';
import { keyText, type DeploymentKey } from '../../src/shared/spec.ts';
import { formOfCard, modesOf, parametersFormOf } from './card.ts';
import { examplesOf } from './examples.ts';
import { blankInput, fieldText, switchMode, typeInput, type InputMode, type TypedInput } from './read.ts';
import { exampleJson, takesText } from './schema.ts';

type Card = ModelCard | undefined;

/** What was typed for deployments that are not chosen now, by their keys. */
export type KeptInput = Readonly<Record<string, TypedInput>>;

/** In a mode that the model can take, with something valid in the boxes that are hard to fill from nothing. */
export function prepared(typed: TypedInput, card: Card): TypedInput {
  const modes = modesOf(card);
  const mode = modes.includes(typed.mode) ? typed.mode : modes[0]!;
  const fields = { ...typed.fields };
  for (const { key, example } of formOfCard(card)?.fields ?? [])
    if (example !== undefined && fields[key] === undefined) fields[key] = example;
  const isNested = card?.input && !modes.includes('text') && !modes.includes('form');
  const json = typed.json === '' && isNested ? exampleJson(card.input!) : undefined;
  const parameterFields = { ...typed.parameterFields };
  for (const { key, required, example } of parametersFormOf(card)?.fields ?? [])
    if (required && example !== undefined) parameterFields[key] ??= example;
  return {
    ...typed,
    mode,
    fields,
    json: json ?? typed.json,
    parameterFields,
  };
}

/** In another mode. JSON that nothing was typed for begins as a row with the model's own columns. */
export function inMode(typed: TypedInput, mode: InputMode, card: Card): TypedInput {
  const row = rowOf(card);
  // Not typed, so it does not go into the form.
  if (typed.mode === 'json' && typed.json === row) return { ...typed, mode };
  const next = switchMode(typed, mode, formOfCard(card));
  return mode === 'json' && next.json === '' && row !== undefined ? { ...next, json: row } : next;
}

function rowOf(card: Card): string | undefined {
  if (!formOfCard(card)) return undefined;
  const example = examplesOf(card).find((one) => typeof one === 'object');
  return example === undefined ? undefined : JSON.stringify(example, undefined, 2);
}

/** What stands in the boxes after another deployment is chosen: what was typed for it, else the same text. */
export function switched(
  typed: TypedInput,
  kept: KeptInput,
  from: DeploymentKey | undefined,
  to: DeploymentKey,
): { typed: TypedInput; kept: KeptInput } {
  if (!from) return { typed, kept };
  const own = kept[keyText(to)];
  const next = { ...kept, [keyText(from)]: typed };
  // Two deployments of one model are there to be compared: the input stays, what is set for one of them does not.
  if (from.model === to.model)
    return {
      typed: own ? { ...typed, parameters: own.parameters, parameterFields: own.parameterFields } : typed,
      kept: next,
    };
  return { typed: own ?? { ...blankInput(), text: typed.text }, kept: next };
}

/** The typed input that would send this, in the mode that shows it best. Parameters stay where none are given. */
export function filled(
  typed: TypedInput,
  card: Card,
  input: unknown,
  parameters?: Record<string, unknown>,
): TypedInput {
  const form = formOfCard(card);
  const asText = typeof input === 'string' && takesText(card?.input);
  const filledInput = typeInput(typed, input, asText ? 'text' : form ? 'form' : 'json', form);
  return parameters ? { ...filledInput, ...typeParameters(parameters, card) } : filledInput;
}

/**
 * As `filled`, of a text from an editor: an object or a row may come as JSON; any other text goes where running text
 * is typed, the last such box (the context of a question), else it stays what it is.
 */
export function filledText(typed: TypedInput, card: Card, text: string): TypedInput {
  if (takesText(card?.input)) return filled(typed, card, text);
  const input = parsed(text);
  const box = formOfCard(card)?.fields.findLast(({ kind }) => kind === 'text');
  return typeof input === 'string' && box
    ? { ...typed, mode: 'form', fields: { ...typed.fields, [box.key]: text } }
    : filled(typed, card, input);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function typeParameters(
  parameters: Record<string, unknown>,
  card: Card,
): Pick<TypedInput, 'parameters' | 'parameterFields'> {
  const rest = { ...parameters };
  const fields: Record<string, string> = {};
  for (const field of parametersFormOf(card)?.fields ?? []) {
    const text = field.key in rest ? fieldText(field, rest[field.key]) : undefined;
    if (text === undefined) continue;
    fields[field.key] = text;
    delete rest[field.key];
  }
  return { parameters: Object.keys(rest).length > 0 ? JSON.stringify(rest) : '', parameterFields: fields };
}
