/** The Dockerfile of a function: readable, and buildable without Nimbus. */
import type { Base } from './bases.ts';

/**
 * Where things are in the image: each a folder of its own right below the root. A layer holds the times of all folders
 * that it adds to but the root's, and those of a folder that is there already are of the build.
 */
export const IMAGE_PACKAGES = '/nimbus-packages';
export const IMAGE_RUNTIME = '/nimbus-runtime';
export const IMAGE_FUNCTION = '/nimbus-function';
/** Where the build's own stages put them, from where they are copied with their times. */
const OUT = '/out';

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
const IMAGE_ENVIRONMENT: Record<string, string> = {
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

/** Where the stage `deciding` leaves what it found; right below the root. */
export const DECIDED = '/nimbus-slimming.json';

export function dockerfile(parts: DockerfileParts): string {
  const { model, base, workingFolder, labels, steps } = parts;
  return `${[
    `# The function of ${model}, as AWS Lambda runs it. Made by Nimbus; docker build . does without it.`,
    ...stages(parts),
    '# Without what no prediction needs; byte code that is never checked against its source; times that never change.',
    'FROM installed AS packages',
    slim(`${OUT}${IMAGE_PACKAGES} --steps ${steps.join(',') || 'none'}`),
    '',
    'FROM ${BASE}',
    environment(IMAGE_PACKAGES),
    '# From what changes least to what changes most: a retrained model is one layer.',
    `COPY --from=packages ${OUT}/ /`,
    `COPY --from=runtime ${OUT}/ /`,
    'COPY function/ /',
    `WORKDIR ${quoted(workingFolder)}`,
    ...Object.entries(labels).map(([name, value]) => `LABEL ${name}=${JSON.stringify(value)}`),
    ...(base.kind === 'slim' ? ['ENTRYPOINT ["python3", "-m", "awslambdaric"]'] : []),
    `CMD ["${HANDLER}"]`,
  ].join('\n')}\n`;
}

/**
 * Of a build that finds out which steps the model can do without what they remove. Its image holds `DECIDED` and nothing
 * else: an engine takes long to hand out packages and weights.
 */
export function decidingDockerfile(parts: DockerfileParts): string {
  return `${[
    ...stages(parts),
    'FROM installed AS deciding',
    environment(`${OUT}${IMAGE_PACKAGES}`),
    `COPY --from=runtime ${OUT}/ /`,
    'COPY function/ /',
    `WORKDIR ${quoted(parts.workingFolder)}`,
    slim(`${OUT}${IMAGE_PACKAGES} --decide ${DECIDED}`),
    '',
    'FROM scratch',
    `COPY --from=deciding ${DECIDED} /`,
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
    `COPY runtime/ ${OUT}/`,
    slim(`${OUT}${IMAGE_RUNTIME} --steps none`),
    '',
  ];
}

function slim(command: string): string {
  return `RUN --mount=type=bind,source=build,target=/build \\\n    python3 -B /build/slim.py ${command}`;
}

function environment(packages: string): string {
  const all = Object.entries({ PYTHONPATH: `${IMAGE_RUNTIME}:${packages}`, ...IMAGE_ENVIRONMENT }).map(
    ([name, value]) => `${name}=${value}`,
  );
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
    `--target ${OUT}${IMAGE_PACKAGES} -r /build/requirements.txt`,
  ];
}

function quoted(folder: string): string {
  return /[\s"'\\$]/.test(folder) ? JSON.stringify(folder).replaceAll('$', '\\$') : folder;
}
