/** `nimbus deploy --target lambda`: rehearsed here, shown as a plan, agreed to, then done. */
import type { CloudAccount } from '../core/cloud/account.ts';
import { monthText } from '../core/cloud/month.ts';
import type { HostConnection } from '../core/host/client.ts';
import type { DeployPlan } from '../core/targets/plan.ts';
import { formatMs } from '../shared/latency.ts';
import { cancelled, ok, type Outcome } from '../shared/outcome.ts';
import type { CloudDeployed } from '../shared/states.ts';
import { formatResult } from './answer.ts';
import { statusOf } from './context.ts';
import { exampleCall } from './example.ts';
import type { OperationFeed } from './operation.ts';
import { indent, type Terminal } from './terminal.ts';

export interface LambdaDeploy {
  feed: OperationFeed;
  connection: HostConnection;
  plan: DeployPlan;
  cloud: CloudAccount;
  /** How its commands call it. */
  called: string;
  yes: boolean;
}

/** What every deploy to AWS needs, and takes a tenth of a second to load. */
export async function loadAhead(): Promise<void> {
  await Promise.all([
    import('@aws-sdk/client-sts'),
    import('@aws-sdk/client-cloudformation'),
    import('@aws-sdk/client-lambda'),
    import('../core/cloud/review.ts'),
  ]);
}

/** Errors: the rehearsal fails, or speaks against it; as of the deploy; it was not agreed to. */
export async function deployToLambda(terminal: Terminal, deploy: LambdaDeploy): Promise<Outcome<void>> {
  const { feed, connection, plan, cloud, called } = deploy;
  terminal.say('Rehearsed here first, under the limits of AWS Lambda:');
  const { planLines, rehearse, rehearsedText, wouldNotServe } = await import('../core/cloud/review.ts');
  const reviewed = await rehearse(cloud, plan, {
    run: (rehearsal) => feed.run(terminal, connection, rehearsal),
    review: (work) => work(),
  });
  if (!reviewed.ok) return reviewed;
  const { review, rehearsal } = reviewed.value;
  if (rehearsal.isDeployed) {
    terminal.document({ model: plan.model, deployment: plan.deployment, target: 'lambda', unchanged: true });
    terminal.say(`\nNothing has changed: ${called} serves version ${rehearsal.version.slice(0, 7)} already.`);
    return ok(undefined);
  }
  if (review.stops.length > 0) return wouldNotServe(plan.model, review);
  const { account } = review;
  terminal.say(`\nPlan for account ${account.account}, ${account.region}, as ${account.arn}:`);
  const sweep = await connection.api.sweep(plan.model);
  const month = await monthText({ plan, rehearsal, region: cloud.region, sweep, env: process.env });
  terminal.say(indent([...planLines(review, rehearsal), rehearsedText(rehearsal), month].join('\n')));
  if (review.kind !== 'update')
    terminal.say(
      indent('Cancelling it (Ctrl+C) deletes the stack and the image again; what the account has once stays.'),
    );
  const agreed = await confirm(terminal, deploy);
  if (!agreed.ok) return agreed;
  const done = await feed.run(terminal, connection, { ...plan, cloud: review.plan });
  if (!done.ok) return done;
  const deployed = done.value.result as CloudDeployed;
  const { fileKeyStore, forgetKeyBefore } = await import('../core/cloud/keys.ts');
  await forgetKeyBefore(statusOf(connection, plan)?.cloud, deployed.cloud, fileKeyStore());
  showDeployed(terminal, deployed, { called, plan });
  return ok(undefined);
}

/** Whoever may call may cost: an open endpoint is agreed to in words. */
async function confirm(terminal: Terminal, { plan, yes }: LambdaDeploy): Promise<Outcome<void>> {
  if (plan.deploymentSpec.auth === 'none') {
    const question = `Anybody on the internet may call it, at your cost. Type the model's name (${plan.model}) to deploy it so:`;
    const answer = await terminal.ask(question, 'a terminal, or with --auth key');
    if (!answer.ok) return answer;
    return answer.value.trim() === plan.model ? ok(undefined) : cancelled();
  }
  if (yes) return ok(undefined);
  const answer = await terminal.confirm('Deploy?', '--yes');
  if (!answer.ok) return answer;
  return answer.value ? ok(undefined) : cancelled();
}

function showDeployed(
  terminal: Terminal,
  deployed: CloudDeployed,
  { called, plan }: Pick<LambdaDeploy, 'called' | 'plan'>,
): void {
  const { version, answers, input, result, cloud } = deployed;
  terminal.document({ model: plan.model, deployment: plan.deployment, target: 'lambda', url: cloud.url, ...deployed });
  if (result !== undefined) {
    terminal.say(`\n${indent(formatResult(result))}`);
    const said = answers.map(({ start, totalMs }) => `${start ?? 'answered'} ${formatMs(totalMs)}`);
    terminal.say(indent(said.join(' · ')));
  }
  terminal.say(`\n${called} answers at ${cloud.url}/predict · version ${version.slice(0, 7)}`);
  if (cloud.auth === 'key') terminal.say('  It asks for its API key, which nimbus predict sends by itself.');
  terminal.say(`  ${exampleCall(called, input === undefined ? undefined : { examples: [{ input }] })}`);
}
