import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { gatewayProblems } from '../../../infra/app/bodies.ts';
import { PROBLEMS } from '../../../src/core/host/problems.ts';
import { AUTHS, deployed, resources } from './deployments.ts';

/** Title and status by code, of the host and of the function. */
function known(): Map<string, { title: string; status: number }> {
  const python = readFileSync(new URL('../../../infra/runtime/nimbus_runtime/problems.py', import.meta.url), 'utf8');
  const ofFunction = [...python.matchAll(/^ {4}"([a-z-]+)": \((\d+), "([^"]+)"\),$/gm)];
  assert.ok(ofFunction.length >= 10, 'the table of problems.py was not found');
  return new Map<string, { title: string; status: number }>([
    ...ofFunction.map(([, code, status, title]) => [code!, { title: title!, status: Number(status) }] as const),
    ...Object.entries(PROBLEMS),
  ]);
}

describe('problems that the gateway on AWS answers itself', () => {
  for (const auth of AUTHS) {
    it(`${auth}: are problem JSON with the request's id, of the codes, titles and statuses of every target`, () => {
      const answers = resources(deployed({ auth }), 'AWS::ApiGateway::GatewayResponse');
      assert.equal(answers.length, Object.keys(gatewayProblems(auth)).length);
      for (const [, { Properties }] of answers) {
        const { ResponseType, StatusCode, ResponseTemplates, ResponseParameters } = Properties;
        assert.equal(ResponseParameters['gatewayresponse.header.Content-Type'], "'application/problem+json'");
        assert.equal(ResponseParameters['gatewayresponse.header.x-request-id'], 'context.requestId');
        const text: string = ResponseTemplates['application/json'];
        assert.deepEqual(text.match(/\$[\w.]*/g), ['$context.requestId'], ResponseType);
        const problem = JSON.parse(text);
        const code = /^urn:nimbus:problem:([a-z-]+)$/.exec(problem.type)?.[1];
        const { title, status } = problem;
        assert.deepEqual({ title, status }, known().get(code ?? ''), ResponseType);
        assert.equal(StatusCode, String(status), ResponseType);
        assert.ok(problem.detail);
        assert.equal(problem.requestId, '$context.requestId');
      }
    });
  }

  it('say 404 of an unknown path, but where only a signature tells it from an unsigned request', () => {
    const status = (auth: (typeof AUTHS)[number]) => gatewayProblems(auth)['MISSING_AUTHENTICATION_TOKEN']?.status;
    assert.deepEqual([status('key'), status('none'), status('iam')], [404, 404, 403]);
  });

  it('say 429 and when to try again, over the throttle; over the quota only that it is used up', () => {
    for (const [, { Properties }] of resources(deployed(), 'AWS::ApiGateway::GatewayResponse')) {
      const retry = Properties.ResponseParameters['gatewayresponse.header.retry-after'];
      assert.equal(retry, Properties.ResponseType === 'THROTTLED' ? "'1'" : undefined);
    }
    assert.equal(gatewayProblems('key')['QUOTA_EXCEEDED']?.status, 429);
  });

  it('are those of a key only with a key, those of a signature only with a signature', () => {
    const types = (auth: (typeof AUTHS)[number]) => Object.keys(gatewayProblems(auth));
    assert.deepEqual(
      types('key').filter((type) => !types('none').includes(type)),
      ['INVALID_API_KEY', 'QUOTA_EXCEEDED'],
    );
    assert.deepEqual(
      types('iam').filter((type) => !types('none').includes(type)),
      ['EXPIRED_TOKEN', 'INVALID_SIGNATURE'],
    );
  });
});
