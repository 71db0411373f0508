/** `nimbus logs` of a deployment on AWS: read from CloudWatch, where its function writes. */
import { configOf } from '../core/cloud/profiles.ts';
import type { CloudStatus, LogLine } from '../shared/states.ts';
import { formatMs } from '../shared/latency.ts';
import { orExit, type Terminal } from './terminal.ts';

/** The REPORT of a request may come some seconds after its answer. */
const REPORT_MS = 10_000;

export interface CloudLogOptions {
  follow?: boolean;
  request?: string;
  limit: number;
}

/** Ends by itself, or with `follow` when the command is cancelled. */
export async function logsOf(
  terminal: Terminal,
  cloud: CloudStatus,
  { follow, request, limit }: CloudLogOptions,
  print: (line: LogLine) => void,
): Promise<void> {
  const { account, logGroup } = cloud;
  const config = await configOf(cloud, process.env);
  const { signal } = terminal;
  if (request !== undefined) {
    const { requestLog } = await import('../core/cloud/logs.ts');
    const found = orExit(
      terminal,
      await requestLog(config, { logGroup, requestId: request, waitMs: REPORT_MS }, signal),
    );
    // Also those of the initialisation that came before it.
    for (const line of found.lines) print({ ...line, requestId: request });
    if (found.lines.length === 0) terminal.note(`The log ${logGroup} has nothing of a request ${request}.`);
    const { report } = found;
    if (report) {
      const init = report.initMs === undefined ? '' : `, initialisation ${formatMs(report.initMs)}`;
      const ended = report.status === undefined ? '' : `, ${report.errorType ?? report.status}`;
      terminal.note(
        `AWS Lambda: ${formatMs(report.durationMs)}${init}, ${report.usedMb} of ${report.memoryMb} MB used${ended}`,
      );
    }
    return;
  }
  const { recentLines } = await import('../core/cloud/logs.ts');
  const before = orExit(terminal, await recentLines(config, { logGroup, limit }, signal));
  for (const line of before) print(line);
  if (!follow) {
    if (before.length === 0) terminal.note(`The log ${logGroup} has no lines of the last hour.`);
    return;
  }
  const { afterLines, followLines } = await import('../core/cloud/log-tail.ts');
  const onSource = (source: 'live' | 'polling', why?: string): void => {
    if (source === 'polling') terminal.note(`Looked for every two seconds: ${why ?? 'there is no live tail'}`);
  };
  orExit(
    terminal,
    await followLines(config, { account, logGroup, since: afterLines(before) }, { onLine: print, onSource, signal }),
  );
}
