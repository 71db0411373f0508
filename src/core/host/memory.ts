import { residentBytes, treeBytes } from './processes.ts';
import type { TransportEvents } from './transport.ts';

const LOOK_MS = 200;
/** The whole tree costs more to look at. */
const TREE_EVERY = 5;

/**
 * Measures a worker's resident memory and ends it above its limit. This polls: a worker can exceed the limit by what it
 * allocates between two looks, and pages that processes share count for each of them. Returns what stops it.
 */
export function watchMemory(
  pid: number,
  limitBytes: number | undefined,
  events: Pick<TransportEvents, 'memory' | 'breach'>,
): () => void {
  // Without a limit the figure is only shown.
  const everyMs = limitBytes === undefined ? LOOK_MS * TREE_EVERY * 2 : LOOK_MS;
  let looks = 0;
  let childrenBytes = 0;
  let stopped = false;
  let timer: NodeJS.Timeout;
  const look = async (): Promise<void> => {
    const own = residentBytes(pid);
    if (looks % TREE_EVERY === 0 || limitBytes === undefined) {
      // Where the tree cannot be seen now (no file descriptors left, no `ps`), the figure stays until the next look.
      childrenBytes = await treeBytes(pid).then(
        (bytes) => Math.max(0, bytes - own),
        () => childrenBytes,
      );
    }
    looks += 1;
    if (stopped) return;
    const bytes = own + childrenBytes;
    events.memory(bytes);
    if (limitBytes !== undefined && bytes > limitBytes) {
      events.breach({
        code: 'out-of-memory',
        detail: `The worker used ${megabytes(bytes)} MB; memoryMb allows ${megabytes(limitBytes)} MB.`,
        next: 'Raise memoryMb in models.json, or use a smaller model.',
      });
      return;
    }
    arm(everyMs);
  };
  const arm = (ms: number): void => {
    timer = setTimeout(() => void look(), ms);
    timer.unref();
  };
  arm(LOOK_MS);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

function megabytes(bytes: number): string {
  return Math.round(bytes / 2 ** 20).toLocaleString('en');
}
