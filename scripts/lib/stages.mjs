// What `npm test` runs, as data.
import path from 'node:path';
import { artifacts, node, root } from './paths.mjs';

const bin = (file) => [node, path.join(root, 'node_modules', file)];

/** The packaged extension that the end-to-end tests install. */
export const vsix = path.join(artifacts, 'nimbus.vsix');

const build = [node, path.join(root, 'scripts/build.mjs')];

function mocha(stage, specs, timeoutSeconds) {
  return [
    ...bin('mocha/bin/mocha.js'),
    '--no-config',
    '--forbid-only',
    '--exit',
    '--timeout',
    String(timeoutSeconds * 1000),
    '--reporter',
    path.join(root, 'scripts/lib/mocha-reporter.mjs'),
    '--reporter-option',
    `output=${reportOf(stage)}`,
    ...specs,
  ];
}

/** Where a stage that runs tests writes its counts, a `Report` of mocha-reporter.mjs. */
export function reportOf(stage) {
  return path.join(artifacts, `${stage}.json`);
}

/**
 * A stage's commands run one after the other until one fails. `tests` says that it writes a report; the others count
 * as one each and run first, one by one. Those with `tests` run side by side, which is why the longest comes first.
 * `needs` run before it, chosen or not; `frameworks` says that it needs the environment with the large frameworks, `docker`
 * that it needs an engine and base images, `aws` that it needs the emulator. The deadline is for each command.
 * @type {Record<string, { title: string, deadlineSeconds: number, tests: boolean, needs?: string[], aws?: true,
 *   frameworks?: true, docker?: true,
 *   commands: string[][] }>}
 */
export const stages = {
  types: {
    title: 'Types',
    deadlineSeconds: 120,
    tests: false,
    commands: [[...bin('typescript/bin/tsc'), '--noEmit', '-p', root]],
  },
  lint: {
    title: 'Lint',
    deadlineSeconds: 120,
    tests: false,
    commands: [
      [...bin('oxlint/bin/oxlint'), '--deny-warnings'],
      [...bin('oxfmt/bin/oxfmt'), '--check'],
    ],
  },
  package: {
    title: 'Build and package',
    deadlineSeconds: 180,
    tests: false,
    commands: [
      build,
      [
        ...bin('@vscode/vsce/vsce'),
        'package',
        '--no-dependencies',
        '--allow-missing-repository',
        '--no-rewrite-relative-links',
        '--out',
        vsix,
      ],
    ],
  },
  docker: {
    title: 'Docker, with a real engine',
    deadlineSeconds: 1500,
    tests: true,
    docker: true,
    commands: [mocha('docker', ['test/docker/**/*.test.ts'], 120)],
  },
  unit: {
    title: 'Unit',
    deadlineSeconds: 600,
    tests: true,
    commands: [mocha('unit', ['test/unit/**/*.test.ts'], 20)],
  },
  runtime: {
    title: 'Python runtime',
    deadlineSeconds: 900,
    tests: true,
    frameworks: true,
    commands: [mocha('runtime', ['test/runtime/**/*.test.ts'], 60)],
  },
  host: {
    title: 'Host, with real Python',
    deadlineSeconds: 900,
    tests: true,
    frameworks: true,
    commands: [mocha('host', ['test/host/**/*.test.ts'], 60)],
  },
  cli: {
    title: 'Command line',
    deadlineSeconds: 900,
    tests: true,
    needs: ['package'],
    frameworks: true,
    docker: true,
    commands: [mocha('cli', ['test/cli/**/*.test.ts'], 60)],
  },
  aws: {
    title: 'AWS, emulated',
    deadlineSeconds: 900,
    tests: true,
    aws: true,
    docker: true,
    commands: [mocha('aws', ['test/aws/**/*.test.ts'], 120)],
  },
  webview: {
    title: 'Playground page',
    deadlineSeconds: 600,
    tests: true,
    commands: [mocha('webview', ['test/webview/**/*.test.ts'], 30)],
  },
  editor: {
    title: 'Inside the extension host',
    deadlineSeconds: 300,
    tests: true,
    needs: ['package'],
    commands: [[node, path.join(root, 'test/editor/run.ts'), reportOf('editor')]],
  },
  e2e: {
    title: 'End to end',
    deadlineSeconds: 1500,
    tests: true,
    needs: ['package'],
    frameworks: true,
    docker: true,
    aws: true,
    commands: [mocha('e2e', ['test/e2e/*.test.ts'], 120)],
  },
};
