/** Prices of the user's own: a JSON file that changes some of those that Nimbus comes with, or adds a region. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { didYouMean } from '../../shared/nearest.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { BUILT_IN_PRICES } from './price-list.ts';
import type { PriceList, Prices } from './prices.ts';

export interface KnownPrices {
  list: PriceList;
  /** Absolute path of the file that changes some of them. */
  file?: string;
}

/** What every region has, and in which shape. */
const SHAPE: Prices = BUILT_IN_PRICES['us-east-1'];
const MONTH = /^\d{4}-(?:0[1-9]|1[0-2])(?:-\d{2})?$/;

/**
 * The prices that Nimbus comes with, under those of the file that `NIMBUS_PRICES` of `env` names, relative to the current
 * folder:
 *
 *     {"known": "2026-11", "regions": {"eu-west-1": {"ec2": {"t3MediumHour": 0.04}}}}
 *
 * `known` is the month, or day, as of which the file's prices are. A region that Nimbus has no prices of needs all fields
 * of `Prices`. Errors: `prices-unreadable`, and `prices-invalid` with every fault and its place.
 */
export async function readPrices(env: NodeJS.ProcessEnv): Promise<Outcome<KnownPrices>> {
  const named = env['NIMBUS_PRICES']?.trim();
  if (!named) return ok({ list: BUILT_IN_PRICES });
  const file = path.resolve(named);
  let document: unknown;
  try {
    document = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    return fail('prices-unreadable', `${file} cannot be read.`, {
      why: (error as Error).message,
      next: 'NIMBUS_PRICES names a JSON file with prices. Correct it, or unset the variable.',
    });
  }
  const { list, faults } = withPrices(BUILT_IN_PRICES, document);
  if (faults.length === 0) return ok({ list, file });
  return fail('prices-invalid', `${file} is no list of prices.`, {
    why: faults.join('\n'),
    next: 'docs/cost.md says what it may hold. Correct it, or unset NIMBUS_PRICES.',
  });
}

/** `list` with what `document` says in the place of it, and what is wrong with `document`, one sentence each. */
export function withPrices(list: PriceList, document: unknown): { list: PriceList; faults: string[] } {
  if (!isObject(document)) return { list, faults: ['The file must hold a JSON object.'] };
  const { known, regions, ...others } = document;
  const faults = Object.keys(others).map((name) => unknownField('', name, ['known', 'regions']));
  if (typeof known !== 'string' || !MONTH.test(known))
    faults.push('known: the month as of which these prices are, such as "2026-11".');
  if (!isObject(regions)) return { list, faults: [...faults, 'regions: an object with a region in each field.'] };
  const changed: Record<string, Prices> = { ...list };
  for (const [region, given] of Object.entries(regions)) {
    const base = Object.hasOwn(list, region) ? list[region] : undefined;
    changed[region] = merged(base, given, SHAPE, `regions.${region}`, { known, faults }) as Prices;
  }
  return { list: changed, faults };
}

interface Merging {
  /** Of the file: of each section that it changes. */
  known: unknown;
  faults: string[];
}

/** `base` with what is given; `shape` has the same fields as both. Where there is no `base`, all of them must be given. */
function merged(base: unknown, given: unknown, shape: unknown, where: string, merging: Merging): unknown {
  const { faults, known } = merging;
  if (given === undefined) {
    if (base === undefined) faults.push(`${where}: missing, and Nimbus knows none of this region.`);
    return base;
  }
  if (Array.isArray(shape)) return tiers(given, where, faults);
  if (!isObject(shape)) {
    if (typeof shape === 'number' ? isPrice(given) : typeof given === 'string') return given;
    faults.push(`${where}: ${typeof shape === 'number' ? 'a number of dollars or units, 0 or more' : 'a text'}.`);
    return base;
  }
  if (!isObject(given)) {
    faults.push(`${where}: an object.`);
    return base;
  }
  const fields = Object.keys(shape);
  const dated: Record<string, unknown> = fields.includes('known') ? { known, ...given } : given;
  faults.push(
    ...Object.keys(given)
      .filter((name) => !fields.includes(name))
      .map((name) => unknownField(where, name, fields)),
  );
  const from: Record<string, unknown> = isObject(base) ? base : {};
  const entries = Object.entries(shape).map(([name, one]) => {
    const before = from[name] ?? (name === 'source' ? one : undefined);
    return [name, merged(before, dated[name], one, `${where}.${name}`, merging)];
  });
  return Object.fromEntries(entries) as unknown;
}

/** Ascending, and only the last without an end. */
function tiers(given: unknown, where: string, faults: string[]): unknown {
  const all: unknown[] = Array.isArray(given) ? given : [];
  let below = 0;
  const isRight = all.every((one, at) => {
    if (!isObject(one) || !isPrice(one['price'])) return false;
    if (Object.keys(one).some((name) => name !== 'price' && name !== 'upTo')) return false;
    const { upTo } = one;
    if (at === all.length - 1) return upTo === undefined;
    const ascends = typeof upTo === 'number' && upTo > below;
    if (ascends) below = upTo;
    return ascends;
  });
  if (isRight && all.length > 0) return given;
  faults.push(
    `${where}: a list such as [{"upTo": 1000, "price": 2}, {"price": 1}], ascending, the last one without upTo.`,
  );
  return undefined;
}

function unknownField(where: string, name: string, fields: readonly string[]): string {
  const near = didYouMean(name, fields);
  return `${where === '' ? '' : `${where}.`}${name}: there is no such field. ${near}Fields here: ${fields.join(', ')}.`;
}

function isPrice(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
