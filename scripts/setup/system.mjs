// What no package manager of a language brings: on Debian and Ubuntu as root it is installed, elsewhere it is named.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { findBrowser } from '../lib/browser.mjs';
import { engineVersion } from '../lib/engine.mjs';
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
    present: () => isThere('wrk'),
    debian: ['wrk'],
    elsewhere: 'wrk: https://github.com/wg/wrk',
  },
  docker: {
    title: 'Docker',
    // A client alone is enough where the engine is elsewhere.
    present: () => engineVersion() !== undefined || (isThere('docker') && isThere('dockerd')),
    // The engine's package brings the command up to Debian 12, and only suggests it after that.
    debian: ['docker.io', 'iptables', ...(debianRelease() >= 13 ? ['docker-cli'] : [])],
    elsewhere: 'Docker: https://docs.docker.com/get-started/get-docker/',
  },
  registry: {
    title: 'a registry of images',
    present: () => isThere('docker-registry'),
    debian: ['docker-registry'],
    elsewhere: 'docker-registry: https://distribution.github.io/distribution/about/deploying/',
  },
  baseImages: {
    title: 'mmdebstrap, which makes base images',
    present: () => !isDebianRoot() || isThere('mmdebstrap'),
    debian: ['mmdebstrap', 'debian-archive-keyring'],
    elsewhere: '',
  },
  browser: {
    title: 'a browser',
    present: () => findBrowser() !== undefined,
    debian: ['chromium', 'fonts-dejavu-core', 'fonts-noto-core'],
    elsewhere: 'Chromium, Chrome or Edge: https://www.google.com/chrome/ (or its program file in CHROME_PATH)',
  },
};

/** What scripts/setup/docker.mjs needs. */
export const DOCKER_NEEDS = /** @type {const} */ (['python', 'docker', 'registry', 'baseImages']);

/** Whether system packages can be installed from here. */
export function isDebianRoot() {
  return existsSync('/etc/debian_version') && process.getuid?.() === 0;
}

/** Of Debian itself, as a number; NaN on what is made of Debian, or of its testing release. */
function debianRelease() {
  return existsSync('/etc/debian_version')
    ? Number.parseFloat(readFileSync('/etc/debian_version', 'utf8'))
    : Number.NaN;
}

function isThere(command) {
  return spawnSync(command, ['--version']).error === undefined;
}

/**
 * @param {readonly (keyof typeof NEEDS)[]} names
 * @returns what it did
 * @throws {SetupError} naming all that is missing, where it cannot be installed from here
 */
export async function setUpSystem(names) {
  const missing = names.map((name) => NEEDS[name]).filter((need) => !need.present());
  if (missing.length === 0) return 'up to date';
  const packages = missing.flatMap((need) => need.debian);
  if (isDebianRoot()) {
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
