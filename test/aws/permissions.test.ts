/** The policies of docs/ are enough for what `nimbus` does on AWS, and nothing of it needs more. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { DeploymentStatus } from '../../src/shared/states.ts';
import { createSandbox, python, root, type Ended, type Sandbox } from '../cli/nimbus.ts';
import { BUILD_VARIABLES } from '../docker/project.ts';
import { docker } from '../docker/support.ts';
import { startEmulator, type Emulator } from './emulator.ts';
import { openGate, type Gate, type Policy } from './gate.ts';

const HANDLER = 'def load(path):\n    return None\n\ndef predict(model, input):\n    return input\n';
const MODELS = {
  version: 1,
  models: { rules: { path: 'rules', framework: 'custom', examples: [{ input: 'it is down' }] } },
};

const policyOf = (name: string): Policy => JSON.parse(readFileSync(path.join(root, 'docs', name), 'utf8')) as Policy;

describe('the policies of docs/', function () {
  this.timeout(180_000);
  const policy = policyOf('aws-policy.json');
  const bootstrap = policyOf('aws-bootstrap-policy.json');
  let emulator: Emulator;
  let sandbox: Sandbox;
  let gate: Gate;

  before(async () => {
    emulator = await startEmulator();
    gate = await openGate(emulator);
    sandbox = createSandbox();
    writeFileSync(path.join(sandbox.folder, 'rules/handler.py'), HANDLER);
    writeFileSync(path.join(sandbox.folder, 'models.json'), JSON.stringify(MODELS));
  });
  after(async () => {
    const { deployments = [] } = await sandbox
      .json<{ deployments?: DeploymentStatus[] }>(['status'])
      .catch(() => ({ deployments: [] }));
    await sandbox?.remove();
    await gate?.end();
    await emulator?.end();
    for (const { image } of deployments) if (image) await docker('image', 'rm', '--force', image.reference);
  });

  async function behind(argv: string[], ...policies: Policy[]): Promise<Ended> {
    gate.allow(...policies);
    const { region, credentials } = emulator.client;
    const variables = {
      ...BUILD_VARIABLES,
      AWS_ENDPOINT_URL: gate.endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    };
    return sandbox.nimbus(argv, { env: variables });
  }
  const DEPLOY = ['deploy', 'rules', '--target', 'lambda', '--as', 'prod', '--python', python, '--trust', '--yes'];

  function refused(): string[] {
    return gate.calls.flatMap(({ action, resource, isAllowed }) => (isAllowed ? [] : [`${action} on ${resource}`]));
  }

  it('say which call is not allowed', async () => {
    const { code, stderr } = await behind(DEPLOY, { Statement: [] });
    assert.equal(code, 1);
    assert.match(stderr, /AWS refused a call for lack of permission\.\n.*not authorized to perform: \w+:\w+/);
  });

  it('are both enough for a first deploy, which bootstraps', async () => {
    const { code, stdout, stderr } = await behind(DEPLOY, policy, bootstrap);
    assert.equal(code, 0, stdout + stderr + refused().join('\n'));
    console.log([...new Set(gate.calls.map((c) => c.action + ' ' + c.resource))].sort().join('\n'));
    assert.deepEqual(refused(), []);
    const bootstrapping = gate.calls.filter(({ resource }) => resource.includes('stack/CDKToolkit/'));
    assert.ok(bootstrapping.some(({ action }) => action === 'cloudformation:ExecuteChangeSet'));
  });

  it('are enough without that of the bootstrap for all that comes after it', async () => {
    for (const argv of [DEPLOY, ['predict', 'rules/prod', 'x'], ['remove', 'rules/prod', '--yes']]) {
      const { code, stdout, stderr } = await behind(argv, policy);
      assert.equal(code, 0, `${argv.join(' ')}\n${stdout}${stderr}${refused().join('\n')}`);
      console.log([...new Set(gate.calls.map((c) => c.action + ' ' + c.resource))].sort().join('\n'));
      assert.deepEqual(refused(), []);
    }
  });
});
