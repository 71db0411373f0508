/** The Dockerfile of a function: readable, and buildable without Nimbus. */
import type { Base } from './bases.ts';

/** Where things are in the image. Neither is below /var/task, which some bases fill themselves. */
export const IMAGE_PACKAGES = '/opt/nimbus/packages';
export const IMAGE_RUNTIME = '/opt/nimbus/runtime';
export const IMAGE_FUNCTION = '/opt/nimbus/function';

export interface DockerfileParts {
  /** As people call the model. */
  model: string;
  base: Base;
  /** Where the function runs: in the folder of its own files, as of a custom model, or in an empty one. */
  workingFolder: string;
  labels: Record<string, string>;
  /** Slimming steps that the model can do without what they remove. */
  steps: readonly string[];
  /** Packages that have no wheel may be compiled. */
  isCompilerAllowed: boolean;
  buildArguments: readonly string[];
  hasPipSettings: boolean;
  hasCertificates: boolean;
}

/** Variables of the function: nothing is downloaded at run time, and /tmp is the only place that can be written to. */
export const IMAGE_ENVIRONMENT: Record<string, string> = {
  PYTHONPATH: `${IMAGE_RUNTIME}:${IMAGE_PACKAGES}`,
  NIMBUS_FUNCTION: `${IMAGE_FUNCTION}/function.json`,
  PYTHONDONTWRITEBYTECODE: '1',
  // AWS Lambda has no /dev/shm; without this joblib says so at each start.
  JOBLIB_MULTIPROCESSING: '0',
  HF_HUB_OFFLINE: '1',
  TRANSFORMERS_OFFLINE: '1',
  HOME: '/tmp',
  HF_HOME: '/tmp/huggingface',
  XDG_CACHE_HOME: '/tmp/cache',
  MPLCONFIGDIR: '/tmp/matplotlib',
  NUMBA_CACHE_DIR: '/tmp/numba',
};

export const HANDLER = 'nimbus_runtime.lambda_entry.handle';

/** Where the stage `decide` leaves what it found. */
export const DECIDED = '/opt/nimbus/slimming.json';

export function dockerfile(parts: DockerfileParts): string {
  const { model, base, workingFolder, labels, steps } = parts;
  return `${[
    `# The function of ${model}, as AWS Lambda runs it. Made by Nimbus; docker build . does without it.`,
    ...stages(parts),
    '# Without what no prediction needs; byte code that is never checked against its source; times that never change.',
    'FROM installed AS packages',
    slim(`${IMAGE_PACKAGES} --steps ${steps.join(',') || 'none'}`),
    '',
    'FROM ${BASE}',
    environment(),
    '# From what changes least to what changes most: a retrained model is one layer.',
    `COPY --from=packages ${IMAGE_PACKAGES} ${IMAGE_PACKAGES}`,
    `COPY --from=runtime ${IMAGE_RUNTIME} ${IMAGE_RUNTIME}`,
    `COPY function ${IMAGE_FUNCTION}`,
    `WORKDIR ${quoted(workingFolder)}`,
    ...Object.entries(labels).map(([name, value]) => `LABEL ${name}=${JSON.stringify(value)}`),
    ...(base.kind === 'slim' ? ['ENTRYPOINT ["python3", "-m", "awslambdaric"]'] : []),
    `CMD ["${HANDLER}"]`,
  ].join('\n')}\n`;
}

/** Of a build that finds out which steps the model can do without what they remove; its image holds `DECIDED`. */
export function decidingDockerfile(parts: DockerfileParts): string {
  return `${[
    ...stages(parts),
    'FROM installed',
    environment(),
    `COPY --from=runtime ${IMAGE_RUNTIME} ${IMAGE_RUNTIME}`,
    `COPY function ${IMAGE_FUNCTION}`,
    `WORKDIR ${quoted(parts.workingFolder)}`,
    slim(`${IMAGE_PACKAGES} --decide ${DECIDED}`),
  ].join('\n')}\n`;
}

/** The stages that both have, so that what one has built the other need not. */
function stages(parts: DockerfileParts): string[] {
  return [
    `ARG BASE=${parts.base.reference}`,
    '',
    '# What the model needs, exactly as locked in requirements.txt. Nothing else of this stage is in the image.',
    'FROM ${BASE} AS installed',
    ...parts.buildArguments.map((name) => `ARG ${name}`),
    `RUN ${install(parts).join(' \\\n    ')}`,
    '',
    'FROM ${BASE} AS runtime',
    `COPY runtime ${IMAGE_RUNTIME}`,
    slim(`${IMAGE_RUNTIME} --steps none`),
    '',
  ];
}

function slim(command: string): string {
  return `RUN --mount=type=bind,source=build,target=/build \\\n    python3 -B /build/slim.py ${command}`;
}

function environment(): string {
  const all = Object.entries(IMAGE_ENVIRONMENT).map(([name, value]) => `${name}=${value}`);
  return `ENV ${all.join(' \\\n    ')}`;
}

function install({ isCompilerAllowed, hasPipSettings, hasCertificates }: DockerfileParts): string[] {
  return [
    '--mount=type=bind,source=build,target=/build',
    '--mount=type=cache,target=/root/.cache/pip',
    ...(hasPipSettings ? ['PIP_CONFIG_FILE=/build/pip.conf'] : []),
    ...(hasCertificates ? ['PIP_CERT=/build/certificates.pem'] : []),
    'python3 -m pip install --disable-pip-version-check --root-user-action=ignore',
    `--no-deps --require-hashes ${isCompilerAllowed ? '' : '--only-binary :all: '}--no-compile`,
    `--target ${IMAGE_PACKAGES} -r /build/requirements.txt`,
  ];
}

function quoted(folder: string): string {
  return /[\s"'\\$]/.test(folder) ? JSON.stringify(folder).replaceAll('$', '\\$') : folder;
}
