import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { adopt } from '../../../src/core/cloud/adopt.ts';
import type { ModelsSpec } from '../../../src/shared/spec.ts';

const PLACE = { account: '123456789012', region: 'eu-west-1' };
const GHOST = {
  stack: 'nimbus-topics-prod',
  model: 'topics',
  deployment: 'prod',
  stackStatus: 'CREATE_COMPLETE',
  outputs: { KeyId: 'k1' },
};
const MODEL = { path: 'topics.joblib', framework: 'sklearn' } as const;
const DECLARED = { target: 'lambda', ...PLACE, stack: GHOST.stack };

describe('a deployment that is taken over', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(os.tmpdir(), 'nimbus-adopt-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (models: ModelsSpec['models']): ModelsSpec['models'] => {
    writeFileSync(path.join(folder, 'models.json'), JSON.stringify({ version: 1, models }));
    return models;
  };
  const read = (): unknown => JSON.parse(readFileSync(path.join(folder, 'models.json'), 'utf8')).models;

  it('is declared beside the others of its model', async () => {
    const local = { target: 'local' } as const;
    const models = write({ topics: { ...MODEL, deployments: { local } } });
    assert.equal((await adopt(GHOST, PLACE, { folder, models })).ok, true);
    assert.deepEqual(read(), { topics: { ...MODEL, deployments: { local, prod: DECLARED } } });
  });

  it('is declared with its model where that is given, also without any models.json', async () => {
    assert.equal((await adopt(GHOST, PLACE, { folder, models: {}, model: MODEL })).ok, true);
    assert.deepEqual(read(), { topics: { ...MODEL, deployments: { prod: DECLARED } } });
  });

  it('is not where its model is unknown', async () => {
    const adopted = await adopt(GHOST, PLACE, { folder, models: write({}) });
    assert.equal(!adopted.ok && adopted.error.code, 'model-not-declared');
    assert.deepEqual(read(), {});
  });

  it('does not take the place of another of its name', async () => {
    const prod = { target: 'lambda', account: PLACE.account, region: 'us-east-1', stack: GHOST.stack } as const;
    const models = write({ topics: { ...MODEL, deployments: { prod } } });
    const adopted = await adopt(GHOST, PLACE, { folder, models });
    assert.equal(!adopted.ok && adopted.error.code, 'name-taken');
    assert.deepEqual(read(), models);
  });
});
