import { createReadStream } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { ModelCard } from '../../shared/contract.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { isSchema, takesNoObject } from '../../shared/schema.ts';
import { openTable } from './csv.ts';
import { notReadable } from '../not-readable.ts';

/** One input of a batch with the parameters that its line brought, or why it cannot be one. */
export type BatchInput = {
  /** Counts from 1. */
  line: number;
  /** Bytes of the file up to its end. */
  endByte: number;
} & (
  | { input: unknown; /** About, as JSON. */ bytes: number; parameters?: Record<string, unknown> }
  | { error: string }
);

/** What was found out about a file, complete once its inputs are read. */
export interface Recognised {
  /** Of a CSV. */
  delimiter?: ',' | ';' | '\t';
  columns?: string[];
  /** Lines that were the body of an HTTP request. */
  bodies: number;
}

export interface Inputs {
  /** In parts as they are read: a step of an asynchronous iteration for each input would take longer than reading it. */
  items: AsyncIterable<readonly BatchInput[]>;
  /** Bytes of the file; unset for standard input. */
  bytes?: number;
  recognised: Recognised;
}

/** Ends a stream of inputs that cannot be read any further. The message says why. */
export class UnreadableInputs extends Error {
  override name = 'UnreadableInputs';
}

/**
 * Opens a file as a stream of inputs, never holding more than a part of it: `.jsonl` and `.ndjson` one JSON value per
 * line, `.csv` and `.tsv` one object per row by its header (a single column, or `column`, is the bare value), anything
 * else one text per line; `-` is standard input. Empty lines are skipped. `card` tells which columns are numbers, and whether a line
 * of JSON may be the body of an HTTP request. The stream throws `UnreadableInputs` where the file breaks off: a quote
 * that is not closed, a drive that is gone.
 */
export async function openInputs(
  file: string,
  {
    card,
    column,
  }: { card?: ModelCard | undefined; /** Of a table: the one that is the input. */ column?: string } = {},
): Promise<Outcome<Inputs>> {
  const recognised: Recognised = { bodies: 0 };
  let bytes: number | undefined;
  const inputs = (items: AsyncIterable<readonly BatchInput[]>): Outcome<Inputs> =>
    ok({ items: explained(items), recognised, ...(bytes === undefined ? {} : { bytes }) });
  const isTable = /\.[ct]sv$/i.test(file);
  if (column !== undefined && !isTable) {
    return fail('usage', '--column is of a table (.csv, .tsv).', {
      next: `Leave it out, or save ${file === '-' ? 'the inputs' : path.basename(file)} as a table.`,
    });
  }
  if (file === '-') return inputs(lines(process.stdin, textOf));
  try {
    await access(file);
    const found = await stat(file);
    // A pipe has no size, and its end is not known.
    if (found.isFile()) bytes = found.size;
    if (found.isDirectory()) return fail('file-unreadable', `${file} is a folder, not a file.`);
  } catch (error) {
    return notReadable(file, error);
  }
  const binary = await binaryFormat(file);
  if (binary !== undefined) {
    return fail('file-not-supported', `${path.basename(file)} is ${binary}, which batch does not read.`, {
      next: 'Save it as .jsonl (one input as JSON per line), .csv, or .txt (a text per line).',
    });
  }
  if (/\.json$/i.test(file)) {
    return fail('file-not-supported', `${path.basename(file)} is one JSON document, which batch does not read.`, {
      next: `Save it as .jsonl, one input as JSON per line: jq -c '.[]' FILE.json for a list; orient="records", lines=True in to_json of pandas.`,
    });
  }
  const stream = createReadStream(file);
  if (/\.(jsonl|ndjson)$/i.test(file)) return inputs(lines(stream, jsonReader(card, recognised)));
  if (isTable) {
    const table = await openTable({ stream, name: path.basename(file) }, { card, recognised, column });
    return table.ok ? inputs(table.value) : table;
  }
  return inputs(lines(stream, textOf));
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

async function* explained(inputs: AsyncIterable<readonly BatchInput[]>): AsyncGenerator<readonly BatchInput[]> {
  try {
    yield* inputs;
  } catch (error) {
    // The file system's errors and those of the CSV parser have a code; a bug has none.
    if ((error as { code?: unknown }).code === undefined) throw error;
    throw new UnreadableInputs((error as Error).message);
  }
}

/** What stands on one line, without its place. */
type Content = { input: unknown; parameters?: Record<string, unknown> } | { error: string };

function textOf(text: string): Content {
  return { input: text };
}

/** A line that looks like a body is one only for a model that takes no objects: else it is the input as it stands. */
function jsonReader(card: ModelCard | undefined, recognised: Recognised): (text: string, line: number) => Content {
  const mayBeBody = takesNoObject(card?.input);
  return (text, line) => {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      return { error: `line ${line} is not JSON: ${(error as Error).message}` };
    }
    const body = mayBeBody ? bodyOf(value) : undefined;
    if (body) recognised.bodies += 1;
    return body ?? { input: value };
  };
}

/** The input and parameters of what has exactly the shape of a `/predict` body. */
function bodyOf(value: unknown): { input: unknown; parameters?: Record<string, unknown> } | undefined {
  if (!isSchema(value)) return undefined;
  const { text, input, parameters, ...others } = value;
  if (Object.keys(others).length > 0 || 'text' in value === 'input' in value) return undefined;
  if ('text' in value && typeof text !== 'string') return undefined;
  const read = { input: 'text' in value ? text : input };
  if (parameters === undefined || parameters === null) return read;
  return isSchema(parameters) ? { ...read, parameters } : undefined;
}

async function* lines(
  stream: Readable,
  read: (text: string, line: number) => Content,
): AsyncGenerator<readonly BatchInput[]> {
  const decoder = new StringDecoder('utf8');
  let line = 0;
  let endByte = 0;
  const inputs = (texts: readonly string[]): BatchInput[] =>
    texts.flatMap((text) => {
      line += 1;
      const bytes = Buffer.byteLength(text);
      endByte += bytes + 1;
      const content = line === 1 ? text.replace(/^\uFEFF/, '') : text;
      if (content.trim() === '') return [];
      return [{ line, endByte, bytes, ...read(content.endsWith('\r') ? content.slice(0, -1) : content, line) }];
    });
  // Of a line that has not ended yet; joined once, so that a long one costs linear time.
  let begun: string[] = [];
  for await (const bytes of stream as AsyncIterable<Buffer>) {
    const text = decoder.write(bytes);
    const end = text.lastIndexOf('\n');
    if (end === -1) begun.push(text);
    else {
      const whole = begun.join('') + text.slice(0, end);
      begun = [text.slice(end + 1)];
      yield inputs(whole.split('\n'));
    }
  }
  yield inputs([begun.join('') + decoder.end()]);
}
