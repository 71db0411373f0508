// What `npm test` runs, as data.
import path from 'node:path';
import { artifacts, node, root } from './paths.mjs';

const bin = (file) => [node, path.join(root, 'node_modules', file)];

/** The packaged extension that the end-to-end tests install. */
export const vsix = path.join(artifacts, 'nimbus.vsix');

const build = [node, path.join(root, 'scripts/build.mjs')];

/**
 * The command that runs test files with mocha.
 * @param {{ files: string[], timeoutSeconds: number }} tests
 * @param {string} report the file that its `Report` of mocha-reporter.mjs goes to
 */
export function mocha({ files, timeoutSeconds }, report) {
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
    `output=${report}`,
    ...files,
  ];
}

/** Where a stage that runs tests writes what came of them, a `Report` of mocha-reporter.mjs. */
export function reportOf(stage, folder = artifacts) {
  return path.join(folder, `${stage}.json`);
}

/**
 * @typedef {object} Stage
 * @property {string} title
 * @property {number} deadlineSeconds for each command
 * @property {boolean} tests whether it writes a report; the others count as one each and run first, one by one
 * @property {string[][]} [commands] run one after the other until one fails
 * @property {{ files: string[], timeoutSeconds: number }} [mocha] in place of commands: test files, and the time of a test.
 *   A few that fail are run again.
 * @property {string[]} [needs] stages that run before it, chosen or not
 * @property {true} [frameworks] whether it needs the environment with the large frameworks
 * @property {true} [docker] whether it needs an engine and base images
 * @property {true} [aws] whether it needs the emulator
 */

/**
 * Those with `tests` run side by side, which is why the longest comes first.
 * @type {Record<string, Stage>}
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
    deadlineSeconds: 300,
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
    deadlineSeconds: 2400,
    tests: true,
    docker: true,
    mocha: { files: ['test/docker/**/*.test.ts'], timeoutSeconds: 120 },
  },
  unit: {
    title: 'Unit',
    deadlineSeconds: 1200,
    tests: true,
    mocha: { files: ['test/unit/**/*.test.ts'], timeoutSeconds: 20 },
  },
  runtime: {
    title: 'Python runtime',
    deadlineSeconds: 1800,
    tests: true,
    frameworks: true,
    mocha: { files: ['test/runtime/**/*.test.ts'], timeoutSeconds: 60 },
  },
  host: {
    title: 'Host, with real Python',
    deadlineSeconds: 1800,
    tests: true,
    frameworks: true,
    mocha: { files: ['test/host/**/*.test.ts'], timeoutSeconds: 60 },
  },
  cli: {
    title: 'Command line',
    deadlineSeconds: 1800,
    tests: true,
    needs: ['package'],
    frameworks: true,
    docker: true,
    mocha: { files: ['test/cli/**/*.test.ts'], timeoutSeconds: 60 },
  },
  aws: {
    title: 'AWS, emulated',
    deadlineSeconds: 2700,
    tests: true,
    needs: ['package'],
    frameworks: true,
    aws: true,
    docker: true,
    mocha: { files: ['test/aws/**/*.test.ts'], timeoutSeconds: 120 },
  },
  webview: {
    title: 'Playground page',
    deadlineSeconds: 1200,
    tests: true,
    mocha: { files: ['test/webview/**/*.test.ts'], timeoutSeconds: 30 },
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
    deadlineSeconds: 2400,
    tests: true,
    needs: ['package'],
    frameworks: true,
    docker: true,
    aws: true,
    mocha: { files: ['test/e2e/*.test.ts'], timeoutSeconds: 120 },
  },
};
