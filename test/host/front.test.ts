import assert from 'node:assert/strict';
import { request, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { get, post, TestProject } from './support.ts';

const MODEL = `
import sys

def load(path):
    return None

def predict(model, input):
    if isinstance(input, dict) and "long" in input:
        return "z" * input["long"]
    if input == "raise":
        raise KeyError("k")
    return input
`;

interface Raw {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

describe('the HTTP front', function () {
  this.timeout(30_000);
  let project: TestProject;
  let url: string;
  let invokeUrl: string;

  before(async () => {
    project = new TestProject();
    await project.connect();
    url = await project.deploy('model', MODEL);
    invokeUrl = `${project.host.hello.url}/2015-03-31/functions/nimbus-model-local/invocations`;
  });
  after(() => project.end());

  /** A request with headers that `fetch` would not send. */
  function raw(where: string, headers: Record<string, string>, body: string | Buffer = ''): Promise<Raw> {
    return new Promise((resolve, reject) => {
      const sent = request(where, { method: 'POST', headers: { 'content-type': 'application/json', ...headers } });
      let isAnswered = false;
      // Who answers while one still sends may close before all is sent.
      sent.on('error', (error) => isAnswered || reject(error));
      sent.on('response', (response) => {
        isAnswered = true;
        let text = '';
        response.setEncoding('utf8').on('data', (part) => (text += part));
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }));
      });
      sent.end(body);
    });
  }

  it('refuses a foreign Host and Origin, and takes its own', async () => {
    const body = '{"text":"a"}';
    const { host } = new URL(url);
    for (const headers of [
      { host: 'evil.example' },
      { host: 'localhost.evil.example' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]) {
      const refused = await raw(`${url}/predict`, headers as Record<string, string>, body);
      assert.equal(refused.status, 403, JSON.stringify(headers));
      assert.equal(refused.headers['content-type'], 'application/problem+json');
      assert.equal((await raw(invokeUrl, headers as Record<string, string>, '{}')).status, 403);
    }
    for (const headers of [
      { host: 'localhost:1234' },
      { origin: `http://${host}` },
      { origin: `http://${host}`, 'sec-fetch-site': 'same-origin' },
      { 'sec-fetch-site': 'none' },
    ]) {
      const taken = await raw(`${url}/predict`, headers as Record<string, string>, body);
      assert.equal(taken.status, 200, taken.text);
    }
  });

  it('says what there is where nothing is', async () => {
    const wrong = await get(`${url}/predictions`);
    assert.equal(wrong.status, 404);
    assert.match(wrong.body.detail, /POST \/predict/);
    const nowhere = await get(`${project.host.hello.url}/nobody/local`);
    assert.equal(nowhere.status, 404);
    assert.match(nowhere.body.detail, /\/model\/local/);
    assert.equal((await get(`${url}/predict`)).status, 404);
  });

  it('answers 413 to 10 MB, while the client still sends, and goes on', async () => {
    const body = Buffer.alloc(10 * 1024 * 1024, ' ');
    for (const headers of [
      { 'content-length': String(body.length) },
      { 'transfer-encoding': 'chunked' },
      { 'content-length': String(body.length), expect: '100-continue' },
    ]) {
      const reply = await raw(`${url}/predict`, headers as Record<string, string>, body);
      assert.equal(reply.status, 413, JSON.stringify(headers));
      assert.equal(JSON.parse(reply.text).type, 'urn:nimbus:problem:payload-too-large');
    }
    assert.equal((await post(`${url}/predict`, { text: 'a' })).status, 200);
  });

  it('counts the encoded event: 4 MB of quotes are too much, 4 MB of letters are not', async () => {
    assert.equal((await post(`${url}/predict`, { text: '"'.repeat(4 * 1024 * 1024) })).status, 413);
    const letters = await post(`${url}/predict`, { text: 'x'.repeat(4 * 1024 * 1024) });
    assert.equal(letters.status, 200);
    assert.equal(letters.body.result.length, 4 * 1024 * 1024);
  });

  it('answers 413 to a result over 6 MB', async () => {
    const reply = await raw(`${url}/predict`, {}, JSON.stringify({ input: { long: 7 * 1024 * 1024 } }));
    assert.equal(reply.status, 413);
    assert.equal(JSON.parse(reply.text).type, 'urn:nimbus:problem:payload-too-large');
  });

  it('reads gzip and answers gzip', async () => {
    const zipped = gzipSync('{"text":"héllo"}');
    const reply = await raw(`${url}/predict`, { 'content-encoding': 'gzip' }, zipped);
    assert.equal(JSON.parse(reply.text).result, 'héllo');
    const long = await raw(`${url}/predict`, { 'accept-encoding': 'gzip' }, '{"input":{"long":5000}}');
    assert.equal(long.headers['content-encoding'], 'gzip');
    // fetch unpacks what says that it is gzip.
    assert.equal((await post(`${url}/predict`, { input: { long: 5000 } })).body.result.length, 5000);
  });

  it('keeps its connections, and answers garbage with a problem', async () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const answer = (sent: string): Promise<string> =>
      new Promise((resolve) => {
        socket.once('data', (part) => resolve(part.toString()));
        socket.write(sent);
      });
    const health = `GET ${new URL(url).pathname}/health HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    assert.match(await answer(health), /^HTTP\/1.1 200/);
    assert.match(await answer(health), /^HTTP\/1.1 200/);
    assert.match(await answer('garbage\r\n\r\n'), /^HTTP\/1.1 400[^]*urn:nimbus:problem:bad-request/);
  });

  it('keeps its port over a restart, and takes another and says so where it is taken', async () => {
    const { createServer } = await import('node:net');
    const port = Number(new URL(url).port);
    const restart = async (): Promise<void> => {
      await project.host.api.shutdown();
      await project.host.closed;
    };
    await restart();
    assert.equal((await project.connect()).hello.url, `http://127.0.0.1:${port}`);
    assert.equal(project.host.hello.portTaken, undefined);
    await restart();
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(port, '127.0.0.1', resolve));
    const { hello } = await project.connect();
    assert.notEqual(hello.url, `http://127.0.0.1:${port}`);
    assert.equal(hello.portTaken, port);
    squatter.close();
    url = `${hello.url}/model/local`;
    invokeUrl = `${hello.url}/2015-03-31/functions/nimbus-model-local/invocations`;
    assert.equal((await post(`${url}/predict`, { text: 'after' })).body.result, 'after');
  });

  describe("Lambda's Invoke", () => {
    const event = (body: unknown): string =>
      JSON.stringify({ httpMethod: 'POST', path: '/predict', headers: {}, body: JSON.stringify(body) });

    it('passes raw events and answers as the handler returned it', async () => {
      const reply = await raw(invokeUrl, {}, event({ text: 'a' }));
      assert.equal(reply.status, 200);
      assert.equal(reply.headers['x-amz-executed-version'], '$LATEST');
      assert.ok(reply.headers['x-amzn-requestid']);
      const answer = JSON.parse(reply.text);
      assert.equal(answer.statusCode, 200);
      assert.equal(JSON.parse(answer.body).result, 'a');
    });

    it('takes an ARN and a qualifier, knows dry runs and asynchronous events', async () => {
      const arn = encodeURIComponent('arn:aws:lambda:eu-west-1:000000000000:function:nimbus-model-local');
      for (const name of [arn, 'nimbus-model-local:$LATEST']) {
        const where = invokeUrl.replace('nimbus-model-local', name);
        assert.equal((await raw(where, {}, event({ text: 'a' }))).status, 200, name);
      }
      assert.equal((await raw(invokeUrl, { 'x-amz-invocation-type': 'DryRun' }, '{}')).status, 204);
      assert.equal((await raw(invokeUrl, { 'x-amz-invocation-type': 'Event' }, '{}')).status, 202);
    });

    it('fails as Lambda does', async () => {
      const unknown = await raw(invokeUrl.replace('model', 'nobody'), {}, '{}');
      assert.deepEqual([unknown.status, unknown.headers['x-amzn-errortype']], [404, 'ResourceNotFoundException']);
      const invalid = await raw(invokeUrl, {}, '{');
      assert.deepEqual([invalid.status, invalid.headers['x-amzn-errortype']], [400, 'InvalidRequestContentException']);
      for (const payload of ['[]', '"text"', '{"body": {"text": "a"}}']) {
        const notAnEvent = await raw(invokeUrl, {}, payload);
        assert.deepEqual([notAnEvent.status, notAnEvent.headers['x-amz-function-error']], [200, undefined], payload);
        const { statusCode, body } = JSON.parse(notAnEvent.text);
        assert.deepEqual([statusCode, JSON.parse(body).type], [400, 'urn:nimbus:problem:invalid-event']);
      }
      const tooLong = await raw(invokeUrl, {}, Buffer.alloc(7 * 1024 * 1024, ' '));
      assert.deepEqual([tooLong.status, tooLong.headers['x-amzn-errortype']], [413, 'RequestTooLargeException']);
    });
  });
});
