import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { noteAccount, variablesFor } from '../../../src/core/cloud/profiles.ts';

const [DEV, PROD] = ['111111111111', '222222222222'];

describe('the profile with which AWS is asked about an account', () => {
  let home: string;
  let files: { AWS_CONFIG_FILE: string; AWS_SHARED_CREDENTIALS_FILE: string };
  const before = process.env['NIMBUS_HOME'];

  beforeEach(() => {
    home = mkdtempSync(path.join(os.tmpdir(), 'nimbus-profiles-'));
    process.env['NIMBUS_HOME'] = home;
    files = { AWS_CONFIG_FILE: path.join(home, 'none'), AWS_SHARED_CREDENTIALS_FILE: path.join(home, 'credentials') };
    writeFileSync(files.AWS_SHARED_CREDENTIALS_FILE, '[prod-old]\n[prod]\n[dev]\n[main]\n');
  });
  afterEach(() => {
    if (before === undefined) delete process.env['NIMBUS_HOME'];
    else process.env['NIMBUS_HOME'] = before;
    rmSync(home, { recursive: true });
  });

  const profileFor = (account: string, env: NodeJS.ProcessEnv): string | undefined =>
    variablesFor(account, { ...files, ...env })['AWS_PROFILE'];

  it('is that of the environment, as long as nothing else is known of it', async () => {
    assert.equal(profileFor(PROD, {}), undefined);
    assert.equal(profileFor(PROD, { AWS_PROFILE: 'new' }), 'new');
    await noteAccount({ AWS_PROFILE: 'prod' }, PROD);
    assert.equal(profileFor(PROD, { AWS_PROFILE: 'new' }), 'new');
  });

  it('is the one last seen to be of the account, where that of the environment is of another', async () => {
    await noteAccount({ AWS_PROFILE: 'prod-old' }, PROD);
    await noteAccount({ AWS_PROFILE: 'prod' }, PROD);
    await noteAccount({ AWS_PROFILE: 'dev' }, DEV);
    assert.equal(profileFor(PROD, { AWS_PROFILE: 'dev' }), 'prod');
    assert.equal(profileFor(DEV, { AWS_PROFILE: 'dev' }), 'dev');
    assert.equal(profileFor(PROD, { AWS_PROFILE: 'prod-old' }), 'prod-old');
    assert.equal(profileFor(PROD, {}), 'prod', 'the default profile was never of this account');
    assert.equal(profileFor('333333333333', { AWS_PROFILE: 'dev' }), 'dev', 'none is known: AWS says what is wrong');
  });

  it('is none that the AWS configuration does not have any more', async () => {
    await noteAccount({ AWS_PROFILE: 'gone' }, PROD);
    await noteAccount({ AWS_PROFILE: 'dev' }, DEV);
    assert.equal(profileFor(PROD, { AWS_PROFILE: 'dev' }), 'dev');
    assert.equal(profileFor(PROD, {}), undefined);
  });

  it('is none where keys in the environment count, of which nothing is noted', async () => {
    const keys = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' };
    await noteAccount({ AWS_PROFILE: 'prod' }, PROD);
    await noteAccount(keys, DEV);
    assert.equal(profileFor(PROD, keys), undefined);
    assert.equal(profileFor(DEV, {}), undefined);
  });

  it('follows a profile that changed its account, and a broken file', async () => {
    await noteAccount({ AWS_PROFILE: 'main' }, PROD);
    await noteAccount({ AWS_PROFILE: 'main' }, DEV);
    assert.equal(profileFor(PROD, { AWS_PROFILE: 'main' }), 'main');
    assert.equal(profileFor(DEV, { AWS_PROFILE: 'main' }), 'main');
    writeFileSync(path.join(home, 'data', 'aws-profiles.json'), '{');
    assert.equal(profileFor(DEV, { AWS_PROFILE: 'main' }), 'main');
    await noteAccount({ AWS_PROFILE: 'main' }, DEV);
  });
});
