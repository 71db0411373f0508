import assert from 'node:assert/strict';
import { Match } from 'aws-cdk-lib/assertions';
import { AUTHS, deployed, DEPLOYMENT, methods, resource, resources, type Made } from './deployments.ts';

/** What a template of VTL gives that only refers to a variable of the stage; anything else of VTL would stay, and show. */
function rendered(template: string): unknown {
  const text = template.replaceAll('$stageVariables.version', DEPLOYMENT.version);
  assert.doesNotMatch(text, /[$#]/, 'something that VTL would take for its own');
  return JSON.parse(text);
}

const answerOf = (made: Made, route: string) => methods(made).get(route).Integration.IntegrationResponses[0];

describe('the API of a stack on AWS', () => {
  it('is regional, takes any body as binary and compresses from 1,024 bytes on', () => {
    deployed().template.hasResourceProperties('AWS::ApiGateway::RestApi', {
      EndpointConfiguration: { Types: ['REGIONAL'] },
      BinaryMediaTypes: ['*/*'],
      MinimumCompressionSize: 1024,
    });
  });

  it('changes nothing of the account: no role for logs', () => {
    deployed().template.resourceCountIs('AWS::ApiGateway::Account', 0);
    deployed().template.resourceCountIs('AWS::IAM::Role', 1);
  });

  it('has the four routes of the contract and no other', () => {
    for (const auth of AUTHS) {
      const routes = [...methods(deployed({ auth })).keys()].sort();
      assert.deepEqual(routes, ['GET /', 'GET /health', 'POST /batch', 'POST /predict']);
    }
  });

  it('hands predictions to the alias, as they are, for 29 seconds', () => {
    const made = deployed();
    const alias = resource(made, 'AWS::Lambda::Alias').id;
    for (const route of ['POST /predict', 'POST /batch']) {
      const { Integration } = methods(made).get(route);
      assert.equal(Integration.Type, 'AWS_PROXY');
      assert.equal(Integration.TimeoutInMillis, 29_000);
      assert.ok(JSON.stringify(Integration.Uri).includes(`{"Ref":"${alias}"}`), 'not the alias');
    }
  });

  it('may call the alias from the routes that need it, and from no console', () => {
    const made = deployed();
    const permissions = resources(made, 'AWS::Lambda::Permission').map(([, one]) => one.Properties);
    assert.equal(permissions.length, 2);
    for (const { FunctionName, Principal, SourceArn } of permissions) {
      assert.deepEqual(FunctionName, { Ref: resource(made, 'AWS::Lambda::Alias').id });
      assert.equal(Principal, 'apigateway.amazonaws.com');
      assert.match(JSON.stringify(SourceArn), /\/POST\/(?:predict|batch)"/);
      assert.doesNotMatch(JSON.stringify(SourceArn), /test-invoke-stage|\*/);
    }
  });

  it('answers /health and / itself, as the local host does', () => {
    const made = deployed();
    assert.deepEqual(rendered(answerOf(made, 'GET /health').ResponseTemplates['application/json']), {
      status: 'healthy',
      model: 'sentiment',
      version: DEPLOYMENT.version,
      framework: 'sklearn',
    });
    assert.deepEqual(rendered(answerOf(made, 'GET /').ResponseTemplates['application/json']), DEPLOYMENT.card);
    for (const route of ['GET /health', 'GET /']) {
      const { Integration, MethodResponses } = methods(made).get(route);
      assert.equal(Integration.Type, 'MOCK');
      assert.equal(Integration.PassthroughBehavior, 'NEVER');
      // Both are needed with binary types, else the gateway answers 500.
      assert.equal(Integration.ContentHandling, 'CONVERT_TO_TEXT');
      const [answer] = Integration.IntegrationResponses;
      assert.equal(answer.ContentHandling, 'CONVERT_TO_TEXT');
      assert.equal(answer.ResponseParameters['method.response.header.cache-control'], "'no-store'");
      assert.equal(answer.ResponseParameters['method.response.header.x-request-id'], 'context.requestId');
      // The gateway refuses to set a header that the method does not declare.
      assert.deepEqual(
        Object.keys(MethodResponses[0].ResponseParameters).sort(),
        Object.keys(answer.ResponseParameters).sort(),
      );
    }
  });

  it('takes the version that it says from the stage, which an update outside of the stack can set', () => {
    deployed().template.hasResourceProperties('AWS::ApiGateway::Stage', {
      StageName: 'prod',
      Variables: { version: { Ref: 'Version' } },
    });
  });

  it('is deployed anew when a card changes', () => {
    const deployment = (made: Made) => resource(made, 'AWS::ApiGateway::Deployment').id;
    const other = deployed({ card: { ...DEPLOYMENT.card, description: 'Another' } });
    assert.notEqual(deployment(other), deployment(deployed()));
  });

  it('says where it is', () => {
    const outputs = (made: Made) => Object.keys(made.template.toJSON()['Outputs']).sort();
    const always = ['AliasArn', 'ApiId', 'Auth', 'FunctionName', 'LogGroup', 'Stage', 'Url'];
    assert.deepEqual(outputs(deployed()), [...always, 'KeyId'].sort());
    assert.deepEqual(outputs(deployed({ auth: 'iam' })), always);
    assert.deepEqual(outputs(deployed({ auth: 'none' })), always);
    for (const auth of AUTHS) deployed({ auth }).template.hasOutput('Auth', { Value: auth });
    assert.match(JSON.stringify(deployed().template.toJSON()['Outputs'].Url.Value), /"\/",\{"Ref":"[^"]+"\}\]\]\}$/);
  });
});

describe('who may call an API on AWS', () => {
  const auths = (made: Made) =>
    [...methods(made).values()].map(({ AuthorizationType, ApiKeyRequired }) => [
      AuthorizationType,
      ApiKeyRequired === true,
    ]);

  it('key: every route needs a key with a throttle and a quota', () => {
    const made = deployed();
    assert.deepEqual(
      auths(made),
      Array.from({ length: 4 }, () => ['NONE', true]),
    );
    const { id } = resource(made, 'AWS::ApiGateway::ApiKey');
    made.template.hasResourceProperties('AWS::ApiGateway::ApiKey', { Enabled: true, Value: Match.absent() });
    made.template.hasResourceProperties('AWS::ApiGateway::UsagePlan', {
      Throttle: { RateLimit: 10, BurstLimit: 20 },
      Quota: { Limit: 10_000, Period: 'DAY' },
      ApiStages: [Match.objectLike({ Stage: { Ref: resource(made, 'AWS::ApiGateway::Stage').id } })],
    });
    made.template.hasResourceProperties('AWS::ApiGateway::UsagePlanKey', {
      KeyId: { Ref: id },
      UsagePlanId: { Ref: resource(made, 'AWS::ApiGateway::UsagePlan').id },
    });
    made.template.hasOutput('KeyId', { Value: { Ref: id } });
    made.template.hasResourceProperties('AWS::ApiGateway::Stage', { MethodSettings: Match.absent() });
  });

  it('key: goes by a name that a parameter ends, which is empty until the key is rotated', () => {
    const made = deployed();
    made.template.hasResourceProperties('AWS::ApiGateway::ApiKey', {
      Name: { 'Fn::Join': ['', ['nimbus-sentiment-prod', { Ref: 'KeyRevision' }]] },
    });
    made.template.hasParameter('KeyRevision', { Default: '' });
    assert.equal(deployed({ auth: 'none' }).template.toJSON()['Parameters'].KeyRevision, undefined);
  });

  it('key: throttle and quota as asked', () => {
    deployed({
      throttle: { ratePerSecond: 0.5, burst: 2 },
      quota: { requests: 7, per: 'week' },
    }).template.hasResourceProperties('AWS::ApiGateway::UsagePlan', {
      Throttle: { RateLimit: 0.5, BurstLimit: 2 },
      Quota: { Limit: 7, Period: 'WEEK' },
    });
  });

  for (const [auth, type] of [
    ['iam', 'AWS_IAM'],
    ['none', 'NONE'],
  ] as const) {
    it(`${auth}: every route, no key, the stage throttled`, () => {
      const made = deployed({ auth });
      assert.deepEqual(
        auths(made),
        Array.from({ length: 4 }, () => [type, false]),
      );
      for (const kind of ['ApiKey', 'UsagePlan', 'UsagePlanKey']) {
        made.template.resourceCountIs(`AWS::ApiGateway::${kind}`, 0);
      }
      made.template.hasResourceProperties('AWS::ApiGateway::Stage', {
        MethodSettings: [
          Match.objectLike({ HttpMethod: '*', ResourcePath: '/*', ThrottlingRateLimit: 10, ThrottlingBurstLimit: 20 }),
        ],
      });
    });
  }
});

describe('web pages of other origins and an API on AWS', () => {
  const text = (made: Made) => JSON.stringify(made.template.toJSON()).toLowerCase();

  it('get nothing unless it was asked for', () => {
    for (const auth of AUTHS) assert.doesNotMatch(text(deployed({ auth })), /access-control|cors/);
  });

  it('may call from one origin: preflights are open, answers and problems name it', () => {
    for (const auth of AUTHS) {
      const made = deployed({ auth, corsOrigins: ['https://app.example'] });
      const all = methods(made);
      assert.equal(all.size, 8);
      for (const [route, { AuthorizationType, ApiKeyRequired, Integration }] of all) {
        if (!route.startsWith('OPTIONS')) continue;
        assert.deepEqual([AuthorizationType, ApiKeyRequired], ['NONE', false]);
        assert.equal(Integration.ContentHandling, 'CONVERT_TO_TEXT');
        const [{ StatusCode, ResponseParameters, ContentHandling }] = Integration.IntegrationResponses;
        assert.equal(StatusCode, '204');
        assert.equal(ContentHandling, 'CONVERT_TO_TEXT');
        const wanted = /predict|batch/.test(route) ? "'POST'" : "'GET'";
        assert.equal(ResponseParameters['method.response.header.access-control-allow-methods'], wanted);
      }
      const named = text(made).match(/access-control-allow-origin":"'([^"]*)'"/g);
      // The preflights, the two answers, the problems.
      assert.equal(named?.length, 4 + 2 + resources(made, 'AWS::ApiGateway::GatewayResponse').length);
      assert.ok(named.every((each) => each.endsWith(`'https://app.example'"`)));
      made.template.hasResourceProperties('AWS::Lambda::Function', {
        Environment: { Variables: { NIMBUS_CORS_ORIGINS: 'https://app.example' } },
      });
    }
  });

  it('may call from several: an answer names the one that asks, if it is allowed', () => {
    const made = deployed({ corsOrigins: ['https://a.example', 'https://b.example:8443'] });
    for (const route of ['GET /', 'OPTIONS /predict']) {
      const { ResponseTemplates, ResponseParameters } = answerOf(made, route);
      assert.match(
        ResponseTemplates['application/json'],
        /#if\(\$origin == "https:\/\/a\.example" \|\| \$origin == "https:\/\/b\.example:8443"\)#set\(\$context\.responseOverride\.header\.access-control-allow-origin = \$origin\)#end/,
      );
      assert.match(ResponseParameters['method.response.header.vary'], /origin/);
    }
  });
});
