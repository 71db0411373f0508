// `npm run bench`: measures Nimbus against FastAPI + uvicorn and a bare script, and writes docs/benchmarks.md.
// `-- --rounds 3` for a quick look (the figures in docs are made with 7).
import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { leaveEngine } from './lib/engine.mjs';
import { cache, node, root } from './lib/paths.mjs';
import { main, step } from './lib/progress.mjs';
import { runLogged } from './lib/run.mjs';
import { stages } from './lib/stages.mjs';
import { setUp } from './setup.mjs';
import { setUpSystem } from './setup/system.mjs';

/** As the tests of the docker target build: on the bases that set-up made, with the machine's certificates. */
const building = {
  NIMBUS_BASE_IMAGES: '3.11=nimbus-test/python:3.11-slim 3.13=nimbus-test/lambda-python:3.13',
  ...(existsSync('/etc/ssl/certs/ca-certificates.crt')
    ? { NIMBUS_CA_CERTIFICATES: '/etc/ssl/certs/ca-certificates.crt' }
    : {}),
};

await main(async () => {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '7' } } });
  const results = (name) => path.join(root, 'bench/results', `${name}.json`);
  const python = path.join(cache, 'python/bin/python');
  const program = (name, out, env = {}) =>
    runLogged(
      name,
      [python, '-u', path.join(root, `bench/${name}.py`), '--node', node, '--rounds', values.rounds, '--out', out],
      { env: { ...process.env, ...env } },
    );
  try {
    await setUp({ aws: true, browser: true, codeServer: true, bench: true, docker: true });
    await step('Load generator', () => setUpSystem(['load']));
    for (const command of stages.package.commands) await step('Build and package', () => runLogged('package', command));
    await step('Rows 1, 2, 5, 6, 7, 8 and 10', () => program('bench', results('latest')));
    await step('Rows 11, 12 and 13', () => program('image', results('image'), building));
    await step('Row 17', () => program('push', results('image'), building));
    for (const [row, name] of [
      ['14', 'redeploy'],
      ['15', 'update'],
      ['16', 'synthesis'],
    ]) {
      const command = [node, path.join(root, `bench/${name}.ts`), '--rounds', values.rounds, '--out', results('cloud')];
      await step(`Row ${row}`, () => runLogged(name, command));
    }
  } finally {
    await leaveEngine();
  }
  const activation = [node, path.join(root, 'bench/activation.ts'), results('activation')];
  await step('Row 9', () => runLogged('activation', activation));
  const page = path.join(root, 'docs/benchmarks.md');
  const files = [results('latest'), results('activation'), page, results('image'), results('cloud')];
  const report = [node, path.join(root, 'bench/report.ts'), ...files];
  await step('docs/benchmarks.md', () => runLogged('report', report));
});
