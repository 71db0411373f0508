import { formatMs } from '../src/shared/latency.ts';

/** How numbers and times are written in the user's locale. */
export interface Format {
  /** A duration with its unit: `2.1 ms`, `1.24 s`. */
  ms(ms: number): string;
  /** A whole number. */
  count(value: number): string;
  /** A probability or another score to two decimals; what is not quite 0 or 1 is never written as if it were. */
  score(value: number): string;
  /** Any number of a model, to six significant digits; very large and very small ones with a power of ten. */
  number(value: number): string;
  /** As `number`, to four digits, for tables; whole numbers keep all of theirs. */
  brief(value: number): string;
  /** Time of day with seconds, from milliseconds since the epoch. */
  time(at: number): string;
}

const formats = new Map<string, Format>();

/** The formats of a BCP 47 locale; an unknown one falls back to the page's own. */
export function formatOf(locale: string): Format {
  let format = formats.get(locale);
  if (!format) formats.set(locale, (format = create(knownLocale(locale))));
  return format;
}

function knownLocale(locale: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(locale)[0];
  } catch {
    return undefined;
  }
}

function create(locale: string | undefined): Format {
  const count = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const score = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const number = significant(locale, 6);
  const brief = significant(locale, 4);
  const time = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  return {
    ms: (ms) => formatMs(ms, locale),
    count: (value) => count.format(value),
    score: (value) => {
      if (value > 0 && value < 0.005) return `<${score.format(0.01)}`;
      if (value < 1 && value >= 0.995) return `>${score.format(0.99)}`;
      return score.format(value);
    },
    number,
    brief: (value) => (Number.isInteger(value) && Math.abs(value) < 1e9 ? count.format(value) : brief(value)),
    time: (at) => time.format(at),
  };
}

/** Outside of this range digits alone are hard to read: there are too many zeros. */
const PLAIN = { from: 1e-4, to: 1e9 };

function significant(locale: string | undefined, digits: number): (value: number) => string {
  const plain = new Intl.NumberFormat(locale, { maximumSignificantDigits: digits });
  const power = new Intl.NumberFormat(locale, { maximumSignificantDigits: digits, notation: 'scientific' });
  return (value) => {
    const size = Math.abs(value);
    const isPlain = size === 0 || (size >= PLAIN.from && size < PLAIN.to) || !Number.isFinite(value);
    return (isPlain ? plain : power).format(value);
  };
}

/** A text as one line of at most `most` code points, with an ellipsis where something was cut. */
export function shorten(text: string, most: number): string {
  // No more is looked at than could be shown, so that a text of megabytes costs nothing.
  const points = Array.from(
    text
      .slice(0, most * 8)
      .replace(/\s+/gu, ' ')
      .trim(),
  );
  if (points.length <= most && text.length <= most * 8) return points.join('');
  return `${points.slice(0, most - 1).join('')}…`;
}

/** What was sent, as one short line. Texts that have names are told by their order. */
export function shortInput(input: unknown, most = 60): string {
  const texts = typeof input === 'object' && input !== null ? textsOf(Object.values(input)) : undefined;
  return shorten(typeof input === 'string' ? input : (texts?.join(' · ') ?? JSON.stringify(input) ?? ''), most);
}

/** Texts and lists of texts as one list; nothing where anything else is among them. */
function textsOf(values: readonly unknown[]): string[] | undefined {
  const flat = values.flat();
  return flat.length > 0 && flat.every((one) => typeof one === 'string') ? flat : undefined;
}

/** The beginning of a sentence. */
export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
