// A process that runs a batch of a file: `node batch-process.ts URL FILE OUT`. It ends with 1 where not all was answered.
import { open } from 'node:fs/promises';
import { runBatch } from '../../../src/core/invoke/batch.ts';
import { openInputs } from '../../../src/core/invoke/inputs.ts';

const [, , url = '', file = '', out = ''] = process.argv;
const inputs = await openInputs(file);
if (!inputs.ok) throw new Error(inputs.error.what);
const answers = await open(out, 'w');
const done = await runBatch({
  url,
  inputs: inputs.value.items,
  concurrency: 2,
  timeoutMs: 29_000,
  signal: new AbortController().signal,
  write: async (lines) => {
    await answers.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  },
  onProgress: () => undefined,
});
await answers.close();
if (done.error || done.failed > 0) throw new Error(JSON.stringify(done));
