import { createHash } from 'node:crypto';
import type { PickleGlobal, Risk } from './detection.ts';
import type { PickleFacts } from './pickle-reader.ts';

/** The reader's codes for a file that is not whole, or no pickle at all: there is nothing to agree to. */
export const DAMAGE: ReadonlySet<string> = new Set([
  'empty',
  'truncated',
  'damaged',
  'changed',
  'not-a-pickle',
  'not-an-archive',
]);

/** What loading pickles may run. `globals` are those of all of them, judged. */
export function riskOf(files: readonly Pick<PickleFacts, 'error' | 'sha256'>[], globals: PickleGlobal[]): Risk {
  const unread = files.find(({ error }) => error);
  if (unread?.error) return { kind: 'unreadable', why: unread.error.message };
  const unknown = globals.filter(({ danger }) => danger === 'unknown');
  const dangerous = globals.filter(({ danger }) => danger === 'dangerous');
  if (dangerous.length > 0) {
    const hash = files.length === 1 ? files[0]!.sha256 : sha256(files.map((one) => one.sha256).join('\n'));
    return { kind: 'dangerous-globals', globals: [...dangerous, ...unknown], hash };
  }
  if (unknown.length === 0) return { kind: 'none' };
  return { kind: 'unknown-globals', globals: unknown, hash: sha256(unknown.map(({ name }) => name).join('\n')) };
}

/** `os.system (runs a command of the operating system)` of the first five that are dangerous; undefined for none. */
export function dangers(globals: readonly PickleGlobal[]): string | undefined {
  const found = globals.filter(({ danger }) => danger === 'dangerous');
  if (found.length === 0) return undefined;
  return found
    .slice(0, 5)
    .map(({ name, meaning }) => `${name} (${meaning})`)
    .join(', ');
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
