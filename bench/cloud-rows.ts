/** What the programs of the rows about AWS are told, and the file that they share. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Round } from './medians.ts';
import type { CloudResults, CloudRow } from './report-cloud.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, out: { type: 'string' } },
});

/** Measured; one before them is dropped. */
export const rounds = Number(values.rounds);

/** Into the file of `--out`, where that was given; the other rows stay. */
export function keepRow(row: CloudRow, measured: Round[]): void {
  const { out } = values;
  if (out === undefined) return;
  const before = existsSync(out) ? (JSON.parse(readFileSync(out, 'utf8')) as CloudResults) : {};
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(out, `${JSON.stringify({ ...before, [row]: { date, rounds: measured } }, undefined, 1)}\n`);
}
