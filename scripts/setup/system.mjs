// What no package manager of a language brings: on Debian and Ubuntu as root it is installed, elsewhere it is named.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';
import { findBrowser } from '../lib/browser.mjs';
import { isMain } from '../lib/paths.mjs';
import { main, step } from '../lib/progress.mjs';
import { SetupError, output, runLogged } from '../lib/run.mjs';

const NEEDS = {
  python: {
    title: 'Python with venv',
    present: () =>
      ['python3', 'python', 'py'].some((name) => output([name, '-c', 'import venv, ensurepip']) !== undefined),
    debian: ['python3', 'python3-venv'],
    elsewhere: 'Python 3.9 or newer: https://www.python.org/downloads/',
  },
  load: {
    title: 'wrk, which puts servers under load',
    present: () => spawnSync('wrk', ['-v']).error === undefined,
    debian: ['wrk'],
    elsewhere: 'wrk: https://github.com/wg/wrk',
  },
  browser: {
    title: 'a browser',
    present: () => findBrowser() !== undefined,
    debian: ['chromium', 'fonts-dejavu-core', 'fonts-noto-core'],
    elsewhere: 'Chromium, Chrome or Edge: https://www.google.com/chrome/ (or its program file in CHROME_PATH)',
  },
};

/**
 * @param {(keyof typeof NEEDS)[]} names
 * @returns what it did
 * @throws {SetupError} naming all that is missing, where it cannot be installed from here
 */
export async function setUpSystem(names) {
  const missing = names.map((name) => NEEDS[name]).filter((need) => !need.present());
  if (missing.length === 0) return 'up to date';
  const packages = missing.flatMap((need) => need.debian);
  if (existsSync('/etc/debian_version') && process.getuid?.() === 0) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    await runLogged('system', ['apt-get', 'update', '-q'], { env });
    await runLogged('system', ['apt-get', 'install', '-y', '-q', '--no-install-recommends', ...packages], { env });
    return packages.join(', ');
  }
  const how = existsSync('/etc/debian_version')
    ? `Run: sudo apt-get install ${packages.join(' ')}`
    : `Install:\n${missing.map((need) => `  ${need.elsewhere}`).join('\n')}`;
  throw new SetupError(`Missing: ${missing.map((need) => need.title).join(', ')}.\n${how}\nThen run this again.`);
}

if (isMain(import.meta.url)) await main(() => step('System packages', () => setUpSystem(['python', 'browser'])));
