/** The policies of docs/ are enough for what `nimbus` does on AWS, and nothing of it needs more. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root, type Ended } from '../cli/nimbus.ts';
import { openGate, type Gate, type Policy } from './gate.ts';
import { cloudProject, DEPLOY, PROD, type CloudProject } from './project.ts';

const CHANGED = 'def load(path):\n    return None\n\ndef predict(model, input):\n    return {"label": "changed"}\n';
const policyOf = (name: string): Policy => JSON.parse(readFileSync(path.join(root, 'docs', name), 'utf8')) as Policy;

describe('the policies of docs/', function () {
  this.timeout(180_000);
  const policy = policyOf('aws-policy.json');
  const bootstrap = policyOf('aws-bootstrap-policy.json');
  let project: CloudProject;
  let gate: Gate;

  before(async () => {
    project = await cloudProject();
    gate = await openGate(project.place);
  });
  after(async () => {
    await project?.end();
    await gate?.end();
  });

  /** Runs a command as a user with these policies. */
  async function behind(argv: string[], ...policies: Policy[]): Promise<Ended> {
    gate.allow(...policies);
    return project.nimbus(argv, { AWS_ENDPOINT_URL: gate.endpoint });
  }
  function refused(): string[] {
    return gate.calls.flatMap(({ action, resource, isAllowed }) => (isAllowed ? [] : [`${action} on ${resource}`]));
  }
  async function succeeds(argv: string[], ...policies: Policy[]): Promise<void> {
    const { code, stdout, stderr } = await behind(argv, ...policies);
    assert.equal(code, 0, `${argv.join(' ')}\n${stdout}${stderr}${refused().join('\n')}`);
    assert.deepEqual(refused(), []);
  }
  const called = (action: string): boolean => gate.calls.some((one) => one.action === action);

  it('say which call is not allowed', async () => {
    const { code, stderr } = await behind([...DEPLOY, '--yes'], { Statement: [] });
    assert.equal(code, 1);
    assert.match(stderr, /AWS refused a call for lack of permission\.\n.*not authorized to perform: \w+:\w+/);
  });

  it('are both enough for a first deploy, which bootstraps', async () => {
    await succeeds([...DEPLOY, '--yes'], policy, bootstrap);
    const bootstrapping = gate.calls.filter(({ resource }) => resource.includes('stack/CDKToolkit/'));
    assert.ok(bootstrapping.some(({ action }) => action === 'cloudformation:ExecuteChangeSet'));
  });

  it('are enough without that of the bootstrap for what comes after it', async () => {
    project.writeHandler(CHANGED);
    await succeeds([...DEPLOY, '--yes'], policy);
    assert.ok(called('lambda:UpdateFunctionCode') && called('lambda:UpdateAlias'));
    await succeeds(['predict', PROD, 'x'], policy);
    await succeeds(['keys', PROD, '--rotate', '--yes'], policy);
    await succeeds(['predict', PROD, 'x'], policy);
    await succeeds(['cost', PROD], policy);
    await succeeds(['remove', PROD, '--yes'], policy);
    assert.ok(called('ecr:BatchDeleteImage'));
  });
});
