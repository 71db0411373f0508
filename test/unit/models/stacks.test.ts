import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { lacksStack } from '../../../src/core/models/stacks.ts';
import { temporaryFolder } from './temporary.ts';

const PLACE = { account: '1'.repeat(12), region: 'eu-west-1', stack: 'nimbus-rules-prod' };

describe('whether models.json has a stack', () => {
  const temporary = temporaryFolder();

  async function said(text: string): Promise<string> {
    writeFileSync(path.join(temporary.folder, 'models.json'), text);
    const lacking = await lacksStack(temporary.folder, PLACE);
    return lacking.ok ? 'lacks it' : lacking.error.code;
  }
  const declaring = (deployment: object, framework = 'custom'): string => {
    const prod = { target: 'lambda', ...deployment };
    return JSON.stringify({ version: 1, models: { rules: { path: 'rules', framework, deployments: { prod } } } });
  };

  it('is said of its account and region', async () => {
    assert.equal((await lacksStack(temporary.folder, PLACE)).ok, true);
    assert.equal(await said(declaring(PLACE)), 'stack-declared');
    assert.equal(await said(declaring({ ...PLACE, region: 'us-east-1' })), 'lacks it');
    assert.equal(await said(declaring({ ...PLACE, account: '2'.repeat(12) })), 'lacks it');
    assert.equal(await said(declaring({})), 'lacks it');
  });

  it('is not known of a file that is not understood as a whole', async () => {
    const other = declaring({});
    assert.equal(await said(`<<<<<<< ours\n${other}\n=======\n${other}\n>>>>>>> theirs\n`), 'models-file-conflict');
    assert.equal(await said(`${other},`), 'models-file-invalid');
    assert.equal(await said(other.replace('"version":1', '"version":2')), 'models-file-newer');
    assert.equal(await said(declaring({}, 'of-tomorrow')), 'needs-newer-nimbus');
  });
});
