/**
 * The examples that ask SageMaker and Comprehend, deployed by the command line, against a stand-in on the loopback
 * interface that speaks their wire formats (test/aws/stand_in.py); boto3 is the real one.
 */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Problem } from '../../src/shared/contract.ts';
import { createSandbox, python, root, type Sandbox } from './nimbus.ts';

/** Names only: what models.json holds of them. */
const VARIABLES = [
  'AWS_REGION',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_CONFIG_FILE',
  'AWS_EC2_METADATA_DISABLED',
  'AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME',
  'AWS_ENDPOINT_URL_COMPREHEND',
  'SAGEMAKER_ENDPOINT',
  'SAGEMAKER_TIMEOUT_SECONDS',
  'COMPREHEND_TIMEOUT_SECONDS',
];

interface Seen {
  operation: string;
  region: string;
  texts: number | null;
}

describe('a receptionist', function () {
  this.timeout(120_000);
  let sandbox: Sandbox;
  let standIn: ChildProcess;
  let env: NodeJS.ProcessEnv;
  const seen: Seen[] = [];

  before(async () => {
    sandbox = createSandbox();
    const port = await startStandIn();
    env = {
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'a secret 4711',
      // Nobody's own credentials, and none of the machine.
      AWS_SHARED_CREDENTIALS_FILE: path.join(sandbox.home, 'none'),
      AWS_CONFIG_FILE: path.join(sandbox.home, 'none'),
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME: `http://127.0.0.1:${port}`,
      AWS_ENDPOINT_URL_COMPREHEND: `http://127.0.0.1:${port}`,
      SAGEMAKER_ENDPOINT: 'reviews',
      SAGEMAKER_TIMEOUT_SECONDS: '0.5',
      COMPREHEND_TIMEOUT_SECONDS: '0.5',
    };
    const declare = (name: string): object => ({ path: name, framework: 'custom', env: VARIABLES });
    const models = { sagemaker: declare('sagemaker'), comprehend: declare('comprehend') };
    writeFileSync(path.join(sandbox.folder, 'models.json'), JSON.stringify({ version: 1, models }));
    for (const name of Object.keys(models)) await deploy(name);
  });
  after(async () => {
    standIn.stdin!.end();
    await sandbox.remove();
  });

  async function startStandIn(): Promise<number> {
    standIn = spawn(python, [path.join(root, 'test/aws/stand_in.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: standIn.stdout! });
    const port = await new Promise<number>((resolve) => lines.once('line', (line) => resolve(Number(line))));
    lines.on('line', (line) => seen.push(JSON.parse(line) as Seen));
    return port;
  }

  async function deploy(name: string, more: NodeJS.ProcessEnv = {}): Promise<void> {
    const argv = ['deploy', name, '--python', python, '--trust', '--yes', '--json'];
    const ended = await sandbox.nimbus(argv, { env: { ...env, ...more } });
    assert.equal(ended.code, 0, ended.stdout + ended.stderr);
  }

  async function predict(name: string, text: string, parameters = {}): Promise<any> {
    const argv = ['predict', name, text, '--parameters', JSON.stringify(parameters), '--json'];
    const ended = await sandbox.nimbus(Object.keys(parameters).length === 0 ? argv.toSpliced(3, 2) : argv, { env });
    return JSON.parse(ended.stdout);
  }

  async function fails(name: string, text: string, parameters = {}): Promise<[number, string]> {
    const { status, detail } = (await predict(name, text, parameters)) as Problem;
    return [status, detail];
  }

  async function batch(name: string, texts: string[], expected = 0): Promise<any[]> {
    writeFileSync(path.join(sandbox.folder, 'in.jsonl'), texts.map((text) => `${JSON.stringify(text)}\n`).join(''));
    const { stdout, stderr, code } = await sandbox.nimbus(['batch', name, 'in.jsonl'], { env });
    assert.equal(code, expected, stderr);
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  }

  describe('for a SageMaker endpoint', () => {
    it('answers what the endpoint answers', async () => {
      assert.deepEqual((await predict('sagemaker', 'good food')).result, {
        label: 'POSITIVE',
        scores: [
          { label: 'POSITIVE', score: 0.75 },
          { label: 'NEGATIVE', score: 0.25 },
        ],
      });
      assert.deepEqual(seen.at(-1), { operation: 'InvokeEndpoint', region: 'eu-west-1', texts: null });
    });

    for (const [text, status, detail] of [
      ['throttled', 500, 'Throttled: reviews gets more requests than it takes. Try again in a moment.'],
      ['broken', 500, 'ModelFailed: The model behind reviews failed with status 500; CloudWatch has its log.'],
      ['missing', 500, 'EndpointMissing: There is no endpoint reviews in eu-west-1.'],
      ['expired', 500, 'NotAllowed: AWS does not take the credentials: they are wrong or have expired. Sign in again.'],
      ['denied', 500, 'NotAllowed: The credentials do not allow sagemaker:InvokeEndpoint on reviews.'],
      ['hang', 500, 'TimedOut: reviews did not answer in time, twice.'],
      ['odd', 500, 'ModelFailed: reviews did not answer a list of label and score.'],
      [' ', 400, 'The input must be a text that is not empty.'],
      ['x'.repeat(5001), 400, 'The text has 5001 characters; at most 5000 are taken.'],
    ] as const) {
      it(`says what to do about ${text.trim().slice(0, 9) || 'an empty text'}`, async () => {
        assert.deepEqual(await fails('sagemaker', text), [status, detail]);
      });
    }

    it('asks for nothing that is refused here, and once only for what fails for good', async () => {
      seen.length = 0;
      await fails('sagemaker', ' ');
      await fails('sagemaker', 'missing');
      assert.equal(seen.length, 1);
    });

    it('answers a batch, one bad input and one that fails among them', async () => {
      const lines = await batch('sagemaker', ['good', '', 'throttled', 'poor']);
      assert.deepEqual(
        lines.map((line) => line.result?.label ?? [line.error.type, line.error.detail.split(':')[0]]),
        [
          'POSITIVE',
          ['invalid-input', 'The input must be a text that is not empty.'],
          ['handler-failed', 'Throttled'],
          'NEGATIVE',
        ],
      );
    });

    it('says that there are no credentials, or no network, or no endpoint to ask', async () => {
      // A host that has no values to lend either.
      await sandbox.endHost();
      const bare = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
      const argv = ['deploy', 'sagemaker', '--python', python, '--trust', '--yes', '--json'];
      const unset = await sandbox.nimbus(argv, { env: { ...env, ...bare, SAGEMAKER_ENDPOINT: undefined } });
      assert.equal(unset.code, 1);
      assert.match(unset.stdout, /SAGEMAKER_ENDPOINT is not set\. Name it in/);
      await deploy('sagemaker', bare);
      const [status, detail] = await fails('sagemaker', 'good');
      assert.equal(status, 500);
      assert.match(detail, /^NotAllowed: There are no usable AWS credentials: /);
      await deploy('sagemaker', { AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME: 'http://127.0.0.1:9' });
      assert.match((await fails('sagemaker', 'good'))[1], /^Unavailable: SageMaker cannot be reached from here/);
      await deploy('sagemaker');
    });
  });

  describe('for Comprehend', () => {
    it('answers the sentiment, or the entities', async () => {
      const { result } = await predict('comprehend', 'good food');
      assert.equal(result.label, 'positive');
      assert.deepEqual(result.scores[0], { label: 'positive', score: 0.75 });
      const found = await predict('comprehend', 'Zoë 😀 met Ada', { detect: 'entities', language: 'de' });
      assert.deepEqual(
        found.result.entities.map((one: any) => [one.text, one.start, one.end]),
        [
          ['Zoë', 0, 3],
          ['Ada', 10, 13],
        ],
      );
    });

    for (const [text, status, detail] of [
      ['throttled', 500, 'Throttled: Comprehend gets more requests than this account may send. Try again in a moment.'],
      ['expired', 500, 'NotAllowed: AWS does not take the credentials: they are wrong or have expired. Sign in again.'],
      ['denied', 500, 'NotAllowed: The credentials do not allow what this model asks of Comprehend.'],
      ['hang', 500, 'TimedOut: Comprehend did not answer in time, twice.'],
      ['refused', 400, 'Comprehend does not take the text: Unsupported language'],
      ['ü'.repeat(2501), 400, 'The text has 5002 bytes as UTF-8; Comprehend takes at most 5000.'],
    ] as const) {
      it(`says what to do about ${text.slice(0, 9)}`, async () => {
        assert.deepEqual(await fails('comprehend', text), [status, detail]);
      });
    }

    it('refuses parameters that it does not know', async () => {
      assert.match((await fails('comprehend', 'x', { detect: 'mood' }))[1], /detect must be "sentiment" or "entities"/);
      assert.match((await fails('comprehend', 'x', { language: 'xx' }))[1], /language must be one of ar, de/);
      assert.match((await fails('comprehend', 'x', { top: 1 }))[1], /There is no parameter top/);
    });

    it('asks for 25 texts in one call; a bad one and one that Comprehend cannot answer fail alone', async () => {
      seen.length = 0;
      const texts: string[] = Array.from({ length: 60 }, (_, index) => (index % 2 === 0 ? 'good' : 'poor'));
      texts[3] = '';
      texts[40] = 'broken';
      const lines = await batch('comprehend', texts);
      assert.deepEqual(
        seen.map(({ operation, texts: count }) => [operation, count]),
        [
          ['BatchDetectSentiment', 25],
          ['BatchDetectSentiment', 25],
          ['BatchDetectSentiment', 9],
        ],
      );
      const labels = texts.map((text, index) => {
        if (index === 3) return 'invalid-input';
        if (index === 40) return 'handler-failed';
        return text === 'good' ? 'positive' : 'negative';
      });
      assert.deepEqual(
        lines.map((line) => line.result?.label ?? line.error.type),
        labels,
      );
      assert.match(lines[40].error.detail, /could not answer for this text \(INTERNAL_SERVER_ERROR\)/);
    });

    it('does not ask again in halves where a whole call is throttled', async () => {
      seen.length = 0;
      const lines = await batch('comprehend', ['good', 'throttled', 'poor'], 1);
      assert.deepEqual(
        lines.map((line) => line.error.detail.split(':')[0]),
        ['Throttled', 'Throttled', 'Throttled'],
      );
      // botocore itself tries twice.
      assert.equal(seen.length, 2);
    });
  });

  it('leaves its secret in no file of the project, and in no log', async () => {
    const logs = await sandbox.nimbus(['logs', 'sagemaker', '--limit', '1000']);
    const found = spawn('grep', ['-r', 'a secret 4711', sandbox.folder, sandbox.home], { stdio: 'pipe' });
    assert.equal(await new Promise((resolve) => found.on('close', resolve)), 1, 'grep finds nothing');
    assert.doesNotMatch(logs.stdout, /4711/);
  });
});
