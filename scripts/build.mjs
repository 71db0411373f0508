// Builds everything that ships into dist/: the extension (ESM, split into lazily loaded files), the CLI, the host
// process and the playground page. `--watch` rebuilds on change.
import fs from 'node:fs';
import { cp, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import esbuild from 'esbuild';
import { notices } from './lib/notices.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const watch = process.argv.includes('--watch');
/** Put in the place of dist/ once it is whole: somebody may run what is there. */
const out = watch ? 'dist' : `dist-${process.pid}`;
const common = {
  absWorkingDir: root,
  bundle: true,
  minify: !watch,
  sourcemap: 'linked',
  sourcesContent: false,
  logLevel: 'warning',
  legalComments: 'none',
};

/** Packages written as CommonJS use require, __filename and __dirname; an ES module has none, so each file makes its own. */
const banner = {
  js: [
    "import { createRequire as makeRequire } from 'node:module';",
    'const require = makeRequire(import.meta.url);',
    'const { filename: __filename, dirname: __dirname } = import.meta;',
  ].join(''),
};

/**
 * An ES import of node:http reads all of its exports, among them those that load Node's whole fetch: 25 ms of every
 * command and host, and some megabytes. `require` does not.
 * @type {import('esbuild').Plugin}
 */
const lightHttp = {
  name: 'light-http',
  setup(build) {
    build.onResolve({ filter: /^node:http$/ }, ({ kind }) =>
      kind === 'require-call' ? undefined : { path: 'http', namespace: 'light' },
    );
    build.onLoad({ filter: /^http$/, namespace: 'light' }, () => ({
      contents: `module.exports = require('node:http');`,
    }));
  },
};

/** @type {import('esbuild').BuildOptions[]} */
const builds = [
  {
    ...common,
    entryPoints: { extension: 'src/extension.ts', cli: 'src/cli.ts', host: 'src/core/host/main.ts' },
    outdir: out,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    // Optional parts of Docker's client for connections over SSH, which are not offered.
    external: ['vscode', 'cpu-features', '*.node'],
    // ES modules where a package has them: only of these can what nobody uses be left out, and loaded lazily by name.
    mainFields: ['module', 'main'],
    plugins: [lightHttp],
    banner,
  },
  {
    ...common,
    // CDK's toolkit is CommonJS through and through, and finds its own files from the folder of its code.
    entryPoints: { deployer: 'infra/deployer/main.ts' },
    outdir: `${out}/deployer/lib`,
    outExtension: { '.js': '.cjs' },
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    sourcemap: false,
    external: ['fsevents', '*.node'],
    supported: { 'dynamic-import': true },
  },
  {
    ...common,
    entryPoints: { playground: 'webview/main.ts', report: 'webview/report/main.ts' },
    outdir: `${out}/webview`,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    loader: { '.ttf': 'file' },
  },
];

const runtime = path.join(root, 'infra/runtime');
const copyRuntime = () =>
  cp(runtime, path.join(root, out, 'runtime'), {
    recursive: true,
    filter: (source) => !source.includes('__pycache__'),
  });

/** Docker's client reads its protocol files beside its own file, which esbuild puts among the chunks. */
const copyProtocols = () =>
  cp(path.join(root, 'node_modules/dockerode/lib/proto'), path.join(root, out, 'chunks/proto'), { recursive: true });

/** What CDK's toolkit reads as it runs: its description of AWS's resources, the stack of its bootstrap, its version. */
const copyToolkit = async () => {
  // What an ejected deployment gets as its own.
  await cp(path.join(root, 'infra/app'), path.join(root, out, 'deployer/app'), { recursive: true });
  const toolkit = path.join(root, 'node_modules/@aws-cdk/toolkit-lib');
  for (const file of ['db.json.gz', 'lib/api/bootstrap/bootstrap-template.yaml', 'package.json']) {
    await cp(path.join(toolkit, file), path.join(root, out, 'deployer', file));
  }
};

await rm(path.join(root, out), { recursive: true, force: true });
if (watch) {
  // The two lines that .vscode/tasks.json waits for.
  console.log('Building');
  const contexts = await Promise.all(builds.map((options) => esbuild.context(options)));
  await Promise.allSettled(contexts.map((context) => context.rebuild()));
  for (const context of contexts) await context.watch();
  fs.watch(runtime, { recursive: true }, () => void copyRuntime());
  await copyRuntime();
  await copyProtocols();
  await copyToolkit();
  console.log('Watching');
} else {
  const built = await Promise.all(builds.map((options) => esbuild.build({ ...options, metafile: true })));
  await copyRuntime();
  await copyProtocols();
  await copyToolkit();
  await writeFile(path.join(root, out, 'THIRD-PARTY.txt'), notices(built.map(({ metafile }) => metafile)));
  const before = path.join(root, `${out}-before`);
  await rename(path.join(root, 'dist'), before).catch(() => undefined);
  await rename(path.join(root, out), path.join(root, 'dist'));
  await rm(before, { recursive: true, force: true });
}
