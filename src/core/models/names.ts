import { fail, type Outcome } from '../../shared/outcome.ts';
import { MODEL_NAME } from '../../shared/spec.ts';

/** At most this many characters; the rule itself is `MODEL_NAME`. */
const LENGTH = 30;

/** Letters of Latin alphabets that Unicode does not take apart into a letter and its mark. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ħ: 'h',
  ı: 'i',
};

/**
 * A valid name made from any text: `My Model!` -> `my-model`, `2024 é` -> `model-2024-e`, `Größe` -> `grosse`,
 * `模型` -> `model`.
 */
export function toName(text: string): string {
  const ascii = text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[ßæœøłđðþħı]/g, (letter) => LETTERS[letter]!)
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  const named = /^[a-z]/.test(ascii) ? ascii : `model-${ascii}`;
  return named.slice(0, LENGTH).replace(/-+$/, '');
}

/** `name`, or with the first number from 2 on that nobody has: `model-2`. */
export function freeName(name: string, taken: Readonly<Record<string, unknown>>): string {
  for (let number = 1; ; number++) {
    const ending = number === 1 ? '' : `-${number}`;
    const candidate = name.slice(0, LENGTH - ending.length) + ending;
    if (!Object.hasOwn(taken, candidate)) return candidate;
  }
}

/** The error for a name of a model or a deployment that breaks the rule; undefined for a good one. */
export function invalidName(name: string): Outcome<never> | undefined {
  if (MODEL_NAME.test(name)) return undefined;
  return fail('invalid-name', `${JSON.stringify(name)} is not a valid name.`, {
    why: 'A name starts with a letter a-z and has at most 30 letters a-z, digits and hyphens.',
    next: 'Choose another name.',
  });
}
