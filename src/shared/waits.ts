/** What a request to AWS waits for beside its answer, in words. */
import { formatMs, type Beforehand } from './latency.ts';

/** `woken`: AWS Lambda had made the function inactive. `version`: a cold start has a version of its own. */
export type Wait = { kind: 'again'; reason: string } | { kind: 'woken' } | { kind: 'version' };

/** What it waits for right now. */
export function waitText(wait: Wait): string {
  switch (wait.kind) {
    case 'again':
      return `sending again: ${words(wait.reason)}`;
    case 'woken':
      return 'AWS Lambda made it inactive and gets it ready again';
    case 'version':
      return 'AWS Lambda gets a version of its own ready';
    default:
      return wait satisfies never;
  }
}

/** What came before the try that counts, a sentence each. `ms` writes a duration. */
export function beforehandTexts(
  { retries, wokenMs, publishedMs }: Beforehand,
  ms: (ms: number) => string = formatMs,
): string[] {
  const texts: string[] = [];
  if (wokenMs !== undefined) {
    texts.push(`AWS Lambda had made it inactive and took ${ms(wokenMs)} to get it ready again.`);
  }
  if (publishedMs !== undefined) texts.push(`A version of its own was ready after ${ms(publishedMs)}.`);
  if (retries.length > 0) {
    const lost = retries.reduce((sum, { failedMs, waitedMs }) => sum + failedMs + waitedMs, 0);
    const why = [...new Set(retries.map(({ reason }) => words(reason)))].join(', ');
    const times = retries.length === 1 ? 'once' : `${retries.length} times`;
    texts.push(`Sent again ${times} (${why}), after ${ms(lost)}.`);
  }
  return texts;
}

/** Of the code of a problem. */
function words(reason: string): string {
  return reason.replaceAll('-', ' ');
}
