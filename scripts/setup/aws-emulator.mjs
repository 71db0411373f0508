// .cache/aws: a virtual environment with the emulator of AWS that the tests of the lambda target run against, with the
// packages pinned in test/aws/emulator/requirements.txt; reused until a requirement or the interpreter changes.
import path from 'node:path';
import { awsPython, isMain, root } from '../lib/paths.mjs';
import { main, step } from '../lib/progress.mjs';
import { findPython, hash, setUpEnvironment, setUpPython } from './python.mjs';

const requirements = path.join(root, 'test/aws/emulator/requirements.txt');

/** Needs the Python environment, whose uv it uses. */
export async function setUpAwsEmulator() {
  const { command, identity } = findPython();
  const wanted = hash(requirements, identity);
  const packages = () => ['--require-hashes', '-r', requirements];
  const isNew = await setUpEnvironment('aws', { interpreter: awsPython, command, wanted, packages });
  return isNew ? undefined : 'up to date';
}

if (isMain(import.meta.url)) {
  await main(async () => {
    await step('Python environment', () => setUpPython());
    await step('AWS emulator', setUpAwsEmulator);
  });
}
