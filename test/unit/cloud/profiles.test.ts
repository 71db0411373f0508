import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { awsProfiles } from '../../../src/core/cloud/profiles.ts';

describe('profiles of the AWS configuration', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'nimbus-profiles-'));
  const env = { AWS_CONFIG_FILE: path.join(folder, 'config'), AWS_SHARED_CREDENTIALS_FILE: path.join(folder, 'keys') };
  after(() => rmSync(folder, { recursive: true }));

  it('are none where there are no files', async () => {
    assert.deepEqual(await awsProfiles(env), []);
  });

  it('are those of both files, each once, without sign-ons, services and nested settings', async () => {
    const config = [
      '[profile staging] ; of the team',
      'region = eu-central-1',
      's3 =',
      '  region = us-east-1',
      '[sso-session work]',
      'region = us-west-2',
      '[services local]',
      '# [profile commented]',
      '[profile "with space"]',
      '[default]',
      'region=eu-west-1',
    ];
    writeFileSync(env.AWS_CONFIG_FILE, config.join('\r\n'));
    writeFileSync(env.AWS_SHARED_CREDENTIALS_FILE, '[default]\naws_access_key_id = a\n[ci]\naws_access_key_id = b\n');
    assert.deepEqual(await awsProfiles(env), [
      { name: 'default', region: 'eu-west-1' },
      { name: 'ci' },
      { name: 'staging', region: 'eu-central-1' },
      { name: 'with space' },
    ]);
  });
});
