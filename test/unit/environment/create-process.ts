// A process that makes an environment: `node create-process.ts PLAN [STAGE GATE]`. It prints each stage and the outcome;
// before that stage it stands still until the file GATE is there.
import { existsSync } from 'node:fs';
import { createEnvironment } from '../../../src/core/environment/create.ts';

const plan = JSON.parse(process.argv[2] ?? '') as Parameters<typeof createEnvironment>[0];
const [, , , stage, gate] = process.argv;
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const result = await createEnvironment(plan, {
  log: () => {},
  stage: (_name, change) => {
    print(change?.detail ?? '');
    if (gate === undefined || change?.detail !== stage) return;
    // Nothing of this process may run meanwhile, as in one that was suspended.
    while (!existsSync(gate)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  },
  signal: new AbortController().signal,
});
print(JSON.stringify(result));
