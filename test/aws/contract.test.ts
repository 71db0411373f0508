/** The contract, of the lambda target: through the API with a key, and through Invoke. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { readKey } from '../../src/core/cloud/keys.ts';
import type { CloudAccess } from '../../src/core/targets/plan.ts';
import type { ModelSpec } from '../../src/shared/spec.ts';
import type { CloudDeployed, Rehearsal } from '../../src/shared/states.ts';
import { checkAnswer, contractCases, requestOf, type ContractCase } from '../contract/cases.ts';
import { LAMBDA_DEVIATIONS } from '../contract/deviations.ts';
import { eventOf, exchange, proxied } from '../contract/endpoints.ts';
import { ContainerProject } from '../docker/project.ts';
import { docker } from '../docker/support.ts';
import { SAMPLES } from '../host/support.ts';
import { ACCOUNT, named, patience, type Place, REGION, STACKS_BEFORE, startPlace } from './place.ts';
import { variablesOf } from './support.ts';

const ECHO_MODEL = fileURLToPath(new URL('../contract/models/echo', import.meta.url));
const MODELS: Record<string, { from: string; requirements: string[]; spec: Partial<ModelSpec> }> = {
  echo: { from: ECHO_MODEL, requirements: ['numpy'], spec: { framework: 'custom', pythonVersion: '3.13' } },
  sentiment: {
    from: path.join(SAMPLES, 'sentiment.joblib'),
    requirements: ['scikit-learn==1.9.1'],
    spec: { framework: 'sklearn', pythonVersion: '3.13' },
  },
};

describe('the contract, of the lambda target', function () {
  this.timeout(patience(300_000));
  let place: Place;
  let project: ContainerProject;
  const deployed = new Map<string, CloudDeployed & { key: string }>();

  before(async () => {
    place = await startPlace();
    const { client, images: settings, packages } = place;
    const access: CloudAccess = { account: ACCOUNT, region: REGION, variables: variablesOf(client) };
    project = new ContainerProject();
    project.settings = settings;
    await project.connect();
    mkdirSync(path.join(project.folder, 'models'));
    for (const [name, { from, requirements, spec }] of Object.entries(MODELS)) {
      const file = path.join('models', path.basename(from));
      cpSync(from, path.join(project.folder, file), { recursive: true });
      // So many requests at once, and in a day, as the suite sends.
      const many = { throttle: { ratePerSecond: 1000, burst: 1000 } };
      const plan = {
        ...project.imagePlan(named(name), { path: file, ...spec }, requirements, { packages }),
        deployment: 'lambda',
        deploymentSpec: { target: 'lambda' as const, region: REGION, ...many },
      };
      const rehearsed = await project.execute({
        ...plan,
        kind: 'rehearse',
        rehearses: 'deploy',
        access,
        anyway: false,
      });
      assert.equal(rehearsed.state, 'succeeded', JSON.stringify(rehearsed.error, undefined, 2));
      const { id: rehearsal } = rehearsed.result as Rehearsal;
      const cloud = {
        ...access,
        rehearsal,
        bootstrap: STACKS_BEFORE.length === 0,
        isCreate: true,
        isUpdate: false,
        isCodeOnly: false,
        replaceFailed: false,
      };
      const done = await project.execute({ ...plan, cloud });
      assert.equal(done.state, 'succeeded', JSON.stringify(done.error, undefined, 2));
      const result = done.result as CloudDeployed;
      const key = await readKey({ ...client, credentials: async () => client.credentials }, result.cloud);
      assert.ok(key.ok && key.value !== undefined);
      deployed.set(name, { ...result, key: key.value });
    }
  });
  after(async () => {
    const images = [...new Set(project?.statuses.flatMap(({ image }) => (image ? [image.reference] : [])))];
    await project?.end();
    await place?.end();
    for (const image of images) await docker('image', 'rm', '--force', image);
  });

  /** As the model is named where it is deployed. */
  const placed = (one: ContractCase): ContractCase => {
    const body = one.expect.body as { model?: string } | undefined;
    if (body?.model === undefined) return one;
    return { ...one, expect: { ...one.expect, body: { ...body, model: named(body.model) } } };
  };
  const cases = contractCases()
    .filter(({ model }) => model in MODELS)
    .map(placed);
  const withDeviation = (one: ContractCase): ContractCase => {
    const deviation = LAMBDA_DEVIATIONS.find(({ name }) => name === one.name);
    return deviation ? placed({ ...one, expect: deviation.expect }) : one;
  };

  describe('through the API', () => {
    for (const one of cases) {
      it(one.name, async () => {
        const { cloud, key } = deployed.get(one.model)!;
        const { headers, body } = requestOf(one);
        const url = cloud.url + one.request.path;
        // As every HTTP client sends it; API Gateway unpacks an answer's base64 by it.
        const sent = { Accept: '*/*', ...headers, 'x-api-key': key };
        checkAnswer(withDeviation(one), await exchange(url, one.request.method, sent, body));
      });
    }
  });

  describe('through Invoke', () => {
    for (const one of cases) {
      it(one.name, async () => {
        const { cloud } = deployed.get(one.model)!;
        const event = eventOf(one, cloud.stage);
        const command = new InvokeCommand({
          FunctionName: cloud.functionName,
          Qualifier: 'live',
          Payload: Buffer.from(event),
        });
        const { Payload, FunctionError } = await new LambdaClient(place.client).send(command);
        assert.equal(FunctionError, undefined, Buffer.from(Payload!).toString().slice(0, 500));
        checkAnswer(one, proxied(Payload!));
      });
    }
  });
});
