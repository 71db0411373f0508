/** Every example model on this machine, in Docker and as a Lambda function of the very image: the same answers, input by input. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { CreateRepositoryCommand, ECRClient } from '@aws-sdk/client-ecr';
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  InvokeCommand,
  LambdaClient,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda';
import { toleranceFor } from '../../src/core/compare/tolerance.ts';
import { prepareDeploy } from '../../src/core/deploy.ts';
import { exampleEvent } from '../../src/core/host/gateway.ts';
import { compareAnswers, type Answered } from '../../src/shared/parity.ts';
import type { DeploymentKey } from '../../src/shared/spec.ts';
import type { PushedImage } from '../../src/shared/states.ts';
import { proxied } from '../contract/endpoints.ts';
import { BASE_IMAGES, CERTIFICATES, ContainerProject } from '../docker/project.ts';
import { docker } from '../docker/support.ts';
import { FRAMEWORKS_PYTHON, post, SAMPLE_PYTHON, SAMPLES } from '../host/support.ts';
import { startEmulator, type Emulator } from './emulator.ts';

/** Checked in, where the others are trained. */
const RULES = path.resolve(import.meta.dirname, '../../examples/custom/rules');
const FLOWERS = [
  [5.1, 3.5, 1.4, 0.2],
  [6.3, 3.3, 6, 2.5],
  [5.9, 3, 4.2, 1.5],
];
const NAMED = FLOWERS.map(([sepal_length, sepal_width, petal_length, petal_width]) => ({
  sepal_length,
  sepal_width,
  petal_length,
  petal_width,
}));
const COLUMNS = NAMED.map((one) =>
  Object.fromEntries(Object.entries(one).map(([name, value]) => [`${name.replace('_', ' ')} (cm)`, value])),
);
const PROGRESS = [Array.from({ length: 10 }, () => 0), Array.from({ length: 10 }, (_, at) => at / 100)];
const WORDS = [
  {
    words: [
      [1, 2, 3],
      [4, 5, 6],
    ],
    weights: [
      [0.5, 1, 0],
      [1, 1, 2],
    ],
  },
];
const TEXTS = ['the chef baked the cake today', 'the coach won the match'];

/** Below examples/models, with inputs that it takes. */
const MODELS: Record<string, unknown[]> = {
  'sentiment.joblib': ['I loved the food, and the staff was friendly.', 'Never again.', ''],
  'flowers.joblib': COLUMNS,
  entities: ['Ada Lovelace works at Globex in Paris.', '😀 Nothing to see here.'],
  'flowers.skops': FLOWERS,
  'unusual.joblib': [[60, 3, 6, 2.5], ...FLOWERS],
  'groups.joblib': FLOWERS,
  'plane.joblib': FLOWERS,
  'flowers.onnx': FLOWERS,
  'flowers-boosted.onnx': FLOWERS,
  'reviews.onnx': ['great and clean', 'never again'],
  'onnx-topics': ['the chef made bread', 'the team won the match'],
  'onnx-tensors': [[[0.5, 0.5]]],
  'flowers.ubj': NAMED,
  'progress-xgb.json': PROGRESS,
  'flowers-xgb.joblib': FLOWERS,
  'flowers-lgb.txt': FLOWERS,
  'progress-lgb.txt': PROGRESS,
  'flowers-lgb.joblib': FLOWERS,
  rules: ['I was charged twice', 'hello'],
};

/** An image of these takes PyTorch without CUDA, which PyTorch's own index has and Python's has not. */
const OF_PYTORCH: Record<string, unknown[]> = {
  'hugging-face/topics': TEXTS,
  'hugging-face/names': ['Ada Smith works at Acme in Oslo .'],
  'hugging-face/questions': [{ question: 'where does Bo live ?', context: 'Ada lives in Oslo . Bo lives in Rome .' }],
  'hugging-face/gaps': ['the [MASK] baked the cake'],
  'hugging-face/entailment': TEXTS,
  'hugging-face/german': ['two red cats', 'five old houses'],
  'hugging-face/stories': ['the chef', 'rain'],
  'hugging-face/vectors': TEXTS,
  'torch/exported.pt2': [[FLOWERS[0]], FLOWERS],
  'torch/traced.pt': [FLOWERS],
  'torch/labelled': [[FLOWERS[0]]],
  'torch/weights': FLOWERS,
  'torch/words.ts': WORDS,
  'torch/words.pt2': WORDS,
  seq2seq: ['three hundred and twenty-one', 'seven thousand and five'],
};

/** Without which one of them does not answer. */
const PARAMETERS: Record<string, Record<string, unknown>> = {
  'hugging-face/entailment': { labels: ['food', 'sport'] },
};

const torchIndex = process.env['NIMBUS_TORCH_INDEX'] || undefined;

