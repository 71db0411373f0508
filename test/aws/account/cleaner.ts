/**
 * A process of its own that cleans up after a run, however that ends: it was started before anything was made, in a session
 * of its own, and its standard input closes when the runner's process is gone, also where that was killed.
 * Argument: what it needs to know, as JSON. It reaches AWS by its environment, as the runner did. Ends with 1 where something
 * is left.
 */
import process from 'node:process';
import { once } from 'node:events';
import { killRun } from '../../../scripts/lib/supervise.mjs';
import { awsConfig } from '../../../src/core/cloud/aws.ts';
import { cleanRun } from './clean.ts';
import { report } from './report.ts';

export interface CleanerTask {
  region: string;
  run: string;
  madeImages: boolean;
  /** By which its processes are found: see `supervise`. */
  processes: string;
}

const { region, run, madeImages, processes } = JSON.parse(process.argv[2]!) as CleanerTask;
// Who ends the run by the keyboard, or closes the terminal, wants it cleaned up.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

// Nobody writes to it.
process.stdin.resume();
await once(process.stdin, 'close');
await killRun(processes);
const config = await awsConfig(region, process.env);
try {
  const say = (line: string): void => console.log(`clean-up: ${line}`);
  const left = await cleanRun(config, { run, madeImages }, say);
  process.exitCode = report(run, left);
} catch (error) {
  console.error(`clean-up: ${(error as Error).message}`);
  console.error(`clean-up: the rest goes with: npm run test:aws -- --clean ${run}`);
  process.exitCode = 1;
}
