/** What an ejected folder tells people. */
import type { DeploymentKey } from '../../shared/spec.ts';
import type { Base } from './bases.ts';
import { HANDLER } from './dockerfile.ts';
import { DOCKER_PLATFORMS, type BuiltImage } from './image.ts';
import type { ImageSettings } from './settings.ts';

export interface ReadmeParts extends DeploymentKey {
  version: string;
  image: BuiltImage & { base: Base };
  env: readonly string[];
  memoryMb: number;
  timeoutSeconds: number;
  settings: ImageSettings;
  hasPipSettings: boolean;
  hasCertificates: boolean;
  /** The folder has a CDK project of the stack. */
  hasCdk: boolean;
}

/** A request as API Gateway hands it to the function: of an example where there is one, else for the model's card. */
export function ejectedEvent(input: unknown): string {
  const asks = input !== undefined;
  const event = {
    httpMethod: asks ? 'POST' : 'GET',
    path: asks ? '/predict' : '/',
    headers: { 'Content-Type': 'application/json' },
    body: asks ? JSON.stringify({ input }) : null,
    isBase64Encoded: false,
    requestContext: {},
  };
  return `${JSON.stringify(event, undefined, 2)}\n`;
}

/** AWS's emulator of the interface that the image talks to, for bases without one. */
const EMULATOR = 'https://github.com/aws/aws-lambda-runtime-interface-emulator';

export function ejectedReadme(parts: ReadmeParts): string {
  const { model, version, image, env, settings, memoryMb, timeoutSeconds, hasPipSettings, hasCertificates, hasCdk } =
    parts;
  const { base, platform, python } = image;
  const name = model;
  const variables = env.map((one) => `--env ${one} `).join('');
  const buildArguments = Object.keys(settings.buildArguments ?? {}).map((one) => `--build-arg ${one}=… `);
  const network = settings.network === undefined ? '' : `--network ${settings.network} `;
  const build = `docker build ${buildArguments.join('')}${network}--platform ${DOCKER_PLATFORMS[platform]} --tag ${name} .`;
  const limits = `--memory ${memoryMb}m --read-only --tmpfs /tmp`;
  const run =
    base.kind === 'lambda'
      ? [
          'The base image brings AWS’s runtime interface emulator:',
          '```sh',
          `docker run --rm --publish 9000:8080 ${limits} ${variables}${name}`,
          '```',
        ]
      : [
          `The base image has no runtime interface emulator. Download AWS’s (${EMULATOR}, releases) as \`aws-lambda-rie\``,
          'into this folder, make it executable, and start the function with it:',
          '```sh',
          `docker run --rm --publish 9000:8080 ${limits} ${variables}\\`,
          `  --volume "$PWD/aws-lambda-rie:/aws-lambda-rie:ro" --entrypoint /aws-lambda-rie \\`,
          `  ${name} python3 -m awslambdaric ${HANDLER}`,
          '```',
        ];
  return `${[
    `# ${model}`,
    '',
    `The image of the function ${model}, for AWS Lambda with Python ${python}. Nimbus made this folder; building and`,
    `running it does without Nimbus. Version ${version.slice(0, 12)}.`,
    '',
    '## Build',
    'With Docker’s BuildKit, which is the usual builder since Docker 23 (`DOCKER_BUILDKIT=1` before):',
    '```sh',
    build,
    '```',
    `The base is \`${base.reference}\`; \`--build-arg BASE=…\` takes another one with the same Python.`,
    'For AWS Lambda add `--provenance=false --sbom=false` where the builder is buildx: it takes plain images only.',
    '',
    '## Run',
    ...run,
    'Then, in another terminal:',
    '```sh',
    'curl http://127.0.0.1:9000/2015-03-31/functions/function/invocations --data @event.json',
    '```',
    '`event.json` is what API Gateway (REST, proxy integration) hands to the function. `POST /predict` takes',
    '`{"text": "…"}` or `{"input": …}` as its `body`, which is a string; `POST /batch` takes `{"inputs": […]}`; `GET /`',
    'answers what the model takes and gives, `GET /health` whether it is there.',
    '',
    '## AWS Lambda',
    'Push it to a repository of Amazon ECR, and create a function of it with:',
    `- package type image, architecture ${platform === 'linux-arm64' ? 'arm64' : 'x86_64'};`,
    `- ${memoryMb} MB of memory, a time limit of ${timeoutSeconds} s;`,
    ...(env.length === 0
      ? ['- no variables.']
      : [`- these variables, whose values are nowhere here: ${env.join(', ')}.`]),
    '',
    ...(hasCdk ? ['`cdk/` has its whole stack on AWS as a CDK project; see its README.md.', ''] : []),
    '## What is what',
    '| | |',
    '|---|---|',
    '| `Dockerfile` | how the image is made |',
    '| `.dockerignore` | keeps all but `build`, `function` and `runtime` out of it |',
    '| `build/requirements.txt` | the lock: every package with its exact version and hashes |',
    '| `build/slim.py` | takes out of the packages what no prediction needs; compiles them |',
    ...(hasPipSettings ? ['| `build/pip.conf` | where pip gets packages from; only the build sees it |'] : []),
    ...(hasCertificates
      ? ['| `build/certificates.pem` | certificates that pip trusts, for your network; only the build sees it |']
      : []),
    '| `runtime/` | what answers requests: Python’s standard library only |',
    '| `function/nimbus-function/function.json` | what it is to load, its limits, its examples |',
    '| `function/nimbus-function/` | the model, and the project’s own modules that it imports |',
    '| `event.json` | a request to try |',
    ...(hasCdk ? ['| `cdk/` | the stack on AWS, as a project of the AWS CDK |'] : []),
    '',
    'A model that you train again goes where the old one is, under the same name; the other layers of the image stay. Packages',
    'change with a new `build/requirements.txt` (`pip-compile --generate-hashes` or `uv pip compile --generate-hashes`).',
    'Loading a model may run code: keep this folder as you would keep a program.',
  ].join('\n')}\n`;
}
