/** What checks make of what they are told, without AWS. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { checkCredentials, type AwsAccess } from '../../../src/core/doctor/aws.ts';
import { LEAST_VERSION } from '../../../src/core/cloud/bootstrap.ts';
import { bootstrapFound } from '../../../src/core/doctor/bootstrap.ts';
import { spaceFound } from '../../../src/core/doctor/disk.ts';
import { diagnose } from '../../../src/core/doctor/doctor.ts';
import { permissionsFound, sampleOf } from '../../../src/core/doctor/permissions.ts';
import { checkQuotas, QUOTAS } from '../../../src/core/doctor/quotas.ts';
import { CHECKS } from '../../../src/shared/doctor.ts';

const NOW = Date.parse('2026-11-26T08:00:00Z');
const minutes = (count: number): Date => new Date(NOW + count * 60_000);

function accessOf(change: { arn?: string; expires?: Date } = {}): AwsAccess {
  const { arn = 'arn:aws:iam::123456789012:user/ana', expires } = change;
  return {
    state: 'there',
    account: { account: '123456789012', region: 'eu-west-1', arn, variables: {} },
    config: { region: 'eu-west-1', credentials: async () => ({ accessKeyId: 'a', secretAccessKey: 'b' }) },
    ...(expires === undefined ? {} : { expires }),
  };
}

describe('the doctor', () => {
  it('says when credentials end, and warns where that may be within a deploy', () => {
    assert.equal(checkCredentials(accessOf(), NOW).state, 'ok');
    const long = checkCredentials(accessOf({ expires: minutes(120) }), NOW);
    assert.deepEqual([long.state, long.why], ['ok', 'They end at 2026-11-26T10:00:00.000Z.']);
    assert.equal(checkCredentials(accessOf({ expires: minutes(5) }), NOW).state, 'warning');
  });

  it('warns of the keys of the root user', () => {
    const { state, next } = checkCredentials(accessOf({ arn: 'arn:aws:iam::123456789012:root' }), NOW);
    assert.equal(state, 'warning');
    assert.match(next!, /--policy/);
  });

  it('tells no credentials from those that do not work', () => {
    assert.equal(checkCredentials({ state: 'absent' }).state, 'absent');
    const error = { code: 'expired-credentials', what: 'The AWS credentials have expired.', next: 'Log in again.' };
    const found = checkCredentials({ state: 'failed', error });
    assert.deepEqual(found, { state: 'problem', what: error.what, next: error.next });
  });

  it('knows a bootstrap that is missing, too old, broken, or good', () => {
    const place = { account: '1', region: 'eu-west-1' };
    const of = (StackStatus: string, version?: number) =>
      bootstrapFound(
        {
          StackName: 'CDKToolkit',
          StackId: 'arn:aws:cloudformation:eu-west-1:1:stack/CDKToolkit/1',
          CreationTime: new Date(),
          StackStatus: StackStatus as 'CREATE_COMPLETE',
          ...(version === undefined ? {} : { Outputs: [{ OutputKey: 'BootstrapVersion', OutputValue: `${version}` }] }),
        },
        place,
      );
    assert.equal(bootstrapFound(undefined, place).state, 'absent');
    assert.equal(of('REVIEW_IN_PROGRESS').state, 'absent');
    assert.equal(of('UPDATE_COMPLETE', LEAST_VERSION).state, 'ok');
    assert.equal(of('UPDATE_COMPLETE', LEAST_VERSION - 1).state, 'problem');
    assert.equal(of('CREATE_COMPLETE').state, 'problem');
    assert.equal(of('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', LEAST_VERSION).state, 'ok');
    assert.match(of('UPDATE_IN_PROGRESS', LEAST_VERSION).next!, /^Wait for the end of what somebody does with it/);
    assert.match(of('DELETE_FAILED', LEAST_VERSION).next!, /^Delete it, then deploy again: https:/);
    assert.match(of('UPDATE_ROLLBACK_FAILED', LEAST_VERSION).next!, /"Continue update rollback": https:/);
    const broken = of('ROLLBACK_COMPLETE', 21);
    assert.equal(broken.state, 'problem');
    assert.match(broken.next!, /npx cdk bootstrap aws:\/\/1\/eu-west-1/);
  });

  it('takes little space for a warning, and none for a problem', () => {
    assert.deepEqual(
      [20e9, 3e9, 0.5e9].map((free) => spaceFound(free, 'x').state),
      ['ok', 'warning', 'problem'],
    );
  });

  it('asks IAM about things that the policy means', () => {
    const place = { account: '123456789012', region: 'eu-west-1', user: 'ana' };
    assert.equal(
      sampleOf('arn:aws:lambda:*:*:function:nimbus-*', place),
      'arn:aws:lambda:eu-west-1:123456789012:function:nimbus-x',
    );
    assert.equal(sampleOf('arn:aws:apigateway:*::/apikeys/*', place), 'arn:aws:apigateway:eu-west-1::/apikeys/x');
    assert.equal(sampleOf('arn:aws:iam::*:user/${aws:username}', place), 'arn:aws:iam::123456789012:user/ana');
    assert.equal(sampleOf('*', place), '*');
  });

  it('warns where only what is useful is not allowed, and names the actions', () => {
    assert.equal(permissionsFound([], 'a').state, 'ok');
    assert.equal(
      permissionsFound([{ sid: 'LookAtLimits', actions: ['servicequotas:GetServiceQuota'] }], 'a').state,
      'warning',
    );
    const { state, why } = permissionsFound([{ sid: 'PushImages', actions: ['ecr:PutImage'] }], 'a');
    assert.deepEqual([state, why], ['problem', 'PushImages: ecr:PutImage']);
  });

  it('ends a check that takes too long, without the others', async () => {
    const home = mkdtempSync(path.join(os.tmpdir(), 'nimbus-doctor-'));
    // Accepts a connection, and never answers.
    const silent = http.createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    try {
      const findings = await diagnose({
        project: home,
        trustedProject: false,
        env: {
          ...process.env,
          HOME: home,
          NIMBUS_HOME: home,
          AWS_ACCESS_KEY_ID: 'a',
          AWS_SECRET_ACCESS_KEY: 'b',
          AWS_REGION: 'eu-west-1',
          AWS_ENDPOINT_URL: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
          DOCKER_HOST: 'unix:///nowhere/docker.sock',
        },
        limitMs: 1500,
      });
      assert.deepEqual([...new Set(findings.map(({ check }) => check))], [...CHECKS]);
      const states = Object.fromEntries(findings.map(({ check, state }) => [check, state]));
      assert.equal(states['engine'], 'absent');
      for (const check of ['credentials', 'bootstrap', 'quotas']) assert.equal(states[check], 'unknown', check);
      assert.match(findings.find(({ check }) => check === 'quotas')!.what, /did not answer in 1.5 s/);
    } finally {
      silent.closeAllConnections();
      silent.close();
      rmSync(home, { recursive: true, force: true });
    }
  });
});

describe('the quotas of an account, on answers as AWS documents them', () => {
  /** https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html */
  async function withAnswers(
    answer: (code: string) => { status: number; body: unknown },
    work: (endpoint: string) => Promise<void>,
  ): Promise<void> {
    const server = http.createServer(async (request, response) => {
      let body = '';
      for await (const part of request) body += String(part);
      const { status, body: said } = answer((JSON.parse(body) as { QuotaCode: string }).QuotaCode);
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(said));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }
  const [concurrency, gateway] = QUOTAS as [(typeof QUOTAS)[0], (typeof QUOTAS)[0]];
  const quota = (code: string, value: number) => ({ status: 200, body: { Quota: { QuotaCode: code, Value: value } } });
  const configOf = (endpoint: string) => ({ config: { ...accessOf().config, endpoint } });

  it('are fine as AWS gives them to most', async () => {
    await withAnswers(
      (code) => quota(code, code === concurrency.code ? 1000 : 29_000),
      async (endpoint) => {
        const found = await checkQuotas(configOf(endpoint));
        assert.deepEqual(
          found.map(({ state }) => state),
          ['ok', 'ok'],
        );
      },
    );
  });

  it('of a new account are a warning, with its limit of memory', async () => {
    await withAnswers(
      (code) => quota(code, code === concurrency.code ? 10 : 20_000),
      async (endpoint) => {
        const [few, short] = await checkQuotas(configOf(endpoint));
        assert.equal(few!.state, 'warning');
        assert.match(few!.why!, /3008 MB/);
        assert.equal(short!.state, 'problem');
      },
    );
  });

  it('that may not be read are told one by one', async () => {
    await withAnswers(
      (code) =>
        code === gateway.code
          ? quota(code, 29_000)
          : {
              status: 400,
              body: {
                __type: 'AccessDeniedException',
                Message: 'not authorized to perform: servicequotas:GetServiceQuota',
              },
            },
      async (endpoint) => {
        const found = await checkQuotas(configOf(endpoint));
        assert.deepEqual(
          found.map(({ state }) => state),
          ['unknown', 'ok'],
        );
        assert.match(found[0]!.what, /Concurrent executions.*AWS refused/);
      },
    );
  });
});
