/**
 * Row 15: other code for a deployed function on the emulated AWS, without the push, which row 17 has: by Nimbus, and by the
 * bare calls that it takes; and by the hotswap of the toolkit that `cdk` is made of, of a function of its own.
 * `node bench/update.ts --rounds 7 --out bench/results/cloud.json`.
 *
 * The emulator says for half a second that the function is being updated, whatever the image; AWS takes seconds. Both sides
 * wait for that. The bare side looks again every 10 ms, which is quicker than anybody may ask AWS. Neither tries the new
 * version before it serves. No container of the function runs: the emulator ends one only after seconds, in the middle of an
 * update.
 */
import { GetFunctionCommand, LambdaClient, PublishVersionCommand } from '@aws-sdk/client-lambda';
import { UpdateAliasCommand, UpdateFunctionCodeCommand } from '@aws-sdk/client-lambda';
import { setTimeout as delay } from 'node:timers/promises';
import { updateCode } from '../src/core/cloud/update.ts';
import { Cloud, IMAGES, type Built, type DeployedFunction } from '../test/aws/deployed.ts';
import { deployByToolkit } from './cdk.ts';
import { keepRow, rounds } from './cloud-rows.ts';
import type { Round } from './medians.ts';

const POLL_MS = 10;

const cloud = await Cloud.start();
try {
  const images = [await cloud.push('one', ['prod']), await cloud.push('two', ['prod'])] as const;
  const prod = await cloud.deploy('prod', images[0], { greeting: 'hello' });
  const client = new LambdaClient(cloud.config);
  const { endpoint, region, credentials } = cloud.emulator.client;
  // The toolkit takes them from nowhere else.
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  });
  const swap = (to: Built, method: 'hotswap' | 'direct'): Promise<void> =>
    deployByToolkit('peer', `${IMAGES.repository}@${to.digest}`, { deploymentMethod: { method } });
  // Of what its template says already the toolkit takes no notice.
  await swap(await cloud.push('zero', ['prod']), 'direct');
  let [updates, swaps] = [0, 0];
  /** Each update is to the image that does not serve. */
  const next = (): Built => images[(updates += 1) % 2]!;
  const sides = {
    bare: () => bare(client, prod, next()),
    nimbus: () => nimbus(prod, next()),
    hotswap: () => swap(images[(swaps += 1) % 2]!, 'hotswap'),
  };
  const measured: Round[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const names = ['bare', 'nimbus', 'hotswap'] as const;
    const order = round % 2 === 0 ? names : names.toReversed();
    const one: Round = {};
    for (const side of order) {
      const begin = performance.now();
      await sides[side]();
      one[side] = performance.now() - begin;
    }
    console.log(`round ${round}: ${order.map((name) => `${name} ${one[name]!.toFixed(0)} ms`).join(', ')}`);
    measured.push(one);
  }
  keepRow('15', measured.slice(1));
} finally {
  await cloud.end();
}

async function bare(client: LambdaClient, { functionName: FunctionName }: DeployedFunction, to: Built): Promise<void> {
  await client.send(new UpdateFunctionCodeCommand({ FunctionName, ImageUri: `${cloud.repositoryUri}@${to.digest}` }));
  for (;;) {
    const { Configuration } = await client.send(new GetFunctionCommand({ FunctionName }));
    if (Configuration?.LastUpdateStatus === 'Successful') break;
    await delay(POLL_MS);
  }
  const { Version } = await client.send(new PublishVersionCommand({ FunctionName }));
  await client.send(new UpdateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: Version }));
}

async function nimbus({ functionName, api }: DeployedFunction, { digest, version }: Built): Promise<void> {
  const { repositoryUri } = cloud;
  const shell = { log: () => undefined, signal: new AbortController().signal };
  const done = await updateCode(cloud.config, { functionName, repositoryUri, digest, version, api }, shell);
  if (!done.ok || done.value.state !== 'updated' || done.value.unsaid) throw new Error(JSON.stringify(done));
}
