import type { ModelCard, Score } from '../../src/shared/contract.ts';
import type { State } from '../../src/shared/states.ts';
import type { Endpoint, Scene } from './stand-in-host.ts';

const LIMITS = { memoryMb: 1769, timeoutSeconds: 29, payloadBytes: 6_291_456, batchInputs: 1000 };
const VERSION = '3f9a1c7e'.repeat(8);

/** 30 letters, the longest there is. */
export const LONG_NAME = 'customer-feedback-topics-large';

const REFUSED = {
  code: 'init-failed',
  what: 'The new version of the model does not load.',
  why: 'ValueError: node array from the pickle has an incompatible dtype',
  next: 'Train it again with the scikit-learn of this environment. The old version serves on.',
};
const FAILED = {
  code: 'out-of-memory',
  what: 'The worker ran out of memory while it loaded the model.',
  next: 'Give it more than 512 MB in models.json.',
};

const DECLARED = ['idle', 'starting', 'serving', 'stopped', 'failed', 'changed', 'refused'] satisfies State[];

/** A project with a model in every state. */
export function everyState(): { models: Record<string, unknown>; scene: Scene } {
  const entry = (deployed = true): unknown => ({
    path: 'models/sentiment.joblib',
    framework: 'sklearn',
    ...(deployed ? { deployments: { local: { target: 'local' } } } : {}),
  });
  const models: Record<string, unknown> = {};
  for (const state of DECLARED) models[`model-${state}`] = entry();
  models['model-serving'] = {
    ...(entry() as object),
    deployments: { local: { target: 'local' }, docker: { target: 'docker' } },
  };
  models['model-two-deployments'] = {
    ...(entry() as object),
    deployments: { local: { target: 'local' }, 'second-local': { target: 'local' } },
  };
  models['model-not-deployed'] = entry(false);
  models['model-of-a-colleague'] = entry();
  models['model-outside'] = { path: '/elsewhere/entities', framework: 'spacy' };
  models[LONG_NAME] = entry();
  models['model-deploying'] = entry();
  const startedAt = Date.now() - 4000;
  return {
    models,
    scene: {
      deployments: [
        ...DECLARED.map((state) => ({
          model: `model-${state}`,
          deployment: 'local',
          framework: 'sklearn' as const,
          state,
          lastMs: state === 'serving' || state === 'changed' ? { warm: 2.1, cold: 1240 } : {},
          ...(state === 'serving' ? { memoryBytes: 148e6, deployedAt: '2026-03-01T09:31:07Z' } : {}),
          ...(state === 'refused' ? { error: REFUSED } : {}),
          ...(state === 'failed' ? { error: FAILED } : {}),
        })),
        ...['local', 'second-local'].map((deployment) => ({
          model: 'model-two-deployments',
          deployment,
          framework: 'sklearn' as const,
          state: 'serving' as const,
          lastMs: { warm: 2.1, cold: 1240 },
        })),
        {
          model: 'model-serving',
          deployment: 'docker',
          framework: 'sklearn',
          state: 'serving',
          lastMs: { warm: 4.2, cold: 2310 },
          image: {
            id: `sha256:${VERSION}`,
            reference: 'nimbus/0123456789abcdef:model-serving.docker.3f9a1c7e3f9a',
            bytes: 494e6,
            python: '3.12',
            platform: 'linux-x86_64',
          },
        },
        { model: LONG_NAME, deployment: 'local', framework: 'sklearn', state: 'serving', lastMs: { warm: 3 } },
      ],
      operations: [
        {
          id: '1',
          model: 'model-deploying',
          deployment: 'local',
          kind: 'deploy',
          state: 'running',
          startedAt,
          logFile: '/tmp/deploy.log',
          stages: [
            { name: 'environment', state: 'running', startedAt, detail: 'scikit-learn 1.6.1' },
            ...['snapshot', 'start', 'first answer'].map((name) => ({ name, state: 'waiting' as const })),
          ],
        },
      ],
      endpoints: Object.fromEntries(
        Object.keys(models).map((model) => [model, { card: card(model), answer: () => ({ problem: DIED }) }]),
      ),
    },
  };
}

const AT = '2026-03-01T09:31:07Z';

