/** The host's process. Arguments: `--project DIR [--serve] [--runtime DIR]`; ends at once where another host lives. */
import { realpathSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runHost } from './run.ts';

const { values } = parseArgs({
  options: { project: { type: 'string' }, serve: { type: 'boolean' }, runtime: { type: 'string' } },
});
if (values.project === undefined) {
  process.stderr.write('usage: host --project DIR [--serve] [--runtime DIR]\n');
  process.exit(2);
}
const serve = values.serve ?? false;
const elected = await runHost({
  project: realpathSync(values.project),
  serve,
  ...(values.runtime === undefined ? {} : { runtime: values.runtime }),
  onListening: (hello) => serve && process.stdout.write(`${JSON.stringify(hello)}\n`),
});
if (!elected) {
  process.stderr.write('Another host serves this project.\n');
  process.exit(0);
}
