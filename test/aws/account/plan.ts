/** What a run will make, and whether it may. */
import path from 'node:path';
import process from 'node:process';
import { cloudAccount, type CloudAccount } from '../../../src/core/cloud/account.ts';
import { awsConfig, type AwsConfig } from '../../../src/core/cloud/aws.ts';
import { asking } from '../../../src/core/cloud/errors.ts';
import { BOOTSTRAP_STACK, describeStack, IMAGES } from '../../../src/core/cloud/stack.ts';
import { pricesOf } from '../../../src/core/cost/card.ts';
import { readPrices } from '../../../src/core/cost/price-file.ts';
import type { Prices } from '../../../src/core/cost/prices.ts';
import { fail, ok, type Outcome } from '../../../src/shared/outcome.ts';
import { estimate, MOST } from './budget.ts';
import { modelPrefix, newRun, roleName, stackPrefix } from './names.ts';
import { runSettings, type RunSettings } from './settings.ts';
import { FILES, LEFT_OUT, MARK } from './suite.ts';

/** All that is known before anything is made. */
export interface Run extends RunSettings {
  run: string;
  files: string[];
  until: Date;
  config: AwsConfig;
  arn: string;
  prices: Prices;
  /** What the account does not have yet. */
  lacks: { bootstrap: boolean; images: boolean };
}

/** Who calls, where it is the account that was named. */
export async function identity(settings: RunSettings): Promise<Outcome<CloudAccount>> {
  const found = await cloudAccount({ region: settings.region }, process.env);
  if (!found.ok || found.value.account === settings.account) return found;
  return fail('wrong-account', `These credentials are of account ${found.value.account}, not of ${settings.account}.`, {
    why: `They are of ${found.value.arn}.`,
    next: 'Choose a profile of the account for tests (AWS_PROFILE), or correct NIMBUS_TEST_AWS_ACCOUNT.',
  });
}

/** Makes nothing. `only`: files in the place of the suite's. Errors: as of `runSettings`, `readPrices`, `pricesOf` and `identity`; `above-limit`. */
export async function prepare(only: string | undefined): Promise<Outcome<Run>> {
  const settings = runSettings(process.env);
  if (!settings.ok) return settings;
  const list = await readPrices(process.env);
  if (!list.ok) return list;
  const prices = pricesOf(list.value.list, settings.value.region);
  if (!prices.ok) return prices;
  const { limit, minutes, region } = settings.value;
  const { dollars } = estimate(prices.value, minutes);
  if (dollars > limit) {
    return fail('above-limit', `A run may cost up to $${dollars.toFixed(2)}, and the limit is $${limit.toFixed(2)}.`, {
      next: 'Raise NIMBUS_TEST_AWS_LIMIT, or lower NIMBUS_TEST_AWS_MINUTES.',
    });
  }
  const caller = await identity(settings.value);
  if (!caller.ok) return caller;
  const config = await awsConfig(region, process.env);
  const shared = await asking(async () =>
    ok(await Promise.all([describeStack(config, BOOTSTRAP_STACK), describeStack(config, IMAGES.stack)])),
  );
  if (!shared.ok) return shared;
  const [bootstrap, images] = shared.value;
  return ok({
    ...settings.value,
    run: newRun(),
    files: only?.split(',').map((file) => path.resolve(file)) ?? FILES,
    until: new Date(Date.now() + minutes * 60_000),
    config,
    arn: caller.value.arn,
    prices: prices.value,
    lacks: { bootstrap: bootstrap === undefined, images: images === undefined },
  });
}

export function showPlan({ run, files, until, account, region, arn, prices, minutes, limit, lacks }: Run): void {
  const cost = estimate(prices, minutes);
  console.log(`The tests of Nimbus on account ${account}, ${region}, as ${arn}: run ${run}`);
  console.log(`  + the role ${roleName(run)} with docs/aws-policy.json, as which all of them call AWS`);
  console.log(`  + stacks ${stackPrefix(run)}…, at most ${MOST.deployments}, of ${MOST.memoryMb} MB at most`);
  console.log(`  + images ${IMAGES.repository}:${modelPrefix(run)}…`);
  if (lacks.images)
    console.log(`  + the image repository ${IMAGES.repository}: it goes too, unless others use it by then`);
  if (lacks.bootstrap) console.log(`  + CDK's bootstrap (the stack ${BOOTSTRAP_STACK}): it stays, and costs nothing`);
  console.log(`  costs $${cost.dollars.toFixed(2)} at most, and is ended where it has cost $${limit.toFixed(2)}:`);
  for (const { title, quantity, unit, dollars } of cost.items) {
    console.log(`    ${title}: ${Number(quantity.toPrecision(3))} ${unit}, $${dollars.toFixed(3)}`);
  }
  console.log(`  ends at ${until.toISOString()} at the latest; then all of it is removed`);
  console.log(`  runs ${files.map((file) => path.basename(file)).join(', ')}, without the tests marked ${MARK}`);
  if (files === FILES) {
    for (const [name, why] of Object.entries(LEFT_OUT)) console.log(`  leaves out ${name}.test.ts: it ${why}`);
  }
}
