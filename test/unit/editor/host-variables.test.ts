import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { hostSettings, type HostSettings } from '../../../src/core/host/settings.ts';
import { HOST_SETTINGS, hostVariables } from '../../../src/editor/host-variables.ts';

const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
const properties: Record<string, { default: number | boolean }> = manifest.contributes.configuration.properties;

/** What each of the editor's settings is to the host. */
const FIELDS: Record<string, keyof HostSettings> = {
  'host.lingerMinutes': 'lingerCliMs',
  'local.idleMinutes': 'idleMs',
  'local.queueLength': 'queueLimit',
  'local.networkForConsentedModels': 'consentedNetwork',
  'docker.network': 'containerNetwork',
  'docker.storageMb': 'storageMb',
  'docker.pauseSeconds': 'pauseMs',
};

describe('settings of the host', () => {
  it('are those of the editor that begin with docker, host or local', () => {
    const declared = Object.keys(properties).filter((name) => /^nimbus\.(?:docker|host|local)\./.test(name));
    assert.deepEqual(declared.map((name) => name.slice('nimbus.'.length)).toSorted(), Object.keys(FIELDS).toSorted());
    assert.deepEqual(Object.keys(HOST_SETTINGS).toSorted(), Object.keys(FIELDS).toSorted());
  });

  for (const [name, field] of Object.entries(FIELDS)) {
    it(`${name} is ${field}, by default and changed, and nothing else`, () => {
      const usual = hostSettings({});
      const { factor } = HOST_SETTINGS[name]!;
      const byDefault = properties[`nimbus.${name}`]!.default;
      const unit = (value: number | boolean): number | boolean => (typeof value === 'number' ? value * factor : value);
      assert.equal(usual[field], unit(byDefault));
      const other = typeof byDefault === 'number' ? byDefault + 7 : !byDefault;
      const env = hostVariables((setting) => (setting === name ? other : undefined));
      assert.deepEqual(hostSettings(env), { ...usual, [field]: unit(other) });
    });
  }

  it('are no variables where the user changed none', () => {
    assert.deepEqual(
      hostVariables(() => undefined),
      {},
    );
  });
});
