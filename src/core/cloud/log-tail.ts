/** New lines of a function's log on AWS as they come. */
import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { setTimeout as delay } from 'node:timers/promises';
import { ok, type Outcome } from '../../shared/outcome.ts';
import type { LogLine } from '../../shared/states.ts';
import type { AwsConfig } from './aws.ts';
import { asking } from './errors.ts';
import { clientOf, LogReader, pages, type LogEvent } from './logs.ts';

export interface FollowQuery {
  /** Twelve digits. */
  account: string;
  logGroup: string;
  /** From when on, milliseconds since the epoch. Default: now. */
  since?: number;
  /** How often it looks where there is no live tail, in ms. */
  pollMs?: number;
}

export interface Following {
  onLine(line: LogLine): void;
  /** How lines come from now on; `why` where it is not the live tail. */
  onSource?(source: 'live' | 'polling', why?: string): void;
  signal: AbortSignal;
}

/** Lines that were written within it may not have been there when the log was read. */
const UNREAD_MS = 60_000;

/** From when on to follow a log of which these lines were read: each line is then told once. */
export function afterLines(lines: readonly LogLine[]): number {
  const last = lines.at(-1);
  return last ? last.at + 1 : Date.now() - UNREAD_MS;
}

/** FilterLogEvents takes ten calls a second for each account and region; people read no faster than this. */
const POLL_MS = 2000;
/** How far back is looked for lines that came late: CloudWatch has them some seconds after they were written. */
const LATE_MS = 10_000;
/** A live tail that broke after so long was one. */
const LIVED_MS = 5000;

/**
 * Tells new lines until the signal aborts, each once: by a live tail, which costs $0.01 a minute after the first 1,800 of a
 * month (https://aws.amazon.com/cloudwatch/pricing/), and where the account or the region has none, by looking every two
 * seconds. A live tail ends after three hours and is then begun again; what came between two of them is read up. Errors: as
 * of `awsError`.
 */
export async function followLines(
  config: AwsConfig,
  query: FollowQuery,
  following: Following,
): Promise<Outcome<undefined>> {
  const { signal } = following;
  const { pollMs = POLL_MS } = query;
  const tail = new Tail(await clientOf(config), query, following);
  let isLive = true;
  while (!signal.aborted) {
    if (isLive) {
      const why = await liveTail(config, query, tail, following);
      if (why !== undefined) {
        isLive = false;
        following.onSource?.('polling', why);
      }
    }
    if (signal.aborted) break;
    const read = await asking(() => tail.readUp(), config);
    if (!read.ok) return signal.aborted ? ok(undefined) : read;
    if (!isLive) await delay(pollMs, undefined, { signal }).catch(() => undefined);
  }
  return ok(undefined);
}

/** Until the session ends; answers why where there can be none. */
async function liveTail(
  config: AwsConfig,
  query: FollowQuery,
  tail: Tail,
  { signal, onSource }: Following,
): Promise<string | undefined> {
  const { CloudWatchLogsClient, StartLiveTailCommand } = await import('@aws-sdk/client-cloudwatch-logs');
  // Its own host (`stream-logs.…`) is one of AWS's only.
  const client = new CloudWatchLogsClient({ ...config, ...(config.endpoint ? { disableHostPrefix: true } : {}) });
  // The signal of a call ends it only until its answer begins.
  const end = (): void => client.destroy();
  signal.addEventListener('abort', end, { once: true });
  let lived: number | undefined;
  // One that breaks at once would be begun again and again.
  const ended = (why: string): string | undefined =>
    lived !== undefined && performance.now() - lived > LIVED_MS ? undefined : why;
  try {
    const start = new StartLiveTailCommand({ logGroupIdentifiers: [arnOf(config.region, query)] });
    const { responseStream = [] } = await client.send(start, { abortSignal: signal });
    for await (const { sessionStart, sessionUpdate } of responseStream) {
      if (sessionStart) {
        lived = performance.now();
        onSource?.('live');
        // What was written before the session began.
        await tail.readUp();
      }
      if (sessionUpdate) tail.take(sessionUpdate.sessionResults ?? [], sessionUpdate.sessionMetadata?.sampled);
    }
    return ended('The live tail ended at once.');
  } catch (error) {
    return signal.aborted ? undefined : ended((error as Error).message);
  } finally {
    signal.removeEventListener('abort', end);
    end();
  }
}

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html: without `:*` at its end. */
function arnOf(region: string, { account, logGroup }: FollowQuery): string {
  const partition = region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  return `arn:${partition}:logs:${region}:${account}:log-group:${logGroup}`;
}

/** What was told already, by whichever way it came. */
class Tail {
  readonly #client: CloudWatchLogsClient;
  readonly #query: FollowQuery;
  readonly #following: Following;
  readonly #reader = new LogReader();
  /** By key the time of the events within `LATE_MS`. */
  readonly #told = new Map<string, number>();
  readonly #since: number;
  #latest: number;

  constructor(client: CloudWatchLogsClient, query: FollowQuery, following: Following) {
    this.#client = client;
    this.#query = query;
    this.#following = following;
    this.#since = query.since ?? Date.now();
    this.#latest = this.#since;
  }

  /** Tells what the log has since the latest line. */
  async readUp(): Promise<Outcome<undefined>> {
    const { logGroup: logGroupName } = this.#query;
    const startTime = Math.max(this.#since, this.#latest - LATE_MS);
    for await (const page of pages(this.#client, { logGroupName, startTime }, this.#following.signal)) this.take(page);
    return ok(undefined);
  }

  take(events: readonly LogEvent[], isSampled = false): void {
    const times = new Map<string, number>();
    for (const event of events) {
      const at = event.timestamp ?? 0;
      // The same line may well be written twice in a millisecond: it counts as often as it comes at once.
      const same = JSON.stringify([event.logStreamName, at, event.message]);
      const count = (times.get(same) ?? 0) + 1;
      times.set(same, count);
      const key = `${count} ${same}`;
      if (this.#told.has(key)) continue;
      this.#told.set(key, at);
      this.#latest = Math.max(this.#latest, at);
      this.#following.onLine(this.#reader.read(event));
    }
    for (const [key, at] of this.#told) if (at < this.#latest - 2 * LATE_MS) this.#told.delete(key);
    if (!isSampled) return;
    const text = 'nimbus: over 500 lines a second: AWS shows a part of them.';
    this.#following.onLine({ at: Date.now(), source: 'host', text });
  }
}
