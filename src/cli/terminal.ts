import { createInterface } from 'node:readline/promises';
import type { Problem } from '../shared/contract.ts';
import { visibleText } from '../shared/visible.ts';
import { cancelled, CANCELLED, fail, ok, type Outcome, type UserError } from '../shared/outcome.ts';

export const EXIT = { ok: 0, failed: 1, usage: 2, cancelled: 130 } as const;

/** Ends a command with an exit code after everything was said. */
export class Exit extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}

/** What a command says and asks: people's text, or with `--json` one document on stdout and nothing else. */
export interface Terminal {
  readonly json: boolean;
  /** Text for people, on stdout; nothing with `--json`. */
  say(text: string): void;
  /** What people should know beside the answer, on stderr; nothing with `--json`. */
  note(text: string): void;
  /** What the answer does not tell and should not be taken without, on stderr, with `--json` too. */
  warn(text: string): void;
  /**
   * Progress for people, on stderr; nothing with `--json`. Replaces the line before it where stderr is a terminal;
   * elsewhere (a build's log) a line that differs from the one before it in numbers only is not said. `live`: what a
   * terminal shows in its place, with what changes all the time.
   */
  progress(text: string, live?: string): void;
  /** The machine's answer: printed with `--json` only. */
  document(value: unknown): void;
  /** One line of a stream, for both. */
  line(text: string): void;
  /** Answers a yes/no question, or says which flag would. */
  confirm(question: string, flag: string): Promise<Outcome<boolean>>;
  /** Answers a question in words, or says which flag would. */
  ask(question: string, flag: string): Promise<Outcome<string>>;
  /**
   * From now on Ctrl+C asks this before it cancels the command, where there is a terminal to ask in; a second one cancels
   * without. Nothing is asked any more where it is left out.
   */
  atInterrupt(ask?: () => Promise<boolean>): void;
  readonly signal: AbortSignal;
}

/** Code of a question that was taken back. */
export const WITHDRAWN = 'question-withdrawn';

/** The line that the cursor is in, empty again. */
const CLEARED = '\r\u001B[2K';

/** What Ctrl+C does before the command is cancelled. */
export interface Interrupts {
  ask?: (() => Promise<boolean>) | undefined;
}

export function createTerminal(json: boolean, signal: AbortSignal, interrupts: Interrupts = {}): Terminal {
  let open = false;
  /** A question is open: what is said meanwhile comes after it. */
  let held: (() => void)[] | undefined;
  let lastProgress = '';
  let question: AbortController | undefined;
  const endProgress = (): void => {
    // What comes next says how it ended.
    if (open) process.stderr.write(CLEARED);
    open = false;
  };
  const ask = async (text: string, flag: string): Promise<Outcome<string>> => {
    if (json || !process.stdin.isTTY || !process.stderr.isTTY) {
      return fail('question-unanswered', text, {
        why: 'There is no terminal to ask in.',
        next: `Run it again with ${flag}.`,
      });
    }
    endProgress();
    held = [];
    const own = new AbortController();
    question = own;
    const prompt = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return ok(await prompt.question(`${visibleText(text)} `, { signal: AbortSignal.any([signal, own.signal]) }));
    } catch (error) {
      if (own.signal.aborted) return fail(WITHDRAWN, 'The question is of no use any more.');
      // In a terminal that asks, Ctrl+C (and Ctrl+D) is a key that ends the question, and no signal to the process.
      if (signal.aborted || (error as Error).name === 'AbortError') return cancelled();
      throw error;
    } finally {
      prompt.close();
      question = undefined;
      const all = held;
      held = undefined;
      for (const say of all) say();
    }
  };
  return {
    json,
    signal,
    atInterrupt(wanted) {
      // What was asked because of one is over with it.
      if (!wanted) question?.abort();
      interrupts.ask = !json && process.stdin.isTTY && process.stderr.isTTY ? wanted : undefined;
    },
    say(text) {
      if (json) return;
      if (held) return void held.push(() => this.say(text));
      endProgress();
      lastProgress = '';
      process.stdout.write(`${visibleText(text)}\n`);
    },
    note(text) {
      if (json) return;
      if (held) return void held.push(() => this.note(text));
      endProgress();
      process.stderr.write(`${visibleText(text)}\n`);
    },
    warn(text) {
      endProgress();
      process.stderr.write(`${visibleText(text)}\n`);
    },
    progress(text, live = text) {
      const isTerminal = process.stderr.isTTY;
      const shown = isTerminal ? live : text;
      if (json || held || shown === lastProgress) return;
      const isNews = withoutNumbers(shown) !== withoutNumbers(lastProgress);
      lastProgress = shown;
      if (isTerminal) {
        process.stderr.write(`${CLEARED}${shown.slice(0, Math.max(20, (process.stderr.columns || 80) - 1))}`);
        open = true;
      } else if (isNews) {
        process.stderr.write(`${text}\n`);
      }
    },
    document(value) {
      if (json) process.stdout.write(`${JSON.stringify(value)}\n`);
    },
    line(text) {
      process.stdout.write(`${text}\n`);
    },
    ask,
    async confirm(question, flag) {
      const answer = await ask(`${question} [y/N]`, flag);
      return answer.ok ? ok(/^y(es)?$/i.test(answer.value.trim())) : answer;
    },
  };
}

/** `5 layers, 162 kB of 888 kB sent` and `5 layers, 1.7 MB of 346 MB sent` are the same. */
function withoutNumbers(text: string): string {
  return text.replaceAll(/\d[\d.,]*(?: (?:bytes|[kMG]B)\b)?/g, '0');
}

/** The value, or the command's end with the failure said: on stderr for people, as problem JSON on stdout with `--json`. */
export function orExit<T>(terminal: Terminal, outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  sayError(terminal, outcome.error);
  throw new Exit(exitCode(outcome.error));
}

const WRONG_USAGE = new Set(['question-unanswered', 'usage', 'invalid-name']);

function exitCode(error: UserError): number {
  if (error.code === CANCELLED) return EXIT.cancelled;
  return WRONG_USAGE.has(error.code) ? EXIT.usage : EXIT.failed;
}

export function sayError(terminal: Terminal, error: UserError): void {
  if (terminal.json) {
    terminal.document(problemOf(error));
    return;
  }
  process.stderr.write(`\n${visibleText(error.what)}\n`);
  if (error.why) process.stderr.write(`${indent(visibleText(error.why))}\n`);
  if (error.next) process.stderr.write(`${visibleText(error.next)}\n`);
}

/** RFC 9457 says a problem without an HTTP answer behind it has no status. */
export function problemOf(error: UserError): Partial<Problem> {
  return {
    type: `urn:nimbus:problem:${error.code}`,
    title: error.what,
    ...(error.why === undefined ? {} : { detail: error.why }),
    ...(error.next === undefined ? {} : { next: error.next }),
  };
}

export function indent(text: string, by = '  '): string {
  return text
    .split('\n')
    .map((line) => by + line)
    .join('\n');
}
