import { once } from 'node:events';
import type { Command } from 'commander';
import { fetchCard } from '../../core/invoke/card.ts';
import { runBatch, type BatchLine, type BatchProgress } from '../../core/invoke/batch.ts';
import { openInputs, type Recognised } from '../../core/invoke/inputs.ts';
import {
  differences,
  NOTHING_KEPT,
  originOf,
  Partial,
  partialOf,
  removePartial,
  unfinished,
  type Kept,
  type Origin,
} from '../../core/invoke/partial.ts';
import { CANCELLED, fail, ok, type Outcome, type UserError } from '../../shared/outcome.ts';
import { DEFAULTS } from '../../shared/spec.ts';
import { ProgressLine } from '../batch-progress.ts';
import { accessTo, lookedAtAgain, statusOrExit, withDeployment } from '../context.ts';
import { paragraphs } from '../options.ts';
import { EXIT, Exit, orExit, type Terminal } from '../terminal.ts';

interface Options {
  out?: string;
  resume?: boolean;
  column?: string;
  strict?: boolean;
}

/** What a file may hold; in the command's help and in its page. */
export const BATCH_FILES = `A table's delimiter (comma, semicolon or tab) is recognised from its header line, and the summary names it with the
columns. One column is its bare values; more are an object by column name, with numbers where the model's card says so.
With --column one of several is the input, as a model of texts needs it.

A line of JSON is the input. Where the model's card says that no input is an object, a line that is the body of an HTTP
request, \`{"text": "…"}\` or \`{"input": …}\` with nothing else but \`parameters\`, is understood as that.`;

/** What a run does with failures, and how it goes on; there too. */
export const BATCH_RUN = `An input that fails has an error in its line, and no other input fails with it: one that ends the worker, or takes
longer than the model's time-out, is searched for and left out. A full queue and a model that loads are waited for.
The exit code is 1 where every input failed, and with --strict where any did.

With --out the answers are in a file beside it, named .partial, until all of them are there; then they take the place
of a file of that name. A run that was cancelled, or killed, goes on with --resume: what is answered is kept. That takes
the same file, unchanged, and the same version of the model. Where there is nothing to go on with, --resume begins.`;

export function register(program: Command, terminalOf: (command: Command) => Terminal): void {
  program
    .command('batch')
    .description('send every input of a file; answers are JSON lines in the order of the inputs')
    .argument('<name>', 'a model, or MODEL/DEPLOYMENT')
    .argument(
      '<file>',
      'a text per line (.txt), one input as JSON per line (.jsonl), or one per row of a table (.csv, .tsv); - reads lines from standard input',
    )
    .option('--out <file>', 'write the answers there instead of standard output')
    .option('--column <name>', 'the column of a table that is the input')
    .option('--strict', 'end with exit code 1 where any input failed')
    .option('--resume', 'go on where an earlier run with the same --out ended')
    .addHelpText('after', paragraphs(`${BATCH_FILES}\n\n${BATCH_RUN}`))
    .action((name: string, file: string, options: Options, command: Command) =>
      batch(terminalOf(command), name, file, options),
    );
}

async function batch(terminal: Terminal, name: string, file: string, options: Options): Promise<void> {
  const { out, column } = options;
  const picked = column === undefined ? {} : { column };
  if (options.resume) orExit(terminal, canBeResumed(file, out));
  await withDeployment(terminal, name, async (connection, key, project) => {
    const status = orExit(terminal, await lookedAtAgain(connection, statusOrExit(terminal, connection, key)));
    const { url, version } = status;
    const access = orExit(terminal, await accessTo(status));
    const card = await fetchCard(url, access);
    const inputs = orExit(terminal, await openInputs(file, { card, ...picked }));
    const { recognised } = inputs;
    const origin =
      file === '-' || inputs.bytes === undefined
        ? undefined
        : await originOf(file, {
            ...picked,
            deployment: `${key.model}/${key.deployment}`,
            version: card?.version ?? version,
          });
    const kept =
      out === undefined ? NOTHING_KEPT : orExit(terminal, await keptFor(out, origin, options.resume === true));
    const partial = out === undefined ? undefined : orExit(terminal, await openPartial(out, origin, kept));
    const write = partial ? (text: string) => partial.write(text) : writeToStdout;
    const progress = new ProgressLine((text) => terminal.progress(text), inputs.bytes, kept.succeeded + kept.failed);
    const spec = project.models[key.model];
    const started = Date.now();
    let done: BatchProgress;
    try {
      done = await runBatch({
        url,
        access,
        inputs: inputs.items,
        kept,
        concurrency: spec?.concurrency ?? DEFAULTS.concurrency,
        timeoutMs: (spec?.timeoutSeconds ?? DEFAULTS.timeoutSeconds) * 1000,
        signal: terminal.signal,
        write: (lines) => write(textOf(lines)),
        onProgress: (state) => {
          if (process.stderr.isTTY) progress.update(state, describe(recognised));
        },
      });
      const stopped = done.error !== undefined || terminal.signal.aborted;
      await (stopped ? partial?.close() : partial?.finish());
    } catch (error) {
      if (out === undefined) throw error;
      orExit(terminal, notWritable(out, error));
      return;
    }
    if (terminal.signal.aborted)
      await fallShort(terminal, done, { code: CANCELLED, what: 'Cancelled.' }, { out, origin });
    if (done.error) await fallShort(terminal, done, done.error, { out, origin });
    if (done.succeeded + done.failed === 0)
      terminal.note(`${file === '-' ? 'Standard input' : file} is empty: nothing was sent.`);
    sayDone(terminal, done, (Date.now() - started) / 1000, [...keptSaid(kept), ...describe(recognised)], out);
    if (done.failed > 0 && (done.succeeded === 0 || options.strict === true)) throw new Exit(EXIT.failed);
  });
}

