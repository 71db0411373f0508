import { spawn } from 'node:child_process';

/**
 * Ends this process `ms` milliseconds from now if it has not ended by itself. Another process does it: `process.exit`
 * stops this one's threads and then waits for every file operation under way, without end for one that the system does
 * not answer (a pipe that nobody writes to, a drive that is gone, `/proc` of a process that is stuck).
 */
export function endByForce(ms: number): void {
  // Its input ends with this process: then there is nothing to do, and nobody else to hit.
  const program = `process.stdin.on('end', () => process.exit()).resume();
    setTimeout(() => process.kill(${process.pid}, 'SIGKILL'), ${ms});`;
  const { NODE_OPTIONS: _, ...env } = process.env;
  const child = spawn(process.execPath, ['-e', program], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    windowsHide: true,
    env,
  });
  // Without it the process ends as processes do.
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.unref();
}
