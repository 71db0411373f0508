// A process that makes an environment: `node create-process.ts PLAN` (JSON). It prints each stage and the outcome.
import { createEnvironment } from '../../../src/core/environment/create.ts';

const plan = JSON.parse(process.argv[2] ?? '') as Parameters<typeof createEnvironment>[0];
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const result = await createEnvironment(plan, {
  log: () => {},
  stage: (_name, change) => print(change?.detail ?? ''),
  signal: new AbortController().signal,
});
print(JSON.stringify(result));
