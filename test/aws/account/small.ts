/** What account.test.ts has the runner run in the place of the suite: one deployment, asked and left there. */
import assert from 'node:assert/strict';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { cloudProject, DEPLOY, PROD, STACK } from '../project.ts';
import { roleName } from './names.ts';
import { MARK } from './suite.ts';

describe('a run', function () {
  it('deploys, asks, and stays until it is ended where it is told to', async () => {
    const project = await cloudProject();
    // By the role, and by nobody else's keys.
    const { Arn: arn } = await new STSClient(project.place.client).send(new GetCallerIdentityCommand({}));
    assert.ok(arn!.includes(`/${roleName(process.env['NIMBUS_TEST_AWS_RUN']!)}/`), arn);
    await project.succeeded([...DEPLOY, '--yes']);
    const { image, cloud } = await project.status();
    await new LambdaClient(project.place.client).send(new InvokeCommand({ FunctionName: STACK, Payload: '{}' }));
    // For who has to remove it, should this be killed.
    console.log(`IMAGE ${image!.reference} PUSHED ${cloud!.digest}`);
    if (process.env['NIMBUS_TEST_STAYS']) await new Promise(() => setInterval(() => undefined, 1000));
    await project.succeeded(['predict', PROD, 'x']);
    await project.sandbox.remove();
  });

  it(`is not run on an account ${MARK}`, () => {
    throw new Error('it ran');
  });
});
