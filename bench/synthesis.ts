/**
 * Row 16: the deployer's synthesis of a stack, in a fresh process and in one that is warm, and how long it takes to become
 * that. `node bench/synthesis.ts --rounds 7 --out bench/results/cloud.json`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { MADE_UP } from '../infra/deployer/made-up.ts';
import { startDeployer } from '../src/core/cloud/deployer.ts';
import { keepRow, rounds } from './cloud-rows.ts';
import type { Round } from './medians.ts';

const bundle = path.resolve(import.meta.dirname, '../dist/deployer/lib/deployer.cjs');
const measured: Round[] = [];
for (let round = 0; round <= rounds; round += 1) {
  const one = await measure(round);
  console.log(`round ${round}: ${JSON.stringify(one)}`);
  measured.push(one);
}
keepRow('16', measured.slice(1));

/** Milliseconds; another model each time. */
async function measure(round: number): Promise<Round> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'nimbus-bench-'));
  const begin = performance.now();
  const client = await startDeployer({ program: bundle, onEvent: () => undefined });
  const synthesise = async (name: string): Promise<number> => {
    const started = performance.now();
    const card = { ...MADE_UP.card, model: name };
    const description = { ...MADE_UP, model: name, card, stackName: `nimbus-${name}`, memoryMb: 512 + round };
    const done = await client.api.synthesise({ kind: 'deployment', description }, path.join(folder, name));
    if (!done.ok) throw new Error(JSON.stringify(done.error));
    return performance.now() - started;
  };
  try {
    const { importMs, synthesisMs } = await client.api.warm();
    const warmAfter = performance.now() - begin;
    const warm = await synthesise('one');
    return { cold: importMs + synthesisMs, warmAfter, warm };
  } finally {
    await client.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}
