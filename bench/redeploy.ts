/**
 * Row 14: a deploy to the emulated AWS where nothing has changed, by the command line, and by the toolkit that `cdk deploy` is
 * made of. `node bench/redeploy.ts --rounds 7 --out bench/results/cloud.json`.
 *
 * Of Nimbus's time the part in which AWS is asked is told apart, by a proxy before the emulator. The toolkit's stack has the
 * image by its digest already: it builds none, which `cdk deploy` of an image in a folder would.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { cloudProject, DEPLOY, STACK } from '../test/aws/project.ts';
import { endpointOf } from '../test/aws/support.ts';
import { docker } from '../test/docker/support.ts';
import { timeAws } from './aws-time.ts';
import { deployByToolkit } from './cdk.ts';
import { keepRow, rounds } from './cloud-rows.ts';
import type { Round } from './medians.ts';

const TOOLKIT = fileURLToPath(new URL('cdk.ts', import.meta.url));

const project = await cloudProject();
const endpoint = endpointOf(project.place);
const aws = await timeAws(endpoint);
try {
  const env = { ...process.env, ...project.variables, AWS_ENDPOINT_URL: aws.endpoint };
  const begun = new Date().toISOString();
  await project.succeeded([...DEPLOY, '--yes'], env);
  const { builds, pushes } = await engineDid(begun);
  assert.ok(builds > 0 && pushes > 0, 'what is counted can be seen');
  const { GetFunctionCommand, LambdaClient } = await import('@aws-sdk/client-lambda');
  const { Code } = await new LambdaClient(project.place.client).send(new GetFunctionCommand({ FunctionName: STACK }));
  const image = Code!.ResolvedImageUri!.slice(Code!.ResolvedImageUri!.indexOf('/') + 1);
  Object.assign(process.env, { ...project.variables, AWS_ENDPOINT_URL: endpoint });
  await deployByToolkit('peer', image);
  const sides = {
    nimbus: async (): Promise<Round> => {
      aws.since();
      const since = new Date().toISOString();
      const begin = performance.now();
      const said = await project.succeeded([...DEPLOY, '--yes'], env);
      const nimbus = performance.now() - begin;
      assert.match(said, /Nothing has changed/);
      const { ms, requests } = aws.since();
      return { nimbus, own: nimbus - ms, requests, ...(await engineDid(since)) };
    },
    toolkit: async (): Promise<Round> => {
      const begin = performance.now();
      const child = spawn(process.execPath, [TOOLKIT, 'peer', image], { stdio: ['ignore', 'ignore', 'inherit'] });
      const [code] = (await once(child, 'exit')) as [number | null];
      assert.equal(code, 0);
      return { toolkit: performance.now() - begin };
    },
  };
  const measured: Round[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const order = round % 2 === 0 ? (['nimbus', 'toolkit'] as const) : (['toolkit', 'nimbus'] as const);
    const one: Round = {};
    for (const side of order) Object.assign(one, await sides[side]());
    console.log(
      `round ${round}: ${JSON.stringify(one, (_, value: unknown) => (typeof value === 'number' ? Math.round(value) : value))}`,
    );
    measured.push(one);
  }
  keepRow('14', measured.slice(1));
} finally {
  await project.end();
  await aws.end();
}

/** How often the engine has named an image of the model since then, which ends every build, and pushed one. */
async function engineDid(since: string): Promise<{ builds: number; pushes: number }> {
  const range = ['--since', since, '--until', new Date().toISOString(), '--filter', 'type=image'];
  const events = (await docker('events', ...range)).split('\n').filter((line) => line.includes('rules.prod'));
  const count = (what: string): number => events.filter((line) => line.includes(` image ${what} `)).length;
  return { builds: count('tag'), pushes: count('push') };
}
