import { formatMs } from '../src/shared/latency.ts';

/** How numbers and times are written in the user's locale. */
export interface Format {
  /** A duration with its unit: `2.1 ms`, `1.24 s`. */
  ms(ms: number): string;
  /** A whole number. */
  count(value: number): string;
  /** A probability or another score to two decimals; what is not quite 0 or 1 is never written as if it were. */
  score(value: number): string;
  /** Any number of a model, to six significant digits. */
  number(value: number): string;
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
  const number = new Intl.NumberFormat(locale, { maximumSignificantDigits: 6 });
  const time = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  return {
    ms: (ms) => formatMs(ms, locale),
    count: (value) => count.format(value),
    score: (value) => {
      if (value > 0 && value < 0.005) return `<${score.format(0.01)}`;
      if (value < 1 && value >= 0.995) return `>${score.format(0.99)}`;
      return score.format(value);
    },
    number: (value) => number.format(value),
    time: (at) => time.format(at),
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

/** What was sent, as one short line. */
export function shortInput(input: unknown, most = 60): string {
  return shorten(typeof input === 'string' ? input : (JSON.stringify(input) ?? ''), most);
}
