/** The log of a deployment on AWS, which its function writes to CloudWatch. */
import * as vscode from 'vscode';
import { configOf } from '../../core/cloud/profiles.ts';
import { cancelled, ok, type Outcome } from '../../shared/outcome.ts';
import type { LoggedRequest } from '../../shared/playground.ts';
import type { CloudStatus, LogLine } from '../../shared/states.ts';

/** Milliseconds that the REPORT of a request is waited for: CloudWatch has a line some seconds after it was written. */
const REPORT_MS = 10_000;

export interface CloudLog {
  cloud: CloudStatus;
  /** The variables with which AWS is called. */
  env: NodeJS.ProcessEnv;
  /** Lines at most. */
  limit: number;
}

export interface CloudLines {
  lines: LogLine[];
  /** Of one request, with Lambda's REPORT: no more will come of it. */
  isWhole: boolean;
}

/** The last lines, or all of one request. Errors: as of `recentLines` and `requestLog`. */
export async function readCloudLog(
  { cloud, env, limit }: CloudLog,
  request: Partial<LoggedRequest> | undefined,
): Promise<Outcome<CloudLines>> {
  const title = vscode.l10n.t('Reading the log in CloudWatch');
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return vscode.window.withProgress(options, async (_, token) => {
    const abort = new AbortController();
    token.onCancellationRequested(() => abort.abort());
    const { logGroup } = cloud;
    const config = await configOf(cloud, env);
    const { recentLines, requestLog } = await import('../../core/cloud/logs.ts');
    try {
      const { id: requestId, at } = request ?? {};
      if (requestId === undefined) {
        const recent = await recentLines(config, { logGroup, limit }, abort.signal);
        return recent.ok ? ok({ lines: recent.value, isWhole: false }) : recent;
      }
      const query = { logGroup, requestId, waitMs: REPORT_MS, ...(at === undefined ? {} : { at }) };
      const found = await requestLog(config, query, abort.signal);
      if (!found.ok) return found;
      const { lines, report } = found.value;
      return ok({ lines: lines.map((line) => ({ ...line, requestId })), isWhole: report !== undefined });
    } catch (error) {
      if (abort.signal.aborted) return cancelled();
      throw error;
    }
  });
}

/** Tells lines that come after those that were read, until the signal aborts. */
export async function followCloudLog(
  { cloud, env }: CloudLog,
  read: readonly LogLine[],
  onLine: (line: LogLine) => void,
  signal: AbortSignal,
): Promise<void> {
  const { afterLines, followLines } = await import('../../core/cloud/log-tail.ts');
  const { account, logGroup } = cloud;
  const query = { account, logGroup, since: afterLines(read) };
  // What keeps it from following was said when the log was read.
  await followLines(await configOf(cloud, env), query, { onLine, signal });
}
