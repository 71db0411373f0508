/** What a rehearsal saw, against what AWS Lambda and API Gateway allow, on an account that has nothing of it. */
import assert from 'node:assert/strict';
import { rehearse, wouldNotServe } from '../../src/core/cloud/review.ts';
import type { DeployPlan } from '../../src/core/targets/plan.ts';
import type { Operation, Rehearsal } from '../../src/shared/states.ts';
import { startEmulator, type Emulator } from './emulator.ts';
import { ACCOUNT, REGION } from './place.ts';
import { done, failed, variablesOf } from './support.ts';

describe('the review of a deploy to AWS Lambda', function () {
  this.timeout(60_000);
  let emulator: Emulator;

  before(async () => {
    emulator = await startEmulator();
  });
  after(() => emulator?.end());

  it('stops it, with advice, where it would not answer on AWS', async () => {
    const account = {
      account: ACCOUNT,
      region: REGION,
      arn: `arn:aws:iam::${ACCOUNT}:root`,
      variables: variablesOf(emulator.client),
    };
    const plan = { model: 'rules', deployment: 'prod', deploymentSpec: { target: 'lambda' } } as DeployPlan;
    const good = { version: 'a1'.repeat(32), initMs: 8000, firstAnswerMs: 25_000, memoryMb: 1769 };
    const stopped = async (change: Partial<Rehearsal>, bytes = 10e9): Promise<string | undefined> => {
      const result = { ...good, image: { bytes } as Rehearsal['image'], ...change };
      const rehearsed = await rehearse(account, plan, {
        run: async () => ({ ok: true, value: { result } as Operation }),
        review: (work) => work(),
      });
      const { review } = done(rehearsed);
      if (review.stops.length === 0) return undefined;
      const { what, why } = failed(wouldNotServe('rules', review));
      assert.equal(what, 'rules would not answer on AWS Lambda, so nothing was deployed.');
      return why;
    };
    assert.equal(await stopped({}), undefined);
    const more = /It has 1769 MB: more memory brings more processor time \(nimbus sweep/;
    const [slow, late, large] = [
      await stopped({ initMs: 8001 }),
      await stopped({ firstAnswerMs: 25_001 }),
      await stopped({}, 11e9),
    ];
    assert.match(slow!, /^Loading it took 8\.0+ s here .* ends an initialisation after 10 s\. /);
    assert.match(late!, /^Its first answer took 25(\.0+)? s, and API Gateway waits 29 s\. /);
    for (const one of [slow, late]) assert.match(one!, more);
    assert.match(large!, /^The image has .*, and AWS Lambda takes 10 GB\. nimbus report shows what is in it\.$/);
    assert.equal((await stopped({ initMs: 9000, firstAnswerMs: 30_000 }))!.split('\n').length, 2);
  });
});
