/** The stack of a deployment as a CDK project of the user's own: Nimbus's program as it is, with the deployment as JSON. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DeploymentDescription } from '../../../infra/app/description.ts';
import { environmentParameter, PARAMETERS } from '../../../infra/app/parameters.ts';

/** Those that the program was written with and is tested with. `cli` is CDK's own command. */
export const CDK_VERSIONS = { 'aws-cdk-lib': '2.276.0', constructs: '10.8.1', cli: '2.1148.1' } as const;

/** `infra/app` of the sources, or what the build copies of it. */
function programFolder(): string {
  const here = path.dirname(fileURLToPath(import.meta.url));
  return ['../../../infra/app', 'deployer/app', '../deployer/app']
    .map((one) => path.resolve(here, one))
    .find(existsSync)!;
}

/** Relative path and text of each file, all below `cdk/`. No value of an environment variable is in any. */
export async function cdkProject(description: DeploymentDescription): Promise<Record<string, string>> {
  const folder = programFolder();
  const names = (await readdir(folder)).filter((name) => name.endsWith('.ts'));
  const sources = await Promise.all(
    names.map(async (name) => [`cdk/lib/${name}`, ownSource(await readFile(path.join(folder, name), 'utf8'))] as const),
  );
  return {
    ...Object.fromEntries(sources),
    'cdk/bin/app.ts': APP,
    'cdk/deployment.json': json(description),
    'cdk/cdk.json': json({ app: 'node bin/app.ts' }),
    'cdk/package.json': json({
      name: description.stackName,
      version: '1.0.0',
      private: true,
      type: 'module',
      // Runs TypeScript as it is.
      engines: { node: '>=22.18' },
      scripts: {
        synth: 'cdk synth',
        diff: 'cdk diff',
        deploy: `cdk deploy ${parametersOf(description)}`,
        destroy: 'cdk destroy',
      },
      dependencies: { 'aws-cdk-lib': CDK_VERSIONS['aws-cdk-lib'], constructs: CDK_VERSIONS.constructs },
      devDependencies: { 'aws-cdk': CDK_VERSIONS.cli },
    }),
    'cdk/.gitignore': 'node_modules\ncdk.out\n',
    'cdk/README.md': readme(description),
  };
}

/** All that the program has of the rest of Nimbus is the type of a name. */
function ownSource(source: string): string {
  return source.replace(/import type \{ Framework \} from '[^']+';/, 'type Framework = string;');
}

const APP = `import { deploymentApp } from '../lib/synthesise.ts';
import description from '../deployment.json' with { type: 'json' };

deploymentApp(description as Parameters<typeof deploymentApp>[0], process.env['CDK_OUTDIR'] ?? 'cdk.out').app.synth();
`;

function parametersOf({ image, version, revision }: DeploymentDescription): string {
  const values = {
    [PARAMETERS.imageDigest]: image.digest,
    [PARAMETERS.version]: version,
    [PARAMETERS.revision]: revision,
  };
  return Object.entries(values)
    .map(([name, value]) => `--parameters ${name}=${value}`)
    .join(' ');
}

function json(document: unknown): string {
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function readme({ stackName, account, region, model, image, env = [] }: DeploymentDescription): string {
  const values = env.map((name) => `\`--parameters ${environmentParameter(name)}=…\` (${name})`);
  return `${[
    `# ${stackName}`,
    '',
    `The AWS stack of ${model} as a project of the AWS CDK, without Nimbus: function, log, role, alias, REST API. It is the`,
    `program with which Nimbus deployed it to account ${account}, ${region}, and it goes on with that very stack.`,
    '',
    '```sh',
    'npm install        # Node 22.18 or newer',
    'npx cdk diff       # nothing, as long as nothing was changed here or there',
    'npm run deploy     # publishes a version of the function, which serves then',
    'npx cdk destroy    # removes the function and its endpoint',
    '```',
    '',
    'Another image: build it as the README.md above this folder says, push it to',
    `\`${account}.dkr.ecr.${region}.amazonaws.com/${image.repository}\`, and deploy with its digest as \`ImageDigest\`, and another text`,
    'as `Revision`, which publishes a new version of the function. Parameters that are left out keep the values that the stack has.',
    ...(values.length === 0
      ? []
      : ['', `The stack has the values of the environment variables; a new one goes by ${values.join(', ')}.`]),
    '',
    `The repository of the images, \`${image.repository}\`, is a stack of its own (\`nimbus-images\`), which other deployments may use too.`,
    'In another account or region: change both in `deployment.json`, run `npx cdk bootstrap`, and make a repository of that name',
    'from which AWS Lambda may pull (https://docs.aws.amazon.com/lambda/latest/dg/images-create.html).',
    'Do not update the stack from here and by Nimbus in turns: each would take back what the other changed.',
    '',
    '| | |',
    '|---|---|',
    '| `bin/app.ts` | where `cdk` begins |',
    '| `lib/synthesise.ts` | the stack and its outputs |',
    '| `lib/function.ts`, `lib/api.ts` | the function; the REST API, its key and what it answers itself |',
    '| `lib/repository.ts` | the stack of the images, which this project does not deploy |',
    '| `deployment.json` | what is special about this deployment: sizes, limits, the card |',
  ].join('\n')}\n`;
}
