/** The log of a function on AWS: its last lines, and those of one request. New ones as they come: `log-tail.ts`. */
import type { CloudWatchLogsClient, FilterLogEventsCommandInput } from '@aws-sdk/client-cloudwatch-logs';
import { setTimeout as delay } from 'node:timers/promises';
import { ok, type Outcome } from '../../shared/outcome.ts';
import type { LogLine } from '../../shared/states.ts';
import type { AwsConfig } from './aws.ts';
import { asking, orAbsent } from './errors.ts';
import { invocationReport, isOfFailedStart, platformLine, type InvocationReport } from './report.ts';
import { abortable } from './versions.ts';

export interface LogEvent {
  logStreamName?: string | undefined;
  /** Milliseconds since the epoch. */
  timestamp?: number | undefined;
  message?: string | undefined;
}

/**
 * Makes lines of events. An environment answers one request at a time and has a log stream of its own, so that what it
 * writes between START and REPORT is of that request; what it writes before its first START is of its initialisation.
 */
export class LogReader {
  readonly #requests = new Map<string, string>();

  read({ logStreamName: stream = '', timestamp: at = 0, message = '' }: LogEvent): LogLine {
    const text = message.replace(/\s+$/, '');
    const platform = platformLine(text);
    const requestId = platform && 'requestId' in platform ? platform.requestId : this.#requests.get(stream);
    if (platform?.kind === 'start') this.#requests.set(stream, platform.requestId);
    if (platform?.kind === 'report') this.#requests.delete(stream);
    return { at, source: platform ? 'platform' : 'stdout', text, ...(requestId === undefined ? {} : { requestId }) };
  }
}

