// What the tests of the docker target run on: an engine, and the images that functions are built on. On Debian as root
// these are stand-ins, made from Debian's own packages without any image registry; elsewhere the real ones are pulled.
// By hand: `node scripts/setup/docker.mjs` leaves the engine running, `… --stop` ends it.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { leaveEngine, useEngine } from '../lib/engine.mjs';
import { cache, isMain, python, root } from '../lib/paths.mjs';
import { main, step } from '../lib/progress.mjs';
import { output, runLogged } from '../lib/run.mjs';
import { setUpPython } from './python.mjs';
import { DOCKER_NEEDS, isDebianRoot, setUpSystem } from './system.mjs';

const folder = path.join(cache, 'docker');
const fixtures = path.join(root, 'test/docker/base');
/** Of AWS's runtime client, beside the fixtures. */
const REQUIREMENTS = 'runtime-client.txt';
/** On the images: what they were made from. */
const LABEL = 'nimbus-test.made-from';

/**
 * An image that functions are built on. `suite` is the release of Debian whose Python has that version, `prefix` where
 * the image has it; `files` are copied into it from test/docker/base, AWS's runtime client to `runtimeClient`;
 * `settings` are the image's, as in a Dockerfile.
 * @typedef {object} Base
 * @property {string} real
 * @property {string} suite
 * @property {string} python
 * @property {string} prefix
 * @property {Record<string, string>} files
 * @property {string[]} folders that Debian has not
 * @property {string} [runtimeClient]
 * @property {string[]} settings
 */

/** @type {Record<string, Base>} */
const BASES = {
  'nimbus-test/lambda-python:3.13': {
    real: 'public.ecr.aws/lambda/python:3.13',
    suite: 'trixie',
    python: '3.13',
    prefix: '/var/lang',
    files: {
      'lambda-entrypoint.sh': '/lambda-entrypoint.sh',
      bootstrap: '/var/runtime/bootstrap',
      'bootstrap.py': '/var/runtime/bootstrap.py',
      'aws-lambda-rie': '/usr/local/bin/aws-lambda-rie',
      dnf: '/usr/bin/dnf',
    },
    folders: ['/var/runtime', '/var/task'],
    runtimeClient: '/var/runtime',
    settings: [
      'ENV LANG=en_US.UTF-8 TZ=:/etc/localtime',
      'ENV PATH=/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin',
      'ENV LD_LIBRARY_PATH=/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib',
      'ENV LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime',
      'WORKDIR /var/task',
      'ENTRYPOINT ["/lambda-entrypoint.sh"]',
    ],
  },
  'nimbus-test/python:3.11-slim': {
    real: 'python:3.11-slim',
    suite: 'bookworm',
    python: '3.11',
    prefix: '/usr/local',
    files: {},
    folders: [],
    settings: [
      'ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin',
      'ENV LANG=C.UTF-8',
      'CMD ["python3"]',
    ],
  },
};

/** Of mmdebstrap: a program that merges /usr would bring all of Perl, 60 MB; in a new system there is nothing to merge. */
const WITHOUT_USRMERGE = [
  '--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr',
  `--setup-hook=printf 'Package: usrmerge\\nPin: release *\\nPin-Priority: -1\\n' > "$1/etc/apt/preferences.d/usrmerge"`,
  '--customize-hook=rm "$1/etc/apt/preferences.d/usrmerge"',
];

const ARCHITECTURES = { x64: 'x86_64', arm64: 'aarch64' };

/** Where `setUpDocker` keeps AWS's runtime client for a version of Python (`3.13`), a folder for its search path. */
export function runtimeClient(version) {
  return path.join(folder, `runtime-client-${version}`);
}

/**
 * Needs the system packages of `DOCKER_NEEDS`. Whoever calls it calls `leaveEngine` at the end, also after a failure.
 * @param {Promise<unknown>} pythonReady resolved once the Python environment is there, whose pip it uses
 * @param {{ keep?: boolean }} [options] keep: the engine is used until `leaveEngine({ keep })`
 */
export async function setUpDocker(pythonReady, { keep = false } = {}) {
  await step('Docker engine', () => useEngine({ keep }));
  await step('Base images', async () => {
    mkdirSync(folder, { recursive: true });
    const work = Object.entries(BASES).map(([name, base]) => setUpBase(name, base, pythonReady));
    const made = (await Promise.all(work)).filter((one) => one !== undefined);
    return made.length === 0 ? 'up to date' : made.join(', ');
  });
}

/** @returns what it did, undefined for nothing */
async function setUpBase(name, base, pythonReady) {
  const madeFrom = isDebianRoot() ? hashOf(base) : base.real;
  const label = `{{.Id}} {{index .Config.Labels "${LABEL}"}}`;
  const there = output(['docker', 'image', 'inspect', '--format', label, name])?.split(' ');
  const system = there?.[1] === madeFrom || !isDebianRoot() ? undefined : await makeSystem(base);
  await pythonReady;
  await installRuntimeClient(base.python);
  if (!isDebianRoot()) {
    if (there !== undefined) return undefined;
    await runLogged('docker', ['docker', 'pull', base.real]);
    await runLogged('docker', ['docker', 'tag', base.real, name]);
    return `${base.real} pulled`;
  }
  if (system === undefined) return undefined;
  await importImage(name, base, system, madeFrom);
  // An image that something was built on stays.
  if (there !== undefined) output(['docker', 'image', 'rm', there[0]]);
  return `${name} made`;
}

