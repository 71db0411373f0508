import { totalmem, freemem } from 'node:os';
import { writeFileSync } from 'node:fs';
import type { Failure } from './problems.ts';
import { residentBytes, treeBytes } from './processes.ts';
import type { TransportEvents } from './transport.ts';

const LOOK_MS = 200;
/** The whole tree costs more to look at. */
const TREE_EVERY = 5;
/** Of what the machine has: a worker without `memoryMb` may take so much of it. */
const MACHINE_SHARE = 0.8;
/** Less than this share of the machine left free ends a worker without `memoryMb` that takes much of it itself. */
const RESERVE_SHARE = 0.05;
const LARGE_SHARE = 0.1;
/** How much sooner than others Linux ends a worker when memory runs out, from -1000 to 1000. */
const OOM_SCORE = '500';

/** How much memory a worker may take. */
export interface MemoryLimit {
  bytes: number;
  /** By `memoryMb` in models.json; else it is what this machine has to give. */
  declared: boolean;
}

/** Bytes of the machine that the host runs on. */
export interface MachineMemory {
  total(): number;
  /** What programs could still get; undefined where the system does not tell. */
  available(): number | undefined;
}

const MACHINE: MachineMemory = {
  total: totalmem,
  // Elsewhere Node's figure leaves out what the system would give back from its caches.
  available: () => (process.platform === 'linux' ? freemem() : undefined),
};

/** What a worker without `memoryMb` may take, as far as this machine, or the container that it is, has it. */
export function machineLimitBytes(): number {
  const constrained = process.constrainedMemory();
  // Where nothing constrains, the figure is 0 or more than there is.
  return Math.round(MACHINE_SHARE * (constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()));
}

/** Has Linux end the worker before the host, the editor and the user's other programs when memory runs out. */
export function endFirst(pid: number): void {
  if (process.platform !== 'linux') return;
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, OOM_SCORE);
  } catch {
    // It has ended already, or the system forbids it: the limit is still watched.
  }
}

/**
 * Measures a worker's resident memory and ends it above its limit. This polls: a worker can exceed the limit by what it
 * allocates between two looks, and pages that processes share count for each of them. Returns what stops it.
 */
export function watchMemory(
  pid: number,
  limit: MemoryLimit,
  events: Pick<TransportEvents, 'memory' | 'breach'>,
  machine: MachineMemory = MACHINE,
): () => void {
  let looks = 0;
  let childrenBytes = 0;
  let stopped = false;
  let timer: NodeJS.Timeout;
  const look = async (): Promise<void> => {
    const own = residentBytes(pid);
    if (looks % TREE_EVERY === 0) {
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
    const breach = breachOf(bytes, limit, machine);
    if (breach) return events.breach(breach);
    arm();
  };
  const arm = (): void => {
    timer = setTimeout(() => void look(), LOOK_MS);
    timer.unref();
  };
  arm();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

/** Why a worker that takes `bytes` is to be ended. */
function breachOf(bytes: number, { bytes: limit, declared }: MemoryLimit, machine: MachineMemory): Failure | undefined {
  const used = `The worker used ${megabytes(bytes)} MB`;
  if (bytes > limit) {
    return {
      code: 'out-of-memory',
      detail: declared
        ? `${used}; memoryMb allows ${megabytes(limit)} MB.`
        : `${used}; without memoryMb in models.json this machine allows ${megabytes(limit)} MB.`,
      next: declared
        ? 'Raise memoryMb in models.json, or use a smaller model.'
        : 'Use a smaller model, or more memory.',
    };
  }
  const free = machine.available();
  const total = machine.total();
  if (declared || free === undefined || free > total * RESERVE_SHARE || bytes < total * LARGE_SHARE) return undefined;
  return {
    code: 'out-of-memory',
    detail: `${used}, and this machine had ${megabytes(free)} MB left.`,
    next: 'Close other programs, lower the concurrency, or use a smaller model.',
  };
}

function megabytes(bytes: number): string {
  return Math.round(bytes / 2 ** 20).toLocaleString('en');
}
