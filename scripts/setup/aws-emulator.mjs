// .cache/aws: a virtual environment with the emulator of AWS that the tests of the lambda target run against, with the
// packages pinned in test/aws/emulator/requirements.txt; reused until a requirement or the interpreter changes.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { awsPython, cache, isMain, root } from '../lib/paths.mjs';
import { main, step } from '../lib/progress.mjs';
import { runLogged } from '../lib/run.mjs';
import { chooseInstaller, environment, findPython, hash, setUpPython } from './python.mjs';

const folder = path.join(cache, 'aws');
const marker = path.join(folder, 'nimbus-requirements.txt');
const requirements = path.join(root, 'test/aws/emulator/requirements.txt');

/** Needs the Python environment, whose uv it uses. */
export async function setUpAwsEmulator() {
  const { command, identity } = findPython();
  const wanted = hash(requirements, identity);
  if (existsSync(marker) && existsSync(awsPython) && readFileSync(marker, 'utf8') === wanted) return 'up to date';
  const env = environment();
  rmSync(folder, { recursive: true, force: true });
  await runLogged('aws-emulator', [...command, '-m', 'venv', folder], { env });
  const installer = await chooseInstaller(awsPython, env);
  await runLogged('aws-emulator', [...installer, '--require-hashes', '-r', requirements], { env });
  // Written last: an environment that was interrupted halfway is made again.
  writeFileSync(marker, wanted);
  return undefined;
}

if (isMain(import.meta.url)) {
  await main(async () => {
    await step('Python environment', () => setUpPython());
    await step('AWS emulator', setUpAwsEmulator);
  });
}