function hashOf(base) {
  const hash = createHash('sha256').update(JSON.stringify([base, recipe(base), process.arch]));
  for (const file of [...Object.keys(base.files), REQUIREMENTS]) hash.update(readFileSync(path.join(fixtures, file)));
  return hash.digest('hex');
}

/** mmdebstrap's arguments but for the file that it makes. */
function recipe({ suite, python: version, prefix }) {
  // The headers that the real images have, for packages that are compiled; the whole package brings a C library's too.
  const headers = [
    'cd /tmp',
    `apt-get download -q libpython${version}-dev`,
    'dpkg-deb --fsys-tarfile libpython*.deb | tar -x -C / ./usr/include',
    'rm libpython*.deb',
  ].join(' && ');
  return [
    '--variant=essential',
    '--include=apt,ca-certificates,python3,python3-venv,tzdata',
    ...['doc', 'info', 'locale', 'man'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`),
    ...(suite === 'bookworm' ? WITHOUT_USRMERGE : []),
    `--customize-hook=chroot "$1" python${version} -m venv --copies ${prefix}`,
    `--customize-hook=cd "$1${prefix}/bin" && ln -sf python${version} python3 && ln -sf python3 python`,
    `--customize-hook=chroot "$1" sh -c '${headers}'`,
    suite,
  ];
}

/**
 * Debian with Python at the base's prefix, kept in .cache/docker.
 * @returns its tar file
 */
async function makeSystem(base) {
  const hash = createHash('sha256').update(recipe(base).join('\n')).digest('hex').slice(0, 12);
  const file = path.join(folder, `${base.suite}-${hash}.tar`);
  if (existsSync(file)) return file;
  for (const old of readdirSync(folder).filter((name) => name.startsWith(`${base.suite}-`))) {
    rmSync(path.join(folder, old));
  }
  const half = path.join(folder, `${base.suite}-half.tar`);
  await runLogged(`docker-${base.suite}`, ['mmdebstrap', ...recipe(base), half]);
  renameSync(half, file);
  return file;
}

/** For the engine's architecture where that is this machine's; as wheels, so that nothing is compiled. */
async function installRuntimeClient(version) {
  const target = runtimeClient(version);
  const marker = path.join(target, '.nimbus-requirements');
  const requirements = path.join(fixtures, REQUIREMENTS);
  const wanted = readFileSync(requirements, 'utf8');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return;
  rmSync(target, { recursive: true, force: true });
  const machine = ARCHITECTURES[process.arch];
  const platforms = ['manylinux2014', 'manylinux_2_28'].flatMap((name) => ['--platform', `${name}_${machine}`]);
  const kind = ['--python-version', version, ...platforms, '--only-binary', ':all:', '--no-compile', '--no-deps'];
  const install = [python, '-m', 'pip', 'install', '--quiet', '--require-hashes', '-r', requirements, ...kind];
  await runLogged(`docker-${version}`, [...install, '--target', target]);
  writeFileSync(marker, wanted);
}

async function importImage(name, base, system, madeFrom) {
  const log = `docker-${base.suite}`;
  const added = path.join(folder, `${base.suite}-added`);
  const whole = path.join(folder, `${base.suite}-whole.tar`);
  rmSync(added, { recursive: true, force: true });
  for (const made of base.folders) mkdirSync(path.join(added, made), { recursive: true });
  if (base.runtimeClient !== undefined) {
    cpSync(runtimeClient(base.python), path.join(added, base.runtimeClient), { recursive: true });
  }
  for (const [file, at] of Object.entries(base.files)) cpSync(path.join(fixtures, file), path.join(added, at));
  cpSync(system, whole);
  // The engine refuses an archive that names a path twice: what Debian has already is left out.
  const alone = Object.values(base.files).filter((at) => !base.folders.some((made) => at.startsWith(`${made}/`)));
  const names = [...base.folders, ...alone].map((name) => `.${name}`);
  const rights = ['--owner=0', '--group=0', '--numeric-owner', '--mode=u=rwX,go=rX'];
  if (names.length > 0) {
    await runLogged(log, ['tar', '--append', '--file', whole, ...rights, '-C', added, ...names]);
  }
  const settings = [...base.settings, `LABEL ${LABEL}=${madeFrom}`].flatMap((line) => ['--change', line]);
  await runLogged(log, ['docker', 'import', ...settings, whole, name]);
  rmSync(added, { recursive: true, force: true });
  rmSync(whole);
}

if (isMain(import.meta.url)) {
  const { values } = parseArgs({ options: { stop: { type: 'boolean', default: false } } });
  await main(async () => {
    if (values.stop) {
      await step('Docker engine', () => leaveEngine({ keep: true }));
      return;
    }
    await step('System packages', () => setUpSystem(DOCKER_NEEDS));
    await setUpDocker(step('Python environment', setUpPython), { keep: true });
  });
}
