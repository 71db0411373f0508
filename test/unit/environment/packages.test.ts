import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';
import {
  packageSettings,
  packageVariables,
  splitCredentials,
  withoutPassword,
} from '../../../src/core/environment/packages.ts';
import { temporaryFolder } from '../models/temporary.ts';

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

describe('where packages come from', () => {
  const temporary = temporaryFolder();

  async function variables(...args: Parameters<typeof packageVariables>): Promise<NodeJS.ProcessEnv> {
    const result = await packageVariables(...args);
    assert.ok(result.ok, JSON.stringify(result));
    return result.value;
  }

  it('is what the variables of Nimbus say', () => {
    assert.deepEqual(packageSettings({}), {});
    assert.deepEqual(
      packageSettings({
        NIMBUS_INDEX_URL: ' https://a ',
        NIMBUS_EXTRA_INDEX_URLS: 'https://b  https://c',
        NIMBUS_PROXY: 'http://p:1',
        NIMBUS_CA_CERTIFICATES: '/ca.pem',
        NIMBUS_TORCH_CPU_INDEX_URL: '',
      }),
      {
        indexUrl: 'https://a',
        extraIndexUrls: ['https://b', 'https://c'],
        proxy: 'http://p:1',
        caCertificates: '/ca.pem',
        torchCpuIndexUrl: '',
      },
    );
  });

  it('reaches uv and pip as variables of their own, in the place of those that were there', async () => {
    const found = await variables(
      { indexUrl: 'https://u:p@a', extraIndexUrls: ['https://b', 'https://c'], proxy: 'http://p:1' },
      { UV_INDEX_URL: 'old', UV_EXTRA_INDEX_URL: 'old', PIP_INDEX_URL: 'old', HTTPS_PROXY: 'old', PATH: '/bin' },
    );
    assert.deepEqual(found, {
      PATH: '/bin',
      UV_DEFAULT_INDEX: 'https://u:p@a',
      PIP_INDEX_URL: 'https://u:p@a',
      UV_INDEX: 'https://b https://c',
      PIP_EXTRA_INDEX_URL: 'https://b https://c',
      ...Object.fromEntries(
        ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy'].map((name) => [
          name,
          'http://p:1',
        ]),
      ),
    });
    assert.deepEqual(await variables({}, { UV_INDEX_URL: 'mine' }), { UV_INDEX_URL: 'mine' });
  });

  it("trusts a company's certificates beside the usual ones", async () => {
    const own = path.join(temporary.folder, 'ca.pem');
    const usual = path.join(temporary.folder, 'usual.pem');
    writeFileSync(own, PEM.replace('MIIB', 'OWN'));
    writeFileSync(usual, PEM.replace('MIIB', 'USUAL'));
    const found = await variables({ caCertificates: own }, { SSL_CERT_FILE: usual });
    const bundle = readFileSync(found['SSL_CERT_FILE']!, 'utf8');
    assert.match(bundle, /USUAL[^]*OWN/);
    assert.equal(found['PIP_CERT'], found['SSL_CERT_FILE']);
    const alone = await variables({ caCertificates: own }, {});
    assert.ok(readFileSync(alone['SSL_CERT_FILE']!, 'utf8').split('BEGIN CERTIFICATE').length > 50, 'those of Node');
    writeFileSync(own, 'der');
    for (const file of [own, path.join(temporary.folder, 'gone.pem')]) {
      const refused = await packageVariables({ caCertificates: file }, {});
      assert.equal(refused.ok ? '' : refused.error.code, 'certificates-unreadable');
    }
  });

  it('shows no password, whatever it holds', () => {
    for (const [text, shown] of [
      ['https://me:s3cret@h.example/simple x', 'https://***@h.example/simple x'],
      ['"https://me:s3@cr3t@h.example/"', '"https://***@h.example/"'],
      ['https://token@h.example', 'https://***@h.example'],
      ['a http://u:p@a/ b socks5h://v:q@b:1', 'a http://***@a/ b socks5h://***@b:1'],
      ['git+https://u:p@h/x.git@v1', 'git+https://***@h/x.git@v1'],
      ['https://h.example/a@b', 'https://h.example/a@b'],
      ['mail me@h.example', 'mail me@h.example'],
    ] as const) {
      assert.equal(withoutPassword(text), shown);
    }
  });

  it('keeps a password out of the file that binds PyTorch to its index', () => {
    assert.deepEqual(splitCredentials('https://me:s%40t@h.example/cpu', 'nimbus-torch'), {
      url: 'https://h.example/cpu',
      variables: { UV_INDEX_NIMBUS_TORCH_USERNAME: 'me', UV_INDEX_NIMBUS_TORCH_PASSWORD: 's@t' },
    });
    assert.deepEqual(splitCredentials('file:///x', 'n'), { url: 'file:///x', variables: {} });
    assert.deepEqual(splitCredentials('', 'n'), { url: '', variables: {} });
  });
});