function sayDone(
  terminal: Terminal,
  { succeeded, failed, versions }: BatchProgress,
  seconds: number,
  more: readonly string[],
  out: string | undefined,
): void {
  const summary = { inputs: succeeded + failed, succeeded, failed, seconds };
  const said = [
    `${summary.inputs} inputs in ${seconds.toFixed(1)} s: ${succeeded} answered, ${failed} failed`,
    ...more,
    ...(versions.size > 1 ? [`the model changed meanwhile: ${versions.size} versions of it answered`] : []),
  ];
  if (out !== undefined) {
    terminal.document({ ...summary, out });
    terminal.say(`${said.join(' · ')}. Answers: ${out}`);
  } else {
    terminal.note(said.join(' · '));
  }
}

function keptSaid({ succeeded, failed }: Kept): string[] {
  return succeeded + failed > 0 ? [`${succeeded + failed} of them by an earlier run`] : [];
}

function canBeResumed(file: string, out: string | undefined): Outcome<undefined> {
  if (out === undefined) {
    return fail('usage', '--resume needs --out.', { why: 'The answers so far are in the file beside it.' });
  }
  if (file !== '-') return ok(undefined);
  return fail('usage', 'Standard input cannot be gone on with.', {
    why: 'Nothing says that it holds the same inputs again.',
    next: 'Write the inputs to a file first.',
  });
}

/** The answers to go on with: none for a new run, which never takes the place of an unfinished one. */
async function keptFor(out: string, origin: Origin | undefined, resume: boolean): Promise<Outcome<Kept>> {
  const before = await unfinished(out);
  if (!before) return ok(NOTHING_KEPT);
  const partial = partialOf(out);
  const count = before.kept.succeeded + before.kept.failed;
  const different = origin ? differences(before.origin, origin) : ['Its inputs were read from a file.'];
  if (!resume) {
    return fail('batch-unfinished', `${partial} has ${count} answers of an earlier run.`, {
      ...(different.length > 0 ? { why: different.join(' ') } : {}),
      next: `${different.length > 0 ? 'Move' : 'Go on with --resume, or move'} ${partial} away to begin again.`,
    });
  }
  if (different.length === 0) return ok(before.kept);
  return fail('batch-changed', `The ${count} answers in ${partial} do not go with this run.`, {
    why: different.join(' '),
    next: `Move ${partial} away to begin again.`,
  });
}

/** Ends the command. Answers that are there are kept beside the file they were meant for, which stays as it was. */
async function fallShort(
  terminal: Terminal,
  { succeeded, failed }: BatchProgress,
  error: UserError,
  { out, origin }: { out: string | undefined; origin: Origin | undefined },
): Promise<void> {
  const kept = succeeded + failed;
  if (out !== undefined && kept === 0) await removePartial(out);
  const where = out !== undefined && kept > 0 ? `The first ${kept} answers are in ${partialOf(out)}.` : '';
  const how = where && origin ? 'Run the same command with --resume to go on.' : '';
  const next = [error.next, where, how].filter(Boolean).join(' ');
  orExit(terminal, { ok: false, error: next === '' ? error : { ...error, next } });
}

async function openPartial(out: string, origin: Origin | undefined, kept: Kept): Promise<Outcome<Partial>> {
  try {
    return ok(await Partial.open(out, origin, kept));
  } catch (error) {
    return notWritable(out, error);
  }
}

/** The system's own texts name the temporary file. */
const WHY: Record<string, string> = {
  ENOENT: 'There is no such folder.',
  ENOTDIR: 'A part of the path is a file, not a folder.',
  EACCES: 'You lack the permission to write there.',
  EROFS: 'The file system is read-only.',
  ENOSPC: 'The disk is full.',
};

function notWritable(file: string, error: unknown): Outcome<never> {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  return fail('file-not-writable', `${file} cannot be written.`, {
    why: WHY[code] ?? message,
    next: 'Choose another place with --out; what a run has written so far, --resume goes on with.',
  });
}

function textOf(lines: readonly BatchLine[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

async function writeToStdout(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

const DELIMITER_NAMES = { ',': 'commas', ';': 'semicolons', '\t': 'tabs' } as const;
/** Names shown of a wide table; the rest is counted. */
const COLUMNS_SHOWN = 8;

/** What was found out about the file, for the user to check. */
function describe({ delimiter, columns = [], bodies }: Recognised): string[] {
  const shown = columns.slice(0, COLUMNS_SHOWN).join(', ');
  const more = columns.length > COLUMNS_SHOWN ? ` and ${columns.length - COLUMNS_SHOWN} more` : '';
  const by = delimiter && columns.length > 1 ? `, separated by ${DELIMITER_NAMES[delimiter]}` : '';
  return [
    ...(columns.length > 0 ? [`${columns.length === 1 ? 'column' : 'columns'} ${shown}${more}${by}`] : []),
    ...(bodies > 0 ? [`${bodies} ${bodies === 1 ? 'line' : 'lines'} read as the body of an HTTP request`] : []),
  ];
}
