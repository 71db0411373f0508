/**
 * The peer of rows 14 and 15: the function and its API as a CDK program of one's own has them, deployed by the toolkit that
 * the `cdk` command is made of. `node bench/cdk.ts STACK IMAGE` deploys once, as `cdk deploy` does.
 */
import { StackSelectionStrategy, Toolkit, type DeployOptions } from '@aws-cdk/toolkit-lib';
import { App, Aws, Duration, Stack } from 'aws-cdk-lib/core';
import { LambdaRestApi } from 'aws-cdk-lib/aws-apigateway';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { DockerImageCode, DockerImageFunction } from 'aws-cdk-lib/aws-lambda';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** `image` is `REPOSITORY@sha256:…`, of the account's own registry. Where AWS is, the environment says. */
export async function deployByToolkit(stackName: string, image: string, options: DeployOptions = {}): Promise<void> {
  const outdir = mkdtempSync(path.join(os.tmpdir(), 'nimbus-bench-cdk-'));
  try {
    const toolkit = new Toolkit({
      ioHost: { notify: async () => undefined, requestResponse: async (one) => one.defaultResponse },
    });
    const source = await toolkit.fromAssemblyBuilder(async () => appOf(stackName, image, outdir).synth(), {
      outdir,
      clobberEnv: false,
    });
    await toolkit.deploy(source, { stacks: { strategy: StackSelectionStrategy.ALL_STACKS }, ...options });
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

function appOf(stackName: string, image: string, outdir: string): App {
  const [repositoryName = '', digest = ''] = image.split('@');
  const app = new App({ outdir });
  const stack = new Stack(app, stackName);
  // By name, a repository would be one of an account and a region that are known only when it is deployed.
  const repository = Repository.fromRepositoryAttributes(stack, 'Images', {
    repositoryName,
    repositoryArn: `arn:aws:ecr:${Aws.REGION}:${Aws.ACCOUNT_ID}:repository/${repositoryName}`,
  });
  const handler = new DockerImageFunction(stack, 'Function', {
    functionName: stackName,
    code: DockerImageCode.fromEcr(repository, { tagOrDigest: digest }),
    memorySize: 512,
    timeout: Duration.seconds(29),
  });
  void new LambdaRestApi(stack, 'Api', { handler });
  return app;
}

const [, program, stackName, image] = process.argv;
if (program === fileURLToPath(import.meta.url)) await deployByToolkit(stackName!, image!);
