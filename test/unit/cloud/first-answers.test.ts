/** What a deploy to AWS ends with, on an API that answers as the function does. */
import assert from 'node:assert/strict';
import { exampleCall } from '../../../src/cli/example.ts';
import { firstAnswers } from '../../../src/core/cloud/first-answers.ts';
import { answering, type Answers } from '../../aws/answers.ts';

const VERSION = 'a1'.repeat(32);
const ROW = { age: 41, city: 'Köln' };

describe('the first answers of a deployment on AWS', () => {
  let api: Answers;
  before(async () => {
    api = await answering(({ path }) => ({
      status: 200,
      body: path.endsWith('/health') ? { version: VERSION } : { version: VERSION, result: { value: 7 } },
    }));
  });
  after(() => api.end());

  it('say what they were asked, so that the command which is shown works as it is', async () => {
    const cloud = {
      account: '000000000000',
      region: 'eu-west-1',
      stack: 'nimbus-churn-prod',
      functionName: 'nimbus-churn-prod',
      url: `${api.url}/prod`,
      apiId: 'a',
      stage: 'prod',
      logGroup: '',
      auth: 'none' as const,
      digest: '',
    };
    const shell = { signal: new AbortController().signal, stage: () => undefined, log: () => undefined };
    // Of a table without examples in models.json the input was made from the model's card.
    const asked = {
      config: api.config,
      cloud,
      spec: { framework: 'sklearn' as const },
      card: { model: 'churn', version: VERSION, framework: 'sklearn' as const } as never,
      probe: { input: ROW },
      version: VERSION,
    };
    const answered = await firstAnswers(asked, shell);
    if (!answered.ok) assert.fail(JSON.stringify(answered.error));
    const { input, result, answers } = answered.value;
    assert.deepEqual([input, result, answers.length], [ROW, { value: 7 }, 2]);
    assert.equal(
      exampleCall('churn/prod', { examples: [{ input }] }),
      `nimbus predict churn/prod --input '{"age":41,"city":"Köln"}'`,
    );
  });
});
