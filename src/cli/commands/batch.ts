import { once } from 'node:events';
import { open, rename, rm } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import type { Writable } from 'node:stream';
import type { Command } from 'commander';
import { fetchCard } from '../../core/invoke/card.ts';
import { runBatch, type BatchLine, type BatchProgress } from '../../core/invoke/batch.ts';
import { openInputs, type Recognised } from '../../core/invoke/inputs.ts';
import { cancelled, fail, ok, type Outcome, type UserError } from '../../shared/outcome.ts';
import { DEFAULTS } from '../../shared/spec.ts';
import { statusOrExit, withDeployment } from '../context.ts';
import { EXIT, Exit, orExit, type Terminal } from '../terminal.ts';

/** What a file may hold; in the command's help and in its page. */
export const BATCH_FILES = `A table's delimiter (comma, semicolon or tab) is recognised from its header line, and the summary names it with the
columns. One column is its bare values; more are an object by column name, with numbers where the model's card says so.

A line of JSON is the input. Where the model's card says that no input is an object, a line that is the body of an HTTP
request, \`{"text": "…"}\` or \`{"input": …}\` with nothing else but \`parameters\`, is understood as that.`;

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
    .addHelpText('after', `\n${BATCH_FILES}`)
    .action((name: string, file: string, options: { out?: string }, command: Command) =>
      batch(terminalOf(command), name, file, options),
    );
}

async function batch(terminal: Terminal, name: string, file: string, options: { out?: string }): Promise<void> {
  await withDeployment(terminal, name, async (connection, key, project) => {
    const { url } = statusOrExit(terminal, connection, key);
    const { items: inputs, recognised } = orExit(terminal, await openInputs(file, await fetchCard(url)));
    const concurrency = project.models[key.model]?.concurrency ?? DEFAULTS.concurrency;
    const partial = options.out === undefined ? undefined : `${options.out}.partial`;
    const out = partial === undefined ? process.stdout : orExit(terminal, await openOutput(partial, options.out!));
    const started = Date.now();
    let done: BatchProgress;
    try {
      done = await runBatch({
        url,
        inputs,
        concurrency,
        signal: terminal.signal,
        write: (line) => writeLine(out, line),
        onProgress: (state) => showProgress(terminal, state, started, describe(recognised)),
      });
      if (partial !== undefined) {
        out.end();
        await finished(out);
      }
    } catch (error) {
      if (partial === undefined) throw error;
      await rm(partial, { force: true });
      orExit(terminal, notWritable(options.out!, error));
      return;
    }
    if (terminal.signal.aborted) {
      if (partial !== undefined) await rm(partial, { force: true });
      orExit(terminal, cancelled());
    }
    if (done.error) await fallShort(terminal, done, done.error, partial);
    if (partial !== undefined) await rename(partial, options.out!);
    const seconds = (Date.now() - started) / 1000;
    if (done.succeeded + done.failed === 0)
      terminal.note(`${file === '-' ? 'Standard input' : file} is empty: nothing was sent.`);
    const summary = { inputs: done.succeeded + done.failed, succeeded: done.succeeded, failed: done.failed, seconds };
    const said = [
      `${summary.inputs} inputs in ${seconds.toFixed(1)} s: ${done.succeeded} answered, ${done.failed} failed`,
      ...describe(recognised),
    ];
    if (partial !== undefined) {
      terminal.document({ ...summary, out: options.out });
      terminal.say(`${said.join(' · ')}. Answers: ${options.out}`);
    } else {
      terminal.progress(`${said.join(' · ')}\n`);
    }
    if (done.failed > 0 && done.succeeded === 0) throw new Exit(EXIT.failed);
  });
}

/** Ends the command. Answers that are there are kept beside the file they were meant for, which stays as it was. */
async function fallShort(
  terminal: Terminal,
  { succeeded, failed }: BatchProgress,
  error: UserError,
  partial: string | undefined,
): Promise<void> {
  const kept = succeeded + failed;
  if (partial !== undefined && kept === 0) await rm(partial, { force: true });
  const where = partial !== undefined && kept > 0 ? `The first ${kept} answers are in ${partial}.` : '';
  const next = [error.next, where].filter(Boolean).join(' ');
  orExit(terminal, { ok: false, error: next === '' ? error : { ...error, next } });
}

/** `meant` is where the answers are to be in the end: people have named no other. */
async function openOutput(file: string, meant: string): Promise<Outcome<Writable>> {
  try {
    const out = (await open(file, 'w')).createWriteStream();
    // Whoever writes next, or waits for the end, is told.
    out.on('error', () => undefined);
    return ok(out);
  } catch (error) {
    return notWritable(meant, error);
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
    next: 'Choose another place with --out.',
  });
}

async function writeLine(out: Writable, line: BatchLine): Promise<void> {
  if (out.errored) throw out.errored;
  if (!out.write(`${JSON.stringify(line)}\n`)) await once(out, 'drain');
}

function showProgress(terminal: Terminal, state: BatchProgress, started: number, recognised: string[]): void {
  const count = state.succeeded + state.failed;
  const rate = count / Math.max(0.001, (Date.now() - started) / 1000);
  const failed = state.failed > 0 ? [`${state.failed} failed`] : [];
  if (process.stderr.isTTY)
    terminal.progress([`${count} inputs`, `${Math.round(rate)} per second`, ...failed, ...recognised].join(' · '));
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
