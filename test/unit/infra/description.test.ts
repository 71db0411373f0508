import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { DeploymentDescription } from '../../../infra/app/description.ts';
import { faultsOf, repositoryFaultsOf } from '../../../infra/app/faults.ts';
import { environmentParameter } from '../../../infra/app/parameters.ts';
import { synthesise } from '../../../infra/app/synthesise.ts';
import { jsonTemplate } from '../../../infra/app/velocity.ts';
import { DEPLOYMENT, newFolder, REPOSITORY } from './deployments.ts';

const wrong = (changes: Partial<Record<keyof DeploymentDescription, unknown>>): string[] =>
  faultsOf({ ...DEPLOYMENT, ...changes } as DeploymentDescription).map(({ where }) => where);

describe('the description of a deployment on AWS', () => {
  it('is right as it is', () => {
    assert.deepEqual(faultsOf(DEPLOYMENT), []);
    assert.deepEqual(repositoryFaultsOf(REPOSITORY), []);
  });

  const { card } = DEPLOYMENT;
  const cases: [string, Partial<Record<keyof DeploymentDescription, unknown>>][] = [
    ['model', { model: 'Sentiment', card: { ...card, model: 'Sentiment' } }],
    ['deployment', { deployment: 'a/b' }],
    ['stackName', { stackName: 'nimbus_sentiment' }],
    ['stackName', { stackName: 'n'.repeat(65) }],
    ['account', { account: '12345678901' }],
    ['region', { region: 'Ireland' }],
    ['image.repository', { image: { ...DEPLOYMENT.image, repository: 'Nimbus' } }],
    ['image.digest', { image: { ...DEPLOYMENT.image, digest: 'latest' } }],
    ['version', { version: 'v1', card: { ...card, version: 'v1' } }],
    ['revision', { revision: '' }],
    ['revision', { revision: 'a b' }],
    ['memoryMb', { memoryMb: 127 }],
    ['memoryMb', { memoryMb: 10_241 }],
    ['memoryMb', { memoryMb: 128.5 }],
    ['timeoutSeconds', { timeoutSeconds: 0 }],
    ['timeoutSeconds', { timeoutSeconds: 30 }],
    ['ephemeralStorageMb', { ephemeralStorageMb: 511 }],
    ['ephemeralStorageMb', { ephemeralStorageMb: 10_241 }],
    ['provisionedConcurrency', { provisionedConcurrency: 0 }],
    ['architecture', { architecture: 'amd64' }],
    ['auth', { auth: 'open' }],
    ['throttle.ratePerSecond', { throttle: { ratePerSecond: 0, burst: 1 } }],
    ['throttle.burst', { throttle: { ratePerSecond: 1, burst: 0.5 } }],
    ['quota.requests', { quota: { requests: 0, per: 'day' } }],
    ['quota.per', { quota: { requests: 1, per: 'hour' } }],
    ['quota', { auth: 'iam', quota: { requests: 1, per: 'day' } }],
    ['logRetentionDays', { logRetentionDays: 2 }],
    ['corsOrigins[0]', { corsOrigins: ['https://app.example/'] }],
    ['corsOrigins[0]', { corsOrigins: ['https://a")#set($x=1)'] }],
    ['corsOrigins[1]', { corsOrigins: ['https://app.example', '*'] }],
    ['env[0]', { env: ['X'] }],
    ['env[0]', { env: ['_TOKEN'] }],
    ['env[1]', { env: ['HF_TOKEN', 'HF_TOKEN'] }],
    ['env[0]', { env: ['AWS_REGION'] }],
    ['env[0]', { env: ['AWS_LAMBDA_FUNCTION_NAME'] }],
    ['env[0]', { env: ['NIMBUS_CORS_ORIGINS'] }],
    ['card.model', { card: { ...card, model: 'other' } }],
    ['card.version', { card: { ...card, version: 'c'.repeat(64) } }],
    ['card.framework', { card: { ...card, framework: 'spacy' } }],
    ['card', { card: { ...card, examples: [{ input: '$'.repeat(60_000) }] } }],
  ];
  for (const [where, changes] of cases) {
    const text = JSON.stringify(changes);
    it(`is not right: ${where} in ${text.length > 80 ? `${text.slice(0, 80)}…` : text}`, () => {
      assert.deepEqual(wrong(changes), [where]);
    });
  }

  it('allows the limits themselves', () => {
    const least = { memoryMb: 128, timeoutSeconds: 1, ephemeralStorageMb: 512, logRetentionDays: 1, revision: 'a' };
    const most = {
      memoryMb: 10_240,
      ephemeralStorageMb: 10_240,
      logRetentionDays: 3653,
      stackName: 'n'.repeat(64),
      region: 'us-gov-west-1',
      corsOrigins: ['*'],
    };
    assert.deepEqual([wrong(least), wrong(most)], [[], []]);
  });

  it('says what is wrong, where and what to do', () => {
    assert.deepEqual(faultsOf({ ...DEPLOYMENT, timeoutSeconds: 60 }), [
      { where: 'timeoutSeconds', what: 'It is 60.', next: 'Take a whole number, 1 to 29.' },
    ]);
  });

  it('makes nothing of one that is wrong', () => {
    assert.throws(() => synthesise({ ...DEPLOYMENT, memoryMb: 1 }, newFolder()), /memoryMb: It is 1\./);
  });

  it('of a repository is checked too', () => {
    const found = repositoryFaultsOf({ ...REPOSITORY, account: '1', repository: 'a//b', stackName: '-', region: '' });
    assert.deepEqual(
      found.map(({ where }) => where),
      ['stackName', 'account', 'region', 'repository'],
    );
  });
});

describe('templates of JSON for VTL', () => {
  it('give any document as it is, with nothing that VTL would take for its own', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ stringUnit: 'grapheme' })), (document) => {
        const template = jsonTemplate(document);
        assert.doesNotMatch(template, /[$#]/);
        assert.deepEqual(JSON.parse(template), JSON.parse(JSON.stringify(document)));
      }),
    );
  });

  it('put a reference where a field has one', () => {
    assert.equal(
      jsonTemplate({ a: 1, b: undefined, c: '$' }, { a: 'context.x' }),
      String.raw`{"c":"\u0024","a":"$context.x"}`,
    );
  });
});

describe('parameters of environment variables', () => {
  it('are what CloudFormation takes, and one for each name', () => {
    const name = fc.stringMatching(/^[A-Z][A-Z_]{1,6}$/);
    fc.assert(
      fc.property(name, name, (one, other) => {
        assert.match(environmentParameter(one), /^[A-Za-z0-9]{1,255}$/);
        assert.equal(environmentParameter(one) === environmentParameter(other), one === other);
      }),
    );
  });
});
