// Everything that `npm start` and `npm test` need, each made once and again only when its description changed.
import { parseArgs } from 'node:util';
import { isMain } from './lib/paths.mjs';
import { main, step } from './lib/progress.mjs';
import { setUpAwsEmulator } from './setup/aws-emulator.mjs';
import { setUpCodeServer } from './setup/code-server.mjs';
import { setUpDocker } from './setup/docker.mjs';
import { setUpFrameworks } from './setup/frameworks.mjs';
import { setUpNodeModules } from './setup/node-modules.mjs';
import { setUpOtherPythons } from './setup/other-pythons.mjs';
import { setUpPython } from './setup/python.mjs';
import { setUpFrameworkSamples, setUpSamples } from './setup/samples.mjs';
import { DOCKER_NEEDS, setUpSystem } from './setup/system.mjs';

/**
 * With `docker`, an engine may have been started: `leaveEngine` at the end, also after a failure.
 * @param {{ aws?: boolean, browser?: boolean, codeServer?: boolean, bench?: boolean, frameworks?: boolean, docker?: boolean,
 *   tests?: boolean }} options
 *   what is needed beside Node packages, Python and the sample models
 */
export async function setUp({
  aws = false,
  browser = false,
  codeServer = false,
  bench = false,
  frameworks = false,
  docker = false,
  tests = false,
}) {
  const needs = ['python', ...(browser ? ['browser'] : []), ...(docker ? DOCKER_NEEDS : [])];
  await step('System packages', () => setUpSystem(needs));
  const pythonReady = step('Python environment', () => setUpPython({ bench, tests }));
  const work = [step('Node packages', setUpNodeModules), setUpModels(pythonReady, { frameworks, tests })];
  if (aws) work.push(pythonReady.then(() => step('AWS emulator', setUpAwsEmulator)));
  if (docker) work.push(setUpDocker(pythonReady));
  if (codeServer) work.push(step('VS Code in the browser (code-server)', setUpCodeServer));
  // Every step is let finish, so that a second run finds whole what the first could make.
  const failed = (await Promise.allSettled(work)).filter((result) => result.status === 'rejected');
  if (failed.length > 0) throw failed[0].reason;
}

async function setUpModels(pythonReady, { frameworks, tests }) {
  await pythonReady;
  if (tests) await step('Other versions of Python', setUpOtherPythons);
  await step('Sample models', setUpSamples);
  if (!frameworks) return;
  await step('Frameworks', setUpFrameworks);
  await step('Sample models of the frameworks', setUpFrameworkSamples);
}

if (isMain(import.meta.url)) {
  const flag = /** @type {const} */ ({ type: 'boolean' });
  const options = { aws: flag, browser: flag, 'code-server': flag, bench: flag, frameworks: flag, tests: flag };
  const { values } = parseArgs({ options });
  await main(() => setUp({ ...values, codeServer: values['code-server'] }));
}
