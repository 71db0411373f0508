/** Whether two answers to the same input say the same. Pure: the command line, the editor and the playground use it. */

/** How far two numbers may be apart and still count as equal: |a - b| <= absolute + relative × max(|a|, |b|). */
export interface Tolerance {
  relative: number;
  absolute: number;
  /** Why this one, for people. */
  why: string;
}

/** Probabilities in 32-bit floats are only exact to about 1e-7: below it a small one would differ by chance. */
const ABSOLUTE_PART = 100;

export function toleranceOf(relative: number, why: string): Tolerance {
  return { relative, absolute: relative / ABSOLUTE_PART, why };
}

/** Of models whose weights are floating-point numbers. */
export const FLOATS = toleranceOf(1e-4, 'sums of floating-point numbers depend on the order in which they are added');

/** Why one side did not answer. */
export interface AnswerError {
  type: string;
  /** Of what the model raised with the type before it, as Python prints it. */
  detail: string;
  /** By which its log lines are found. */
  requestId?: string;
}

/** An answer as a client got it; of an error only the type counts. */
export type Answered = { result: unknown } | { error: AnswerError };

/** A failure of one input as the contract tells it: of what the model raised, the type is that of the exception. */
export function failure(type: string, detail: string, requestId?: string): Answered {
  const exception = type === 'handler-failed' ? /^([A-Za-z_]\w*)(?:: |$)/.exec(detail)?.[1] : undefined;
  return { error: { type: exception ?? type, detail, ...(requestId === undefined ? {} : { requestId }) } };
}

/**
 * `value` two values of one type, `type` of two types, `length` of two lists, `missing` of a field that one side lacks,
 * `order` of scores that are not equal, `error` where a side failed, or both did in different ways.
 */
export type DifferenceKind = 'value' | 'type' | 'length' | 'missing' | 'order' | 'error';

export interface Difference {
  /** JSONPath (RFC 9535) in the result; `$` where a side failed. */
  path: string;
  kind: DifferenceKind;
  /** Unset where this side has nothing there. */
  first?: unknown;
  second?: unknown;
}

export interface Comparison {
  /** In the order of the first answer; at most `MOST_LISTED`. */
  differences: Difference[];
  /** All of them. */
  count: number;
  /** The largest distance of two numbers that count as equal, as a part of their size; 0 where all are identical. */
  largest: number;
}

/** Two embeddings of another version differ everywhere: the first ones say as much as all. */
export const MOST_LISTED = 50;

export function compareAnswers(first: Answered, second: Answered, tolerance: Tolerance): Comparison {
  const walk = new Walk(tolerance);
  if ('result' in first && 'result' in second) walk.compare(first.result, second.result, '$', false);
  else if (!('error' in first && 'error' in second && first.error.type === second.error.type)) {
    walk.differ({ path: '$', kind: 'error', first: sideOf(first), second: sideOf(second) });
  }
  return walk.found;
}

function sideOf(answered: Answered): unknown {
  return 'error' in answered ? answered.error : answered.result;
}

/**
 * Fields of the contract that hold what a model measured: there 10000 and 10001 are two floating-point numbers that
 * happen to be whole. Anywhere else whole numbers are labels, offsets or counts, and exact.
 */
const MEASURES = new Set(['score', 'value', 'values', 'density', 'embedding', 'vector', 'distances']);

type Fields = Record<string, unknown>;

class Walk {
  readonly found: Comparison = { differences: [], count: 0, largest: 0 };
  readonly #tolerance: Tolerance;

  constructor(tolerance: Tolerance) {
    this.#tolerance = tolerance;
  }

  differ(difference: Difference): void {
    this.found.count += 1;
    if (this.found.differences.length < MOST_LISTED) this.found.differences.push(difference);
  }

  /** `measured`: whole numbers may be floating-point numbers. */
  compare(first: unknown, second: unknown, path: string, measured: boolean): void {
    if (typeof first === 'number' && typeof second === 'number') {
      if (!this.#sameNumber(first, second, measured)) this.differ({ path, kind: 'value', first, second });
    } else if (Array.isArray(first) && Array.isArray(second)) this.#lists(first, second, path, measured);
    else if (isFields(first) && isFields(second)) this.#fields(first, second, path, measured);
    else if (typeOf(first) !== typeOf(second)) this.differ({ path, kind: 'type', first, second });
    else if (first !== second) this.differ({ path, kind: 'value', first, second });
  }

  #sameNumber(first: number, second: number, measured: boolean): boolean {
    // -0 and 0, and NaN and NaN: what JSON cannot tell apart is no difference.
    if (first === second || Object.is(first, second)) return true;
    const isExact = !measured && Number.isInteger(first) && Number.isInteger(second);
    if (isExact || !this.#isNear(first, second)) return false;
    // A near nothing may be any part of another one: it is told as a part of the size from which on sizes count.
    const size = Math.max(Math.abs(first), Math.abs(second), 1 / ABSOLUTE_PART);
    this.found.largest = Math.max(this.found.largest, Math.abs(first - second) / size);
    return true;
  }

  /** False where one is infinite or no number, unless the other is the same. */
  #isNear(first: number, second: number): boolean {
    if (first === second) return true;
    const { relative, absolute } = this.#tolerance;
    const distance = Math.abs(first - second);
    return Number.isFinite(distance) && distance <= absolute + relative * Math.max(Math.abs(first), Math.abs(second));
  }

