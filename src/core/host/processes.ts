/**
 * What the host knows of processes beyond Node's `ChildProcess`: whole trees, their memory, and those that left the
 * tree but still carry a worker's mark in their environment. Linux reads /proc, macOS asks `ps`, Windows `taskkill`.
 */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Every process that a worker starts inherits this variable. */
export const MARK_VARIABLE = 'NIMBUS_WORKER';

interface Row {
  pid: number;
  parent: number;
}

async function pids(): Promise<number[]> {
  return (await readdir('/proc')).map(Number).filter((pid) => pid > 0);
}

async function table(): Promise<Row[]> {
  if (process.platform === 'linux') {
    const rows = await Promise.all(
      (await pids()).map(async (pid) => {
        const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
        // The command's name may hold spaces and brackets; the fields begin after its last bracket.
        return { pid, parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) };
      }),
    );
    return rows.filter((row) => row.parent > 0);
  }
  if (process.platform === 'win32') return [];
  const { stdout } = await run('ps', ['-axo', 'pid=,ppid=']);
  return stdout.split('\n').flatMap((line) => {
    const [pid, parent] = line.trim().split(/\s+/).map(Number);
    return pid && parent ? [{ pid, parent }] : [];
  });
}

/** The children of one process as Linux lists them by thread; undefined where this kernel does not. */
async function childrenOf(pid: number): Promise<number[] | undefined> {
  try {
    const threads = await readdir(`/proc/${pid}/task`);
    const lists = await Promise.all(
      threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'latin1')),
    );
    return lists.flatMap((list) => list.split(' ').map(Number)).filter((child) => child > 0);
  } catch (error) {
    // A process that has ended has no children; a missing file of a living one is a kernel without it.
    return (error as NodeJS.ErrnoException).code === 'ESRCH' || !existsSync(`/proc/${pid}`) ? [] : undefined;
  }
}

/**
 * All that descend from a process, without itself, for being measured: asks each process of the tree rather than the
 * whole system. It can miss what changes meanwhile, so that it is not the way to end a tree.
 */
async function livingDescendants(root: number): Promise<number[]> {
  if (process.platform !== 'linux') return descendants(root);
  const found: number[] = [];
  const waiting = [root];
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    const next = await childrenOf(pid);
    if (!next) return descendants(root);
    found.push(...next);
    waiting.push(...next);
  }
  return found;
}

/** All that descend from a process, without itself. */
async function descendants(root: number): Promise<number[]> {
  const children = new Map<number, number[]>();
  for (const row of await table()) {
    const siblings = children.get(row.parent);
    if (siblings) siblings.push(row.pid);
    else children.set(row.parent, [row.pid]);
  }
  const found: number[] = [];
  const waiting = [root];
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    const next = children.get(pid) ?? [];
    found.push(...next);
    waiting.push(...next);
  }
  return found;
}

/** Resident bytes of one process, cheap enough to ask several times a second; 0 where it is gone or cannot be seen. */
export function residentBytes(pid: number): number {
  if (process.platform !== 'linux') return 0;
  try {
    const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return Number(found?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Resident bytes of the process and all that descend from it; pages they share count once for each. */
export async function treeBytes(pid: number): Promise<number> {
  if (process.platform === 'win32') return 0;
  const all = [pid, ...(await livingDescendants(pid))];
  if (process.platform === 'linux') return all.reduce((sum, one) => sum + residentBytes(one), 0);
  const { stdout } = await run('ps', ['-o', 'rss=', '-p', all.join(',')]).catch(() => ({ stdout: '' }));
  return stdout.split('\n').reduce((sum, line) => sum + Number(line.trim()) * 1024, 0);
}

/** Processes of this user whose environment has the mark, or one that begins with it. Only Linux lets us look. */
export async function marked(mark: string, match: 'exact' | 'prefix'): Promise<number[]> {
  if (process.platform !== 'linux') return [];
  const needle = `${MARK_VARIABLE}=${mark}${match === 'exact' ? '\0' : ''}`;
  const found = await Promise.all(
    (await pids()).map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
      return environment.startsWith(needle) || environment.includes(`\0${needle}`) ? pid : 0;
    }),
  );
  return found.filter((pid) => pid > 0 && pid !== process.pid);
}

function killOne(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** Ends all marked processes, also those they start meanwhile; says how many there were. */
export async function killMarked(mark: string, match: 'exact' | 'prefix'): Promise<number> {
  const all = new Set<number>();
  // A process can fork between being listed and being killed; a handful of rounds outruns that.
  for (let round = 0; round < 8; round++) {
    const left = await marked(mark, match);
    if (left.length === 0) break;
    for (const pid of left) {
      all.add(pid);
      killOne(pid);
    }
  }
  return all.size;
}

/** Ends a worker with its process group, its descendants, and marked processes that left both. */
export async function killTree(pid: number, mark: string): Promise<void> {
  if (process.platform === 'win32') {
    await run('taskkill', ['/PID', String(pid), '/T', '/F']).catch(() => undefined);
    return;
  }
  const children = await descendants(pid).catch(() => []);
  killOne(-pid);
  for (const child of children) killOne(child);
  // Where the system has no file descriptors left to look: what left the tree is found by the next host.
  await killMarked(mark, 'exact').catch(() => 0);
}

/** How often the kernel ended a process for want of memory since boot; undefined where it does not say. */
export function kernelOomKills(): number | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const found = /^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'latin1'));
    return found ? Number(found[1]) : undefined;
  } catch {
    return undefined;
  }
}
