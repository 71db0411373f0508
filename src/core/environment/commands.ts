import path from 'node:path';

/** A command line that makes a part of an environment. */
export interface Step {
  /** One line for people on what it does. */
  title: string;
  argv: string[];
  /** Its failure spoils nothing. */
  optional?: boolean;
}

export interface Recipe {
  /** Absolute path of the interpreter that the environment is made from. */
  base: string;
  /** Absolute path of the folder to make. */
  folder: string;
  requirements: readonly string[];
  /** A file of exact versions with hashes, which takes the place of the requirements. */
  locked?: string;
  platform: NodeJS.Platform;
}

/** Where a virtual environment made by venv or uv has its interpreter. */
export function environmentPython(folder: string, platform: NodeJS.Platform): string {
  return platform === 'win32'
    ? path.win32.join(folder, 'Scripts', 'python.exe')
    : path.posix.join(folder, 'bin', 'python');
}

/** Compiling these takes long and needs compilers: where there is no wheel, failing at once says more. */
export const ONLY_WHEELS = [
  'numpy',
  'scipy',
  'pandas',
  'scikit-learn',
  'spacy',
  'thinc',
  'blis',
  'cymem',
  'murmurhash',
  'preshed',
  'srsly',
];

/** With venv and pip, which come with Python. */
export function pipSteps({ base, folder, requirements, locked, platform }: Recipe): Step[] {
  const python = environmentPython(folder, platform);
  const quiet = ['--no-input', '--disable-pip-version-check', '--progress-bar', 'off'];
  // Compiled below, on all processors at once.
  const how = ['--no-compile', '--prefer-binary', '--only-binary', ONLY_WHEELS.join(',')];
  const what = locked === undefined ? [...how, '--', ...requirements] : ['--no-compile', ...exactly(locked)];
  const install = [python, '-I', '-m', 'pip', 'install', ...quiet, ...what];
  return [
    { title: 'Making the environment', argv: [base, '-I', '-m', 'venv', folder] },
    ...(requirements.length > 0 ? [{ title: installing(requirements), argv: install }] : []),
    // Files of packages that are not meant for this Python do not compile, and are not imported either.
    { title: 'Compiling', argv: [python, '-I', '-m', 'compileall', '-q', '-j', '0', folder], optional: true },
  ];
}

/** `uv` is how uv is called: its own path, or a Python with `-m uv`. */
export function uvSteps(uv: readonly string[], { base, folder, requirements, locked, platform }: Recipe): Step[] {
  const python = environmentPython(folder, platform);
  const only = ONLY_WHEELS.flatMap((name) => ['--only-binary', name]);
  const install = [
    ...uv,
    'pip',
    'install',
    '--no-progress',
    '--python',
    python,
    '--compile-bytecode',
    // What the hashes name may come from any of the user's indexes: no other file fits them.
    ...(locked === undefined
      ? [...only, '--', ...requirements]
      : ['--index-strategy', 'unsafe-best-match', ...exactly(locked)]),
  ];
  return [
    {
      title: 'Making the environment',
      argv: [...uv, 'venv', '--no-project', '--no-progress', '--python', base, folder],
    },
    ...(requirements.length > 0 ? [{ title: installing(requirements), argv: install }] : []),
  ];
}

/** A lock is whole: nothing is resolved, and nothing installed that it does not name. */
function exactly(locked: string): string[] {
  return ['--require-hashes', '--no-deps', '--only-binary', ':all:', '-r', locked];
}

function installing(requirements: readonly string[]): string {
  const shown = requirements.slice(0, 3).join(', ');
  return `Installing ${shown}${requirements.length > 3 ? ` and ${requirements.length - 3} more` : ''}`;
}

/** Variables that lead Python or pip to another place than the environment that is being made. */
const MISLEADING =
  /^(?:PYTHONPATH|PYTHONHOME|PYTHONSTARTUP|PYTHONDONTWRITEBYTECODE|PYTHONNOUSERSITE|PYTHONPYCACHEPREFIX|PIP_TARGET|PIP_PREFIX|PIP_ROOT|PIP_USER|PIP_REQUIRE_VIRTUALENV|PIP_PYTHON|PIP_DRY_RUN|PIP_REPORT|UV_PYTHON|UV_PROJECT_ENVIRONMENT|UV_SYSTEM_PYTHON|VIRTUAL_ENV|CONDA_PREFIX|__PYVENV_LAUNCHER__)$/i;

/** The environment variables of every step. Where packages come from (index, proxy, certificates) stays the user's. */
export function buildVariables(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !MISLEADING.test(name));
  return { ...Object.fromEntries(kept), PYTHONUNBUFFERED: '1' };
}