/** By the name of its deployment what AWS says of it. */
const ON_AWS: Record<string, Omit<Scene['deployments'][number], 'model' | 'deployment' | 'framework' | 'lastMs'>> = {
  serving: { state: 'serving', seen: { state: 'serving', isAhead: false, at: AT } },
  ahead: { state: 'serving', seen: { state: 'serving', isAhead: true, liveVersion: '7', at: AT } },
  drifted: {
    state: 'serving',
    seen: { state: 'serving', isAhead: false, at: AT, drifted: { at: AT, parts: ['AWS::Lambda::Function topics'] } },
  },
  changed: { state: 'changed', seen: { state: 'serving', isAhead: false, at: AT } },
  inactive: { state: 'idle', seen: { state: 'inactive', isAhead: false, at: AT } },
  waking: { state: 'starting', seen: { state: 'waking', isAhead: false, at: AT } },
  creating: { state: 'updating', seen: { state: 'creating', isAhead: false, at: AT } },
  updating: { state: 'updating', seen: { state: 'updating', isAhead: false, at: AT } },
  'rolling-back': { state: 'updating', seen: { state: 'rolling-back', isAhead: false, at: AT } },
  deleting: { state: 'updating', seen: { state: 'deleting', isAhead: false, at: AT } },
  failed: { state: 'failed', seen: { state: 'failed', isAhead: false, at: AT }, error: FAILED },
  gone: { state: 'gone', seen: { state: 'gone', isAhead: false, at: AT } },
};

/** A model with a deployment on AWS in every state that AWS has. */
export function everyStateOnAws(): { models: Record<string, unknown>; scene: Scene } {
  const names = Object.keys(ON_AWS);
  const deployments = Object.fromEntries(names.map((name) => [name, { target: 'lambda', region: 'eu-west-1' }]));
  return {
    models: { topics: { path: 'models/topics.joblib', framework: 'sklearn', deployments } },
    scene: {
      deployments: names.map((deployment) => ({
        model: 'topics',
        deployment,
        framework: 'sklearn',
        target: 'lambda',
        lastMs: ['creating', 'gone'].includes(deployment) ? {} : { warm: 12.4, cold: 1240 },
        cloud: {
          account: '123456789012',
          region: 'eu-west-1',
          stack: `nimbus-topics-${deployment}`,
          functionName: `nimbus-topics-${deployment}`,
          url: 'https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/prod',
          apiId: 'a1b2c3d4e5',
          stage: 'prod',
          logGroup: `/aws/lambda/nimbus-topics-${deployment}`,
          auth: 'key',
          digest: `sha256:${VERSION}`,
        },
        ...ON_AWS[deployment]!,
      })),
      operations: [],
      endpoints: {},
    },
  };
}

/** A project with models whose answers are hard to show. */
export function hardAnswers(): { models: Record<string, unknown>; scene: Scene } {
  const names = [LONG_NAME, 'failing'];
  const endpoints: Record<string, Endpoint> = {
    [LONG_NAME]: {
      card: card(LONG_NAME),
      answer: (input) => ({ result: { label: 'positive', scores: scores(String(input)), scoreKind: 'probability' } }),
    },
    failing: { card: card('failing'), answer: () => ({ problem: DIED }) },
  };
  return {
    models: Object.fromEntries(
      names.map((name) => [
        name,
        { path: 'models/sentiment.joblib', framework: 'sklearn', deployments: { local: { target: 'local' } } },
      ]),
    ),
    scene: {
      deployments: names.map((model) => ({
        model,
        deployment: 'local',
        framework: 'sklearn',
        state: 'serving',
        lastMs: {},
      })),
      operations: [],
      endpoints,
    },
  };
}

const DIED = {
  type: 'urn:nimbus:problem:worker-died',
  title: 'The worker ended',
  status: 502,
  detail: 'The worker ended with exit code 139 (SIGSEGV) while it answered.',
  next: 'Its last lines may say why.',
  lastLines: [
    'Traceback (most recent call last):',
    '  File "/home/ada/reviews/.venv/lib/python3.12/site-packages/sklearn/pipeline.py", line 789, in predict_proba',
    '    Xt = transform.transform(Xt)',
    '  File "/home/ada/reviews/.venv/lib/python3.12/site-packages/a_package_with_a_rather_long_name/native_extension_loader.py", line 12, in transform',
    'Fatal Python error: Segmentation fault',
  ],
};

function card(model: string): ModelCard {
  return {
    model,
    version: VERSION,
    framework: 'sklearn',
    description: 'What a customer writes about, and whether they are pleased.',
    task: 'text-classification',
    input: { type: 'string' },
    labels: ['positive', 'negative'],
    examples: [{ input: 'I loved the food.' }],
    limits: LIMITS,
  };
}

/** Labels as people make them: of another script, with emoji, long. */
function scores(text: string): Score[] {
  return [
    { label: 'positive', score: 0.62 },
    { label: 'תודה רבה', score: 0.21 },
    { label: '🙂 pleased with the food', score: 0.12 },
    { label: 'complains about the delivery of a parcel that never came', score: 0.04 },
    { label: `${text.length} characters`, score: 0.01 },
  ];
}
