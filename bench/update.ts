/**
 * Row 15: other code for a deployed function on the emulated AWS, without the push, which row 17 has: by Nimbus, and by the
 * bare calls that it takes. `node bench/update.ts --rounds 7 --out bench/results/cloud.json`.
 *
 * The emulator says for half a second that the function is being updated, whatever the image; AWS takes seconds. Both sides
 * wait for that. The bare side looks again every 10 ms, which is quicker than anybody may ask AWS. Neither tries the new
 * version before it serves. No container of the function runs: the emulator ends one only after seconds, in the middle of an
 * update.
 */
import { GetFunctionCommand, LambdaClient, PublishVersionCommand } from '@aws-sdk/client-lambda';
import { UpdateAliasCommand, UpdateFunctionCodeCommand } from '@aws-sdk/client-lambda';
import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { updateCode } from '../src/core/cloud/update.ts';
import { Cloud, type Built, type DeployedFunction } from '../test/aws/deployed.ts';
import type { CloudResults } from './report-cloud.ts';
import type { Round } from './medians.ts';

const POLL_MS = 10;

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, out: { type: 'string' } },
});
const rounds = Number(values.rounds);

const cloud = await Cloud.start();
try {
  const images = [await cloud.push('one', ['prod']), await cloud.push('two', ['prod'])] as const;
  const prod = await cloud.deploy('prod', images[0], { greeting: 'hello' });
  const client = new LambdaClient(cloud.config);
  let updates = 0;
  /** Each update is to the image that does not serve. */
  const next = (): Built => images[(updates += 1) % 2]!;
  const sides = { bare: () => bare(client, prod, next()), nimbus: () => nimbus(prod, next()) };
  const measured: Round[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const order = round % 2 === 0 ? (['bare', 'nimbus'] as const) : (['nimbus', 'bare'] as const);
    const one: Round = {};
    for (const side of order) {
      const begin = performance.now();
      await sides[side]();
      one[side] = performance.now() - begin;
    }
    console.log(`round ${round}: bare ${one['bare']!.toFixed(0)} ms, nimbus ${one['nimbus']!.toFixed(0)} ms`);
    measured.push(one);
  }
  const date = new Date().toISOString().slice(0, 10);
  const results: CloudResults = { date, rounds, rows: { '15': measured.slice(1) } };
  if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(results, undefined, 1)}\n`);
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