export interface RecentQuery {
  logGroup: string;
  /** Milliseconds since the epoch. Default: an hour ago. */
  since?: number;
  /** The last ones. Default: 200. */
  limit?: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const LIMIT = 200;
/** A log is read from its older end only: the last lines are looked for in ever longer times, each so much longer. */
const LONGER = 10;
/** Of up to 10,000 events or 1 MB each. */
const PAGES = 50;

/**
 * The last lines, in the order of time; a log group that is not there yet or any more has none. CloudWatch has a line some
 * seconds after it was written. Errors: as of `awsError`.
 */
export async function recentLines(
  config: AwsConfig,
  { logGroup: logGroupName, since = Date.now() - HOUR_MS, limit = LIMIT }: RecentQuery,
  signal?: AbortSignal,
): Promise<Outcome<LogLine[]>> {
  return asking(async () => {
    const client = await clientOf(config);
    const now = Date.now();
    for (let span = MINUTE_MS; ; span *= LONGER) {
      const startTime = Math.max(since, now - span);
      const reader = new LogReader();
      const lines: LogLine[] = [];
      for await (const page of pages(client, { logGroupName, startTime }, signal)) {
        for (const event of page) lines.push(reader.read(event));
        if (lines.length > 2 * limit) lines.splice(0, lines.length - limit);
      }
      if (lines.length >= limit || startTime === since) return ok(lines.slice(-limit));
    }
  }, config);
}

export interface RequestQuery {
  logGroup: string;
  /** Lambda's own, which answers of the function carry; or the gateway's, which its own problems do. */
  requestId: string;
  /** About when it was sent, milliseconds since the epoch. Default: within the last day. */
  at?: number;
  /** Waits for so many milliseconds until the REPORT line is there. Default: it does not wait. */
  waitMs?: number;
  /** How often it looks while it waits, in ms. */
  pollMs?: number;
}

export interface RequestLog {
  /** In the order of time; of a first request also those of the initialisation. Empty where the log has nothing of it. */
  lines: LogLine[];
  report?: InvocationReport;
}

const DAY_MS = 24 * HOUR_MS;
/** Clocks differ, and an initialisation comes before its request. */
const BEFORE_MS = MINUTE_MS;
/** Lambda's longest time-out, and what CloudWatch takes until it has a line. */
const AFTER_MS = 16 * MINUTE_MS;
/** Ids of both are UUIDs; what is none is in no log, and a quote would end the pattern. */
const REQUEST_ID = /^[\w-]{1,128}$/;
const LOOK_AGAIN_MS = 1000;

/** All that the log has of one request. Errors: as of `awsError`. */
export async function requestLog(
  config: AwsConfig,
  { logGroup, requestId, at, waitMs = 0, pollMs = LOOK_AGAIN_MS }: RequestQuery,
  signal?: AbortSignal,
): Promise<Outcome<RequestLog>> {
  if (!REQUEST_ID.test(requestId)) return ok({ lines: [] });
  return asking(async () => {
    const client = await clientOf(config);
    const window =
      at === undefined ? { startTime: Date.now() - DAY_MS } : { startTime: at - BEFORE_MS, endTime: at + AFTER_MS };
    const until = performance.now() + waitMs;
    for (;;) {
      const found = await linesOf(client, { logGroupName: logGroup, ...window }, requestId, signal);
      if (found.report || performance.now() >= until) return ok(found);
      await delay(pollMs, undefined, signal ? { signal } : {});
    }
  }, config);
}

/** Finds the stream that knows the request, then takes its part of that. */
async function linesOf(
  client: CloudWatchLogsClient,
  where: Pick<FilterLogEventsCommandInput, 'logGroupName' | 'startTime' | 'endTime'>,
  requestId: string,
  signal: AbortSignal | undefined,
): Promise<RequestLog> {
  const found = await named(client, where, requestId, signal);
  if (!found) return { lines: [] };
  const { own, logStreamName, timestamp } = found;
  const part = {
    logGroupName: where.logGroupName,
    logStreamNames: [logStreamName],
    startTime: timestamp - BEFORE_MS,
    endTime: timestamp + AFTER_MS,
  };
  const reader = new LogReader();
  // Since the last request of the stream: they are of the initialisation where this is the first one.
  let before: LogLine[] = [];
  const lines: LogLine[] = [];
  let report: InvocationReport | undefined;
  for await (const page of pages(client, part, signal)) {
    for (const event of page) {
      const line = reader.read(event);
      if (line.requestId === own) {
        lines.push(line);
        report ??= line.source === 'platform' ? invocationReport(line.text) : undefined;
      } else if (lines.length === 0) before = line.requestId === undefined ? [...before, line] : [];
    }
    // That it ran out of time is said after its report.
    if (report) break;
  }
  const isFirst =
    report?.initMs !== undefined || report?.restoreMs !== undefined || before.some(({ text }) => isOfFailedStart(text));
  return { lines: isFirst ? [...before, ...lines] : lines, ...(report ? { report } : {}) };
}

/** Where the log names a request, and its id of Lambda: the runtime says under which one the gateway knows it. */
async function named(
  client: CloudWatchLogsClient,
  where: Pick<FilterLogEventsCommandInput, 'logGroupName' | 'startTime' | 'endTime'>,
  requestId: string,
  signal: AbortSignal | undefined,
): Promise<{ own: string; logStreamName: string; timestamp: number } | undefined> {
  const ofTheGateway = new RegExp(`^nimbus: request (\\S+) is ${requestId} of the gateway`);
  for await (const page of pages(client, { ...where, filterPattern: `"${requestId}"` }, signal)) {
    for (const { logStreamName, timestamp, message = '' } of page) {
      const platform = platformLine(message);
      const isOwn = platform && 'requestId' in platform && platform.requestId === requestId;
      const own = isOwn ? requestId : ofTheGateway.exec(message)?.[1];
      if (own !== undefined && logStreamName !== undefined && timestamp !== undefined)
        return { own, logStreamName, timestamp };
    }
  }
  return undefined;
}

export async function clientOf(config: AwsConfig): Promise<CloudWatchLogsClient> {
  const { CloudWatchLogsClient } = await import('@aws-sdk/client-cloudwatch-logs');
  return new CloudWatchLogsClient(config);
}

/** Pages of events in the order of time; none where there is no such log group or stream. */
export async function* pages(
  client: CloudWatchLogsClient,
  query: FilterLogEventsCommandInput,
  signal: AbortSignal | undefined,
): AsyncGenerator<LogEvent[]> {
  const { FilterLogEventsCommand } = await import('@aws-sdk/client-cloudwatch-logs');
  let nextToken: string | undefined;
  for (let page = 0; page < PAGES; page += 1) {
    const command = new FilterLogEventsCommand({ ...query, ...(nextToken === undefined ? {} : { nextToken }) });
    const answer = await orAbsent(client.send(command, abortable(signal)));
    yield answer?.events ?? [];
    nextToken = answer?.nextToken;
    if (nextToken === undefined) return;
  }
}
