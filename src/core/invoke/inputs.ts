import { createReadStream } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { parse } from 'csv-parse';
import type { ModelCard } from '../../shared/contract.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';

/** One input of a batch, or why its line cannot be one. `line` counts from 1. */
export type BatchInput = { line: number; input: unknown } | { line: number; error: string };

/** Ends a stream of inputs that cannot be read any further. The message says why. */
export class UnreadableInputs extends Error {
  override name = 'UnreadableInputs';
}

/**
 * Opens a file as a stream of inputs, never holding more than a part of it: `.jsonl` and `.ndjson` one JSON value per
 * line, `.csv` one object per row by its header (a single column is the bare value), anything else one text per line;
 * `-` is standard input. Empty lines are skipped. `card` tells which columns are numbers.
 * The stream throws `UnreadableInputs` where the file breaks off: a quote that is not closed, a drive that is gone.
 */
export async function openInputs(file: string, card?: ModelCard): Promise<Outcome<AsyncIterable<BatchInput>>> {
  if (file === '-') return ok(explained(lines(process.stdin, textOf)));
  try {
    await access(file);
    if ((await stat(file)).isDirectory()) return fail('file-unreadable', `${file} is a folder, not a file.`);
  } catch (error) {
    return fail('file-unreadable', `${file} cannot be read.`, { why: (error as Error).message });
  }
  const binary = await binaryFormat(file);
  if (binary !== undefined) {
    return fail('file-not-supported', `${path.basename(file)} is ${binary}, which batch does not read.`, {
      next: 'Save it as .jsonl (one input as JSON per line), .csv, or .txt (a text per line).',
    });
  }
  const stream = createReadStream(file);
  if (/\.(jsonl|ndjson)$/i.test(file)) return ok(explained(lines(stream, jsonOf)));
  if (/\.csv$/i.test(file)) return ok(explained(rows(stream, card)));
  return ok(explained(lines(stream, textOf)));
}

const BINARY: Record<string, string> = {
  '.parquet': 'a Parquet file',
  '.feather': 'a Feather file',
  '.arrow': 'an Arrow file',
  '.xlsx': 'an Excel file',
  '.xls': 'an Excel file',
  '.npy': 'a NumPy file',
  '.npz': 'a NumPy file',
  '.pkl': 'a pickle',
  '.pickle': 'a pickle',
  '.joblib': 'a joblib file',
  '.zip': 'an archive',
  '.gz': 'compressed',
};

/** What a file is that holds no lines of text: by its name, else by a zero byte at its start; undefined for text. */
async function binaryFormat(file: string): Promise<string | undefined> {
  const known = BINARY[path.extname(file).toLowerCase()];
  // What is looked at in a pipe is gone for who reads it.
  if (known !== undefined || !(await stat(file)).isFile()) return known;
  const handle = await open(file, 'r');
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(8192), 0, 8192, 0);
    return buffer.subarray(0, bytesRead).includes(0) ? 'no text file' : undefined;
  } finally {
    await handle.close();
  }
}

async function* explained(inputs: AsyncIterable<BatchInput>): AsyncGenerator<BatchInput> {
  try {
    yield* inputs;
  } catch (error) {
    // The file system's errors and those of the CSV parser have a code; a bug has none.
    if ((error as { code?: unknown }).code === undefined) throw error;
    throw new UnreadableInputs((error as Error).message);
  }
}

function textOf(text: string, line: number): BatchInput {
  return { line, input: text };
}

function jsonOf(text: string, line: number): BatchInput {
  try {
    return { line, input: JSON.parse(text) as unknown };
  } catch (error) {
    return { line, error: `line ${line} is not JSON: ${(error as Error).message}` };
  }
}

async function* lines(stream: Readable, read: (text: string, line: number) => BatchInput): AsyncGenerator<BatchInput> {
  let line = 0;
  for await (const text of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
    line += 1;
    const content = line === 1 ? text.replace(/^\uFEFF/, '') : text;
    if (content.trim() !== '') yield read(content, line);
  }
}

async function* rows(stream: Readable, card: ModelCard | undefined): AsyncGenerator<BatchInput> {
  const numeric = numericColumns(card);
  const parser = stream.pipe(
    parse({ columns: true, bom: true, skip_empty_lines: true, relax_column_count: true, info: true }),
  );
  stream.on('error', (error) => parser.destroy(error));
  for await (const row of parser as AsyncIterable<{ record: Record<string, string>; info: { lines: number } }>) {
    const line = row.info.lines;
    const fields = Object.entries(row.record).map(
      ([name, text]) => [name, numeric(name) ? numberOf(text) : text] as const,
    );
    yield { line, input: fields.length === 1 ? fields[0]![1] : Object.fromEntries(fields) };
  }
}

function numericColumns(card: ModelCard | undefined): (name: string) => boolean {
  const properties = card?.input?.['properties'] as Record<string, { type?: unknown }> | undefined;
  return (name) => {
    const type = properties?.[name]?.type;
    return [type].flat().some((one) => one === 'number' || one === 'integer');
  };
}

/**
 * An empty cell is a missing value, and pandas writes True and False; a cell that is no number stays text, so that the
 * model's answer names it.
 */
function numberOf(text: string): number | boolean | string | null {
  if (text.trim() === '') return null;
  if (/^(true|false)$/i.test(text.trim())) return text.trim().toLowerCase() === 'true';
  const value = Number(text);
  return Number.isNaN(value) ? text : value;
}