describe('every example model answers the same on the three targets', function () {
  this.timeout(600_000);
  let emulator: Emulator;
  let project: ContainerProject;
  let lambda: LambdaClient;
  let repository: string;
  /** That is tried, and its image in the registry. */
  let model: string;
  let pushed: PushedImage | undefined;
  const keyOf = (deployment: string): DeploymentKey => ({ model, deployment });

  before(async () => {
    emulator = await startEmulator();
    lambda = new LambdaClient(emulator.client);
    const ecr = new ECRClient(emulator.client);
    const made = await ecr.send(new CreateRepositoryCommand({ repositoryName: 'nimbus' }));
    repository = made.repository!.repositoryUri!;
    project = new ContainerProject();
    await project.connect();
    mkdirSync(path.join(project.folder, 'models'));
  });
  // Nothing of one is in the memory, or on the disk, while the next one is made.
  afterEach(async () => {
    if (!pushed) return;
    await lambda.send(new DeleteFunctionCommand({ FunctionName: model }));
    for (const key of [keyOf('local'), keyOf('docker')]) {
      await project.execute({ kind: 'remove', project: project.folder, ...key, dropModel: true });
    }
    await docker('image', 'rm', '--force', pushed.reference);
    pushed = undefined;
  });
  after(async () => {
    await project?.end();
    await emulator?.end();
  });

  it('all of them are here', () => {
    const there = readdirSync(SAMPLES).filter((name) => !name.startsWith('.'));
    const families = new Set(['hugging-face', 'torch']);
    const whole = there.flatMap((name) =>
      families.has(name) ? readdirSync(path.join(SAMPLES, name)).map((one) => `${name}/${one}`) : [name],
    );
    assert.deepEqual(Object.keys({ ...MODELS, ...OF_PYTORCH }).toSorted(), [...whole, 'rules'].toSorted());
  });

  /** Deploys as a user does, and says where it answers. */
  async function deploy({ deployment }: DeploymentKey, file: string, python: string): Promise<string> {
    const target = deployment as 'local' | 'docker';
    const prepared = await prepareDeploy({
      project: project.folder,
      path: file,
      name: model,
      target,
      // Of an image it only starts uv.
      interpreter: target === 'docker' ? SAMPLE_PYTHON : python,
      image: { baseImages: BASE_IMAGES },
      packages: {
        caCertificates: CERTIFICATES,
        ...(torchIndex === undefined ? {} : { torchCpuIndexUrl: torchIndex }),
      },
      trustedProject: true,
    });
    assert.ok(prepared.ok, JSON.stringify(prepared));
    const operation = await project.execute(prepared.value.plan({}));
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error, undefined, 2));
    return `${project.host.hello.url}/${model}/${target}`;
  }

  /** The very image that answers in Docker, as a function. */
  async function makeFunction(key: DeploymentKey): Promise<void> {
    const operation = await project.execute({ kind: 'push', project: project.folder, ...key, to: repository });
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error, undefined, 2));
    pushed = operation.result as PushedImage;
    await lambda.send(
      new CreateFunctionCommand({
        FunctionName: key.model,
        PackageType: 'Image',
        Code: { ImageUri: pushed.reference },
        Role: 'arn:aws:iam::000000000000:role/targets',
        MemorySize: 1769,
        Timeout: 29,
      }),
    );
    await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 60, minDelay: 1 }, { FunctionName: key.model });
  }

  async function invoked(body: Parameters<typeof exampleEvent>[0]): Promise<Answered> {
    const event = exampleEvent(body, { requestId: 'one', arrivedMs: Date.now(), stage: 'prod' });
    const { Payload, FunctionError } = await lambda.send(
      new InvokeCommand({ FunctionName: model, Payload: Buffer.from(event) }),
    );
    assert.equal(FunctionError, undefined, Buffer.from(Payload!).toString().slice(0, 500));
    const answer = proxied(Payload!);
    return answered(answer.status, JSON.parse(answer.body.toString()));
  }

  for (const [name, inputs] of Object.entries({ ...MODELS, ...(torchIndex === undefined ? {} : OF_PYTORCH) })) {
    it(name, async () => {
      model = path.basename(name).replaceAll(/[^a-z0-9]/g, '-');
      const file = path.join(project.folder, 'models', path.basename(name));
      cpSync(name === 'rules' ? RULES : path.join(SAMPLES, name), file, { recursive: true });
      const [here, container] = [keyOf('local'), keyOf('docker')];
      const python = name === 'entities' ? SAMPLE_PYTHON : FRAMEWORKS_PYTHON;
      const urls = [await deploy(here, file, python), await deploy(container, file, python)];
      await makeFunction(container);
      const { framework } = project.status(model)!;
      const tolerance = await toleranceFor(project.folder, { path: `models/${path.basename(name)}`, framework });
      const parameters = PARAMETERS[name];
      for (const input of inputs) {
        const asked = parameters ? { input, parameters } : { input };
        const [local, inDocker] = await Promise.all(
          urls.map(async (url) => {
            const { status, body } = await post(`${url}/predict`, asked);
            return answered(status, body);
          }),
        );
        const onLambda = await invoked(asked);
        for (const other of [inDocker!, onLambda]) {
          assert.deepEqual(compareAnswers(local!, other, tolerance).differences, [], JSON.stringify(input));
        }
      }
    });
  }
});

/** An answer as it is compared. */
function answered(status: number, body: any): Answered {
  assert.equal(status, 200, JSON.stringify(body));
  return { result: body.result };
}
