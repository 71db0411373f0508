// `npm run bench`: measures Nimbus against FastAPI + uvicorn and a bare script, and writes docs/benchmarks.md.
// `-- --rounds 3` for a quick look (the figures in docs are made with 7).
import path from 'node:path';
import { parseArgs } from 'node:util';
import { cache, node, root } from './lib/paths.mjs';
import { main, step } from './lib/progress.mjs';
import { runLogged } from './lib/run.mjs';
import { stages } from './lib/stages.mjs';
import { setUp } from './setup.mjs';
import { setUpSystem } from './setup/system.mjs';

await main(async () => {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '7' } } });
  const results = path.join(root, 'bench/results/latest.json');
  const activation = path.join(root, 'bench/results/activation.json');
  await setUp({ browser: true, codeServer: true, bench: true });
  await step('Load generator', () => setUpSystem(['load']));
  for (const command of stages.package.commands) await step('Build and package', () => runLogged('package', command));
  const python = path.join(cache, 'python/bin/python');
  const measure = [
    python,
    '-u',
    path.join(root, 'bench/bench.py'),
    '--node',
    node,
    '--rounds',
    values.rounds,
    '--out',
    results,
  ];
  await step('Rows 1, 2, 5, 6, 7, 8 and 10', () => runLogged('bench', measure));
  await step('Row 9', () => runLogged('activation', [node, path.join(root, 'bench/activation.ts'), activation]));
  const page = path.join(root, 'docs/benchmarks.md');
  await step('docs/benchmarks.md', () =>
    runLogged('report', [node, path.join(root, 'bench/report.ts'), results, activation, page]),
  );
});