  #fields(first: Fields, second: Fields, path: string, measured: boolean): void {
    const tensor = isFloatTensor(first) && isFloatTensor(second);
    for (const [name, value] of Object.entries(first)) {
      const at = `${path}${step(name)}`;
      const isMeasure = measured || MEASURES.has(name) || (tensor && name === 'data');
      if (Object.hasOwn(second, name)) this.compare(value, second[name], at, isMeasure);
      else this.differ({ path: at, kind: 'missing', first: value });
    }
    for (const [name, value] of Object.entries(second)) {
      if (!Object.hasOwn(first, name)) this.differ({ path: `${path}${step(name)}`, kind: 'missing', second: value });
    }
  }

  #lists(first: readonly unknown[], second: readonly unknown[], path: string, measured: boolean): void {
    if (first.length !== second.length) {
      this.differ({ path, kind: 'length', first: first.length, second: second.length });
    }
    const partners = partnersOf(first, second);
    if (partners && !this.#isSameOrder(first as Scored[], second as Scored[], partners)) {
      this.differ({ path, kind: 'order', first: first.map(withoutScore), second: second.map(withoutScore) });
    }
    const length = Math.min(first.length, second.length);
    for (let at = 0; at < length; at++) {
      this.compare(first[at], second[partners?.[at] ?? at], `${path}[${at}]`, measured);
    }
  }

  /** Two may have changed places only where their scores are equal on one of the sides: a near tie. */
  #isSameOrder(first: readonly Scored[], second: readonly Scored[], partners: readonly number[]): boolean {
    const isTie = (one: number, other: number): boolean =>
      this.#isNear(first[one]!.score, first[other]!.score) ||
      this.#isNear(second[partners[one]!]!.score, second[partners[other]!]!.score);
    if (partners.every((partner, at) => at === partner)) return true;
    // Of very long lists only neighbours are looked at: all pairs of 30,000 tokens would take minutes.
    const reach = partners.length > MOST_PAIRED ? 1 : partners.length;
    return partners.every((partner, at) => {
      for (let next = at + 1; next < partners.length && next <= at + reach; next++) {
        if (partners[next]! < partner && !isTie(at, next)) return false;
      }
      return true;
    });
  }
}

const MOST_PAIRED = 1000;

type Scored = Fields & { score: number };

/**
 * Of two lists of scored things, which of the second is the same as each of the first, whatever its score; undefined
 * where they do not hold the same things, each once. So labels in another order are told from other scores.
 */
function partnersOf(first: readonly unknown[], second: readonly unknown[]): number[] | undefined {
  if (first.length !== second.length || first.length < 2) return undefined;
  if (!first.every(isScored) || !second.every(isScored)) return undefined;
  const places = new Map(second.map((one, at) => [identity(one), at]));
  const partners = first.map((one) => places.get(identity(one)));
  const isWhole = partners.every((one) => one !== undefined) && new Set(partners).size === second.length;
  return isWhole && places.size === second.length ? partners : undefined;
}

function isScored(value: unknown): value is Scored {
  return isFields(value) && typeof value['score'] === 'number';
}

/** What a scored thing is, shortly: its label where it has no more. */
function withoutScore(value: unknown): unknown {
  const rest = Object.entries(value as Scored).filter(([name]) => name !== 'score');
  return rest.length === 1 ? rest[0]![1] : Object.fromEntries(rest);
}

function identity(scored: Scored): string {
  const rest = Object.entries(scored).filter(([name]) => name !== 'score');
  return JSON.stringify(rest.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As the contract writes tensors. */
function isFloatTensor({ dtype, shape }: Fields): boolean {
  return typeof dtype === 'string' && Array.isArray(shape) && /float|double|complex/.test(dtype);
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'list' : typeof value;
}

/** One step of a JSONPath: by its plain name where it is one. */
function step(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return `.${name}`;
  const escaped = JSON.stringify(name)
    .slice(1, -1)
    .replaceAll(String.raw`\"`, '"')
    .replaceAll("'", String.raw`\'`);
  return `['${escaped}']`;
}

/** One package of two environments; unset where it is not installed. */
export interface PackageDifference {
  /** Normalised; `python` for Python itself. */
  name: string;
  first?: string;
  second?: string;
}

export interface EnvironmentDifferences {
  /** Python and the packages that both have, in two versions; then those that only one of them has. */
  packages: PackageDifference[];
  /** How many packages are the same. */
  same: number;
}
