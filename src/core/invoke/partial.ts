/** The answers of a batch while it runs, `OUT.partial`, and how a later run goes on with them. */
import { createReadStream } from 'node:fs';
import { open, readFile, rename, rm, stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import writeFileAtomic from 'write-file-atomic';

/** What the answers were made of. They go with others only where all of it is the same. */
export interface Origin {
  /** Absolute. */
  file: string;
  bytes: number;
  /** Milliseconds since the epoch. */
  modifiedMs: number;
  /** Of a table: the one that was the input. */
  column?: string;
  /** MODEL/DEPLOYMENT. */
  deployment: string;
  version: string;
}

/** Answers of an earlier run, and the bytes that they take in the file. */
export interface Kept {
  succeeded: number;
  failed: number;
  bytes: number;
}

export const NOTHING_KEPT: Kept = { succeeded: 0, failed: 0, bytes: 0 };

export const partialOf = (out: string): string => `${out}.partial`;
const originFileOf = (out: string): string => `${out}.partial.json`;

export async function originOf(
  file: string,
  asked: Pick<Origin, 'column' | 'deployment' | 'version'>,
): Promise<Origin> {
  const { size, mtimeMs } = await stat(file);
  return { file: path.resolve(file), bytes: size, modifiedMs: mtimeMs, ...asked };
}

/** What an unfinished run left for `out`: undefined where it left nothing that can be gone on with. */
export async function unfinished(out: string): Promise<{ origin: Origin; kept: Kept } | undefined> {
  try {
    const origin = JSON.parse(await readFile(originFileOf(out), 'utf8')) as Origin;
    const kept = await keptIn(partialOf(out));
    return kept.bytes > 0 ? { origin, kept } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** What differs between two origins, each as a sentence; nothing where the answers of both go together. */
export function differences(then: Origin, now: Origin): string[] {
  const same = then.bytes === now.bytes && then.modifiedMs === now.modifiedMs;
  return [
    ...(then.deployment === now.deployment ? [] : [`They are of ${then.deployment}, not of ${now.deployment}.`]),
    ...(then.file === now.file ? [] : [`They are for ${then.file}.`]),
    ...(then.column === now.column ? [] : ['They are for another column.']),
    ...(then.file !== now.file || same ? [] : [`${now.file} has changed since.`]),
    ...(then.deployment !== now.deployment || then.version === now.version
      ? []
      : [`They are of version ${then.version.slice(0, 7)} of the model; it is ${now.version.slice(0, 7)} now.`]),
  ];
}

/** One line of answers; `index` counts from 0. */
const LINE = /^\{"index":(\d+),"line":\d+,"(result|error)":.*\}$/;

/** The whole lines at the beginning: a process that was killed leaves a cut one, a machine that lost power anything. */
async function keptIn(partial: string): Promise<Kept> {
  const kept = { ...NOTHING_KEPT };
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(partial, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let from = 0;
    for (let end = bytes.indexOf(10, from); end !== -1; end = bytes.indexOf(10, from)) {
      const [, index, kind] = LINE.exec(bytes.toString('utf8', from, end)) ?? [];
      if (Number(index) !== kept.succeeded + kept.failed) return kept;
      if (kind === 'error') kept.failed += 1;
      else kept.succeeded += 1;
      kept.bytes += end + 1 - from;
      from = end + 1;
    }
    rest = bytes.subarray(from);
  }
  return kept;
}

/** `OUT.partial`, open for writing. Its methods throw what the file system says. */
export class Partial {
  readonly #out: string;
  readonly #stream: Writable;

  private constructor(out: string, stream: Writable) {
    this.#out = out;
    this.#stream = stream;
    // Whoever writes next, or waits for the end, is told.
    stream.on('error', () => undefined);
  }

  /** Goes on after what is kept, or begins. Whenever the process is killed, what is there can be gone on with. */
  static async open(out: string, origin: Origin | undefined, kept: Kept): Promise<Partial> {
    const partial = partialOf(out);
    if (kept.bytes > 0) await truncate(partial, kept.bytes);
    else {
      await removePartial(out);
      if (origin) await writeFileAtomic(originFileOf(out), JSON.stringify(origin));
    }
    const file = await open(partial, kept.bytes > 0 ? 'r+' : 'w');
    return new Partial(out, file.createWriteStream({ start: kept.bytes, highWaterMark: 1 << 20 }));
  }

  async write(text: string): Promise<void> {
    if (this.#stream.errored) throw this.#stream.errored;
    if (!this.#stream.write(text)) await once(this.#stream, 'drain');
  }

  /** Everything that was written is in the file. */
  async close(): Promise<void> {
    this.#stream.end();
    await finished(this.#stream);
  }

  /** The answers are complete: they take the place of `OUT`. */
  async finish(): Promise<void> {
    await this.close();
    await rename(partialOf(this.#out), this.#out);
    await rm(originFileOf(this.#out), { force: true });
  }
}

/** The answers first: alone they cannot be gone on with. */
export async function removePartial(out: string): Promise<void> {
  await rm(partialOf(out), { force: true });
  await rm(originFileOf(out), { force: true });
}
