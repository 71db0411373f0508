import { spawn, type ChildProcess } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';

export interface RunOptions {
  cwd?: string;
  /** The whole environment of the process; this process's own where left out. */
  env?: NodeJS.ProcessEnv;
  /** Written to stdin, which is then closed; without it stdin is empty. */
  input?: string;
  /** Ends the process with everything it started. */
  signal?: AbortSignal;
  /** Milliseconds after which it is ended. */
  deadlineMs?: number;
  /** Characters kept of each stream, the last ones; 1 Mi where left out. */
  outputLimit?: number;
  /** Every line as it comes, without its end. */
  onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
}

export type RunResult =
  | (Output & { kind: 'exited'; code: number | undefined; killedBy: NodeJS.Signals | undefined })
  | (Output & { kind: 'timed-out' })
  | (Output & { kind: 'aborted' })
  | { kind: 'not-started'; error: NodeJS.ErrnoException };

export interface Output {
  stdout: string;
  stderr: string;
  /** Some output was dropped from the beginning, to keep within `outputLimit`. */
  truncated: boolean;
}

const OUTPUT_LIMIT = 1024 * 1024;
/** Time to end tidily (pip removes its temporary folders) before the process group is killed. */
const GRACE_MS = 2000;
/** A grandchild that outlives its parent may hold the pipes open; output after this long is not waited for. */
const PIPES_MS = 1000;

/**
 * Runs one program, without a shell, as leader of a process group of its own, and never throws: all outcomes are
 * values. Abort and deadline end the whole group: first asked, after 2 s killed.
 */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [program, ...args] = argv;
  if (program === undefined) throw new Error('an empty command line');
  const limit = options.outputLimit ?? OUTPUT_LIMIT;
  const stdout = new Tail(limit, (line) => options.onLine?.(line, 'stdout'));
  const stderr = new Tail(limit, (line) => options.onLine?.(line, 'stderr'));
  const output = (): Output => ({
    stdout: stdout.end(),
    stderr: stderr.end(),
    truncated: stdout.truncated || stderr.truncated,
  });
  if (options.signal?.aborted) return Promise.resolve({ kind: 'aborted', ...output() });
  return new Promise((resolve) => {
    let child: ChildProcess;
    try {
      child = spawn(program, args, {
        cwd: options.cwd,
        env: options.env ?? process.env,
        detached: process.platform !== 'win32',
        windowsHide: true,
        stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      });
    } catch (error) {
      resolve({ kind: 'not-started', error: error as NodeJS.ErrnoException });
      return;
    }
    let ending: 'timed-out' | 'aborted' | undefined;
    const timers: NodeJS.Timeout[] = [];
    const end = (why: 'timed-out' | 'aborted'): void => {
      if (ending) return;
      ending = why;
      killGroup(child, 'SIGTERM');
      timers.push(setTimeout(() => killGroup(child, 'SIGKILL'), GRACE_MS));
    };
    const abort = (): void => end('aborted');
    const settle = (result: RunResult): void => {
      for (const timer of timers) clearTimeout(timer);
      options.signal?.removeEventListener('abort', abort);
      // What ignored the request to end must not outlive it.
      if (ending) killGroup(child, 'SIGKILL');
      resolve(result);
    };
    if (options.deadlineMs !== undefined) timers.push(setTimeout(() => end('timed-out'), options.deadlineMs));
    options.signal?.addEventListener('abort', abort, { once: true });
    child.stdout?.on('data', (chunk: Buffer) => stdout.add(chunk));
    child.stderr?.on('data', (chunk: Buffer) => stderr.add(chunk));
    // A program that ends without reading its input closes the pipe under the writer.
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input);
    child.on('error', (error) => {
      if (child.pid === undefined) settle({ kind: 'not-started', error });
    });
    child.on('exit', () => {
      timers.push(
        setTimeout(() => {
          child.stdout?.destroy();
          child.stderr?.destroy();
        }, PIPES_MS),
      );
    });
    child.on('close', (code, killedBy) => {
      if (ending) settle({ kind: ending, ...output() });
      else settle({ kind: 'exited', code: code ?? undefined, killedBy: killedBy ?? undefined, ...output() });
    });
  });
}

/** Ends a process that was started as leader of its group, with all of the group. */
function killGroup(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return;
  if (process.platform === 'win32') {
    spawn('taskkill', ['/pid', String(child.pid), '/t', '/f'], { stdio: 'ignore', windowsHide: true }).on(
      'error',
      () => {},
    );
    return;
  }
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group has ended already.
  }
}

/** The last characters of a stream, and its lines as they come. */
class Tail {
  truncated = false;
  private text = '';
  private line = '';
  private readonly decoder = new StringDecoder('utf8');
  private readonly limit: number;
  private readonly onLine: (line: string) => void;

  constructor(limit: number, onLine: (line: string) => void) {
    this.limit = limit;
    this.onLine = onLine;
  }

  add(chunk: Buffer): void {
    this.append(this.decoder.write(chunk));
  }

  /** The kept text; the last line counts even without its end. */
  end(): string {
    this.append(this.decoder.end());
    if (this.line) this.onLine(this.line);
    this.line = '';
    return this.text;
  }

  private append(text: string): void {
    this.text += text;
    if (this.text.length > this.limit) {
      this.text = this.text.slice(-this.limit);
      this.truncated = true;
    }
    const lines = (this.line + text).split(/\r?\n|\r/);
    this.line = lines.pop()!.slice(-this.limit);
    for (const line of lines) this.onLine(line);
  }
}

/** The last lines that say something, for the `why` of an error. */
export function lastLines(text: string, count = 8): string {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return lines.slice(-count).join('\n');
}
