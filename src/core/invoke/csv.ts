/** A CSV as inputs, its delimiter recognised from its header line. */
import { Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { parse as parseWhole } from 'csv-parse/sync';
import type { ModelCard } from '../../shared/contract.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { columnsOf, takesNoObject, takesText } from '../../shared/schema.ts';
import { notReadable } from '../not-readable.ts';
import type { BatchInput, Recognised } from './inputs.ts';

const DELIMITERS = [',', ';', '\t'] as const;
type Delimiter = (typeof DELIMITERS)[number];
/** A header that goes on for longer is taken as far as it was read. */
const HEADER_BYTES = 256 * 1024;
const OPTIONS = { bom: true, skip_empty_lines: true, relax_column_count: true } as const;

interface TableOptions {
  card: ModelCard | undefined;
  recognised: Recognised;
  /** The one that is the input. */
  column: string | undefined;
}

/**
 * One input per row: an object by the header, or the bare value of a single column or of `column`. Errors: there is no
 * such column; there are several, and the model takes a text.
 */
export async function openTable(
  { stream, name }: { stream: Readable; name: string },
  { card, recognised, column }: TableOptions,
): Promise<Outcome<AsyncGenerator<readonly BatchInput[]>>> {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let head: Buffer;
  try {
    head = await readHead(chunks);
  } catch (error) {
    return notReadable(name, error);
  }
  const { delimiter, columns } = recogniseHeader(firstLine(head) ?? head.toString(), columnsOf(card?.input));
  if (columns.length > 0) Object.assign(recognised, { delimiter, columns: column === undefined ? columns : [column] });
  const refused = refusedColumn(name, columns, { card, column }) ?? refusedHeader(name, columns, { card, column });
  if (refused) {
    stream.destroy();
    return refused;
  }
  return ok(rows({ stream, head, chunks }, { delimiter, columns, card, column }));
}

function refusedColumn(
  name: string,
  columns: readonly string[],
  { card, column }: Pick<TableOptions, 'card' | 'column'>,
): Outcome<never> | undefined {
  const shown = columns.slice(0, COLUMNS_NAMED).join(', ');
  const all = columns.length > COLUMNS_NAMED ? `${shown} and ${columns.length - COLUMNS_NAMED} more` : shown;
  if (column !== undefined && !columns.includes(column) && columns.length > 0) {
    return fail('column-missing', `${name} has no column ${column}.`, { next: `Name one of its columns: ${all}.` });
  }
  const takesOne = card?.input !== undefined && takesText(card.input) && takesNoObject(card.input);
  if (column !== undefined || columns.length < 2 || !takesOne) return undefined;
  return fail('column-needed', `${name} has ${columns.length} columns, and the model takes one text.`, {
    next: `Say which of them is the text with --column: ${all}.`,
  });
}

/** Numbers that no column of the model is called by are a row: taken for names, it would be lost, and every other row fail. */
function refusedHeader(
  name: string,
  columns: readonly string[],
  { card, column }: Pick<TableOptions, 'card' | 'column'>,
): Outcome<never> | undefined {
  const known = columnsOf(card?.input);
  const isRow = columns.every((one) => one.trim() !== '' && Number.isFinite(Number(one)) && !known.includes(one));
  if (column !== undefined || columns.length === 0 || known.length === 0 || !isRow) return undefined;
  const listed = (all: readonly string[]): string => all.slice(0, COLUMNS_NAMED).join(', ');
  return fail('header-missing', `${name} does not begin with the names of its columns.`, {
    why: `Its first line is ${listed(columns)}; the columns of the model are ${listed(known)}.`,
    next: 'Put their names in its first line, or send each row as a list, a line each, from a .jsonl file.',
  });
}

const COLUMNS_NAMED = 30;

async function* rows(
  { stream, head, chunks }: { stream: Readable; head: Buffer; chunks: AsyncIterator<Buffer> },
  { delimiter, columns, card, column }: Omit<TableOptions, 'recognised'> & { delimiter: Delimiter; columns: string[] },
): AsyncGenerator<readonly BatchInput[]> {
  const numeric = numericColumns(card);
  const read = (name: string, text: string): unknown => (numeric(name) ? numberOf(text) : text);
  const parser = parse({ ...OPTIONS, columns: true, info: true, delimiter });
  const whole = Readable.from(rejoined(head, chunks), { objectMode: false });
  whole.on('error', (error) => parser.destroy(error));
  whole.pipe(parser);
  let part: BatchInput[] = [];
  try {
    for await (const { record, info } of parser as AsyncIterable<Row>) {
      const fields = Object.entries(record).map(([name, text]) => [name, read(name, text)] as const);
      const input =
        column !== undefined
          ? read(column, record[column] ?? '')
          : columns.length <= 1 && fields.length === 1
            ? fields[0]![1]
            : Object.fromEntries(fields);
      part.push({ line: info.lines, endByte: info.bytes, input, bytes: Buffer.byteLength(JSON.stringify(input)) });
      if (part.length === PART_ROWS) {
        yield part;
        part = [];
      }
    }
    yield part;
  } finally {
    stream.destroy();
  }
}

interface Row {
  record: Record<string, string>;
  info: { lines: number; bytes: number };
}

/** Rows handed on at once. */
const PART_ROWS = 100;

/** The one that makes most of the model's columns of the header, then the one that makes most columns; else a comma. */
export function recogniseHeader(
  header: string,
  known: readonly string[] = [],
): { delimiter: Delimiter; columns: string[] } {
  const wanted = new Set(known);
  const read = DELIMITERS.map((delimiter) => {
    const columns = cellsOf(header, delimiter);
    return { delimiter, columns, matching: columns.filter((name) => wanted.has(name)).length };
  });
  const [best] = read.toSorted((a, b) => b.matching - a.matching || b.columns.length - a.columns.length);
  return { delimiter: best!.delimiter, columns: best!.columns };
}

/** None where the header cannot be read with this delimiter: a quote in the middle of a cell. */
function cellsOf(header: string, delimiter: Delimiter): string[] {
  try {
    const [cells] = parseWhole(header, { ...OPTIONS, delimiter, to: 1 }) as string[][];
    return cells ?? [];
  } catch {
    return [];
  }
}

async function readHead(chunks: AsyncIterator<Buffer>): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < HEADER_BYTES && firstLine(head) === undefined) {
    const { value, done } = await chunks.next();
    if (done) break;
    head = Buffer.concat([head, value]);
  }
  return head;
}

/** The text before the first line break outside quotes that has something before it; undefined where there is none yet. */
function firstLine(head: Buffer): string | undefined {
  let quoted = false;
  let from = 0;
  for (let at = 0; at < head.length; at++) {
    if (head[at] === QUOTE) quoted = !quoted;
    else if (!quoted && (head[at] === NEWLINE || head[at] === RETURN)) {
      const line = head.subarray(from, at).toString();
      if (line.replace(/^\uFEFF/, '') !== '') return line;
      from = at + 1;
    }
  }
  return undefined;
}

const QUOTE = 34;
const NEWLINE = 10;
const RETURN = 13;

async function* rejoined(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
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
