/** An engine of a test's own, which it may stop, freeze, kill or let run out of disk; the one of the others goes on. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { docker } from './support.ts';

export class OwnEngine {
  private readonly folder = mkdtempSync(path.join(os.tmpdir(), 'nimbus-engine-'));
  private readonly data = path.join(this.folder, 'data');
  private child: ChildProcess | undefined;

  /** For DOCKER_HOST. */
  readonly host = `unix://${this.folder}/docker.sock`;

  /**
   * Not started yet. It and its containers have a network of their own, which leads nowhere.
   * @param diskMb how much it can store in all; without it, as much as the disk has
   */
  constructor(diskMb?: number) {
    mkdirSync(this.data);
    if (diskMb !== undefined) execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskMb}m`, 'tmpfs', this.data]);
  }

  /** Returns once it answers; after a stop or a kill with all that it had. */
  async start(): Promise<void> {
    const log = path.join(this.folder, 'dockerd.log');
    const file = openSync(log, 'a');
    const places = ['--data-root', this.data, '--exec-root', `${this.folder}/exec`, '--pidfile', `${this.folder}/pid`];
    rmSync(path.join(this.folder, 'pid'), { force: true });
    await this.containerdEnded();
    // In a network of its own: else it would take over, or with `--bridge none` remove, the bridge of the others' engine.
    const command = ['--net', 'dockerd', '--host', this.host, ...places];
    const child = spawn('unshare', command, { stdio: ['ignore', file, file] });
    closeSync(file);
    this.child = child;
    const answers = () =>
      docker('--host', this.host, 'version').then(
        () => true,
        () => false,
      );
    while (!(await answers())) {
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`the engine ended:\n${readFileSync(log, 'utf8').slice(-2000)}`);
      }
      await delay(50);
    }
  }

  /** After a kill containerd dies of it, a moment later: an engine that starts meanwhile would wait for it in vain. */
  private async containerdEnded(): Promise<void> {
    const deadline = performance.now() + 5000;
    while (this.containerdRuns() && performance.now() < deadline) await delay(20);
  }

  private containerdRuns(): boolean {
    const pidFile = path.join(this.folder, 'exec/containerd/containerd.pid');
    return existsSync(pidFile) && existsSync(`/proc/${readFileSync(pidFile, 'utf8').trim()}`);
  }

  /** Copies an image of the tests' engine into it. */
  load(image: string): void {
    execFileSync('sh', ['-c', 'docker save "$1" | docker --host "$2" load', 'sh', image, this.host]);
  }

  /**
   * To its process: `SIGTERM` stops its containers first; after `SIGKILL` they run on until the next start, which stops
   * them; `SIGSTOP` freezes it.
   */
  async signal(signal: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const child = this.child!;
    const ends = signal === 'SIGTERM' || signal === 'SIGKILL';
    const exited = ends && child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
    child.kill(signal);
    await exited;
  }

  /** Its disk, and what an engine that was killed left mounted. */
  private unmount(): void {
    const places = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[1] ?? '');
    for (const place of places.filter((one) => one.startsWith(`${this.folder}/`)).toReversed()) {
      execFileSync('umount', ['--lazy', place]);
    }
  }

  /** Ends it, its containers and all that it stored. */
  async end(): Promise<void> {
    try {
      if (this.child) {
        if (this.child.exitCode !== null || this.child.signalCode !== null) await this.start();
        this.child.kill('SIGCONT');
        const containers = await docker('--host', this.host, 'ps', '--all', '--quiet');
        if (containers !== '') await docker('--host', this.host, 'rm', '--force', ...containers.split('\n'));
        await this.signal('SIGTERM');
      }
    } finally {
      this.unmount();
      rmSync(this.folder, { recursive: true, force: true });
    }
  }
}
