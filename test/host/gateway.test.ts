import assert from 'node:assert/strict';
import fc from 'fast-check';
import { proxyAnswer, proxyEvent, type HttpCall } from '../../src/core/host/gateway.ts';

const CALL: HttpCall = {
  method: 'POST',
  path: '/predict',
  query: 'a=1&a=2&b=%C3%A9',
  rawHeaders: ['Content-Type', 'application/json', 'X-Twice', '1', 'X-Twice', '2', 'User-Agent', 'test'],
  body: Buffer.from('{"text":"é"}'),
  arrivedMs: Date.UTC(2026, 3, 9, 12, 34, 56, 789),
  requestId: 'the-id',
  sourceIp: '127.0.0.1',
  stage: 'local',
  apiId: 'abc',
  domainName: '127.0.0.1:1',
};
const event = (change: Partial<HttpCall> = {}): any => JSON.parse(proxyEvent({ ...CALL, ...change }));

describe('the API Gateway event', () => {
  it('is that of a REST API with proxy integration, version 1', () => {
    assert.deepEqual(event(), {
      resource: '/predict',
      path: '/predict',
      httpMethod: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Twice': '2', 'User-Agent': 'test' },
      multiValueHeaders: { 'Content-Type': ['application/json'], 'X-Twice': ['1', '2'], 'User-Agent': ['test'] },
      queryStringParameters: { a: '2', b: 'é' },
      multiValueQueryStringParameters: { a: ['1', '2'], b: ['é'] },
      pathParameters: null,
      stageVariables: null,
      requestContext: {
        accountId: '000000000000',
        apiId: 'abc',
        domainName: '127.0.0.1:1',
        domainPrefix: 'abc',
        extendedRequestId: 'the-id',
        httpMethod: 'POST',
        identity: {
          accessKey: null,
          accountId: null,
          caller: null,
          cognitoAuthenticationProvider: null,
          cognitoAuthenticationType: null,
          cognitoIdentityId: null,
          cognitoIdentityPoolId: null,
          principalOrgId: null,
          sourceIp: '127.0.0.1',
          user: null,
          userAgent: 'test',
          userArn: null,
        },
        path: '/local/predict',
        protocol: 'HTTP/1.1',
        requestId: 'the-id',
        requestTime: '09/Apr/2026:12:34:56 +0000',
        requestTimeEpoch: CALL.arrivedMs,
        resourceId: '/predict',
        resourcePath: '/predict',
        stage: 'local',
      },
      body: '{"text":"é"}',
      isBase64Encoded: false,
    });
  });

  it('has null for no body and no query', () => {
    const { body, isBase64Encoded, queryStringParameters } = event({ body: Buffer.alloc(0), query: '' });
    assert.deepEqual([body, isBase64Encoded, queryStringParameters], [null, false, null]);
  });

  it('carries headers that are named like what every object has', () => {
    const { headers, multiValueHeaders } = event({ rawHeaders: ['__proto__', 'a', 'constructor', 'b'] });
    assert.equal(Object.getOwnPropertyDescriptor(headers, '__proto__')?.value, 'a');
    assert.deepEqual(multiValueHeaders.constructor, ['b']);
  });

  it('holds any body, as text where it is text', () => {
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.constantFrom('application/json', 'image/png', 'text/plain', ''),
        (bytes, type) => {
          const { body, isBase64Encoded } = event({ body: Buffer.from(bytes), rawHeaders: ['content-type', type] });
          const read = Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8');
          assert.deepEqual(read, Buffer.from(bytes));
          if (type === 'image/png' && bytes.length > 0) assert.equal(isBase64Encoded, true);
        },
      ),
    );
    assert.equal(event({ rawHeaders: ['content-encoding', 'gzip'] }).isBase64Encoded, true);
  });
});

describe("a handler's answer", () => {
  const read = (value: unknown): ReturnType<typeof proxyAnswer> => proxyAnswer(Buffer.from(JSON.stringify(value)));

  it('is read with its headers and either kind of body', () => {
    assert.deepEqual(read({ statusCode: 200, headers: { a: 'b', n: 1 }, multiValueHeaders: { c: ['d'] }, body: 'é' }), {
      status: 200,
      headers: [
        ['a', 'b'],
        ['n', '1'],
        ['c', ['d']],
      ],
      body: Buffer.from('é'),
    });
    assert.deepEqual(read({ statusCode: 204, body: 'AP8=', isBase64Encoded: true })?.body, Buffer.from([0, 255]));
    assert.equal(read({ statusCode: 204 })?.body.length, 0);
  });

  it('is none where it is anything else', () => {
    for (const value of [null, 1, [], {}, { statusCode: '200' }, { statusCode: 99 }, { statusCode: 200, body: 1 }]) {
      assert.equal(read(value), undefined, JSON.stringify(value));
    }
    assert.equal(proxyAnswer(Buffer.from('{')), undefined);
  });
});
