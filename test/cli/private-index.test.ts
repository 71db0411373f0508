/** Packages of an index that wants a password, a certificate or a proxy: by uv and by pip. */
import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DEPLOY, LOCK, LockSandbox, MINOR, WITHOUT_UV } from './lock-sandbox.ts';
import { leftBehind, refused } from './models.ts';
import { makeCertificates, serveProxy } from './package-index.ts';

describe('a private package index', function () {
  this.timeout(120_000);
  let lab: LockSandbox;
  before(() => {
    lab = new LockSandbox();
  });
  beforeEach(() => lab.reset());
  after(() => lab.sandbox.remove());

  const SECRET = 's3cret-p4ss';

  it('with a user and a password, which stand nowhere', async () => {
    const served = await lab.index({ login: `me:${SECRET}` });
    const url = served.url.replace('://', `://me:${SECRET}@`);
    const locked = await lab.run([...LOCK, '--index-url', url], {});
    assert.equal(locked.code, 0, locked.stderr);
    const deployed = await lab.run([...DEPLOY, '--index-url', url], {});
    assert.equal(deployed.code, 0, deployed.stderr);
    lab.nothingHolds(SECRET, locked, deployed);
    const pip = { PATH: WITHOUT_UV, NIMBUS_INDEX_URL: url };
    await lab.forgetEnvironments();
    const byPip = await lab.run(DEPLOY, pip);
    assert.equal(byPip.code, 0, byPip.stderr);
    lab.nothingHolds(SECRET, byPip);
  });

  it('whose password stands in an address that a model asks for: nothing shows it', async () => {
    const { url } = await lab.index();
    const more = { NIMBUS_INDEX_URL: url };
    assert.equal((await lab.run([...LOCK, '--python', MINOR], more)).code, 0);
    // The lock is out of date then, and the message says for what.
    const address = `tiny-two @ https://me:${SECRET}@example.invalid/tiny_two-1.0-py3-none-any.whl`;
    const requirements = path.join(lab.sandbox.folder, 'words/requirements.txt');
    writeFileSync(requirements, `tiny-one==1.0\n${address}\n`);
    const said = [
      await lab.run(LOCK, more),
      await lab.run([...LOCK, '--check'], more),
      await lab.run(DEPLOY, more),
      await lab.run([...DEPLOY, '--json'], more),
    ];
    assert.match(said[0]!.stderr, /tiny-two @ https:\/\/\*\*\*@example\.invalid/);
    assert.match(said[2]!.stdout, /out of date.*tiny-two@https:\/\/\*\*\*@example\.invalid/);
    rmSync(requirements);
    lab.nothingHolds(SECRET, ...said);
  });

  it('with a wrong password says so, and leaves nothing', async () => {
    const served = await lab.index({ login: 'me:right' });
    const url = served.url.replace('://', `://me:${SECRET}@`);
    for (const argv of [LOCK, DEPLOY]) {
      const problem = await refused(lab.sandbox, argv, 1, lab.env({ NIMBUS_INDEX_URL: url }));
      assert.equal(problem.code, 'environment-credentials', problem.text);
      assert.ok(!problem.text.includes(SECRET));
    }
    assert.ok(!existsSync(lab.lockFile));
    assert.deepEqual(leftBehind(lab.sandbox), { models: undefined, snapshots: [] });
    lab.nothingHolds(SECRET);
  });

  it('that cannot be reached says so', async () => {
    for (const argv of [LOCK, DEPLOY]) {
      const problem = await refused(lab.sandbox, argv, 1, lab.env({ NIMBUS_INDEX_URL: 'http://127.0.0.1:9/simple/' }));
      assert.equal(problem.code, 'environment-network', problem.text);
    }
    assert.ok(!existsSync(lab.lockFile));
  });

  it("with a company's certificate, and only with it", async () => {
    const { ca, tls } = makeCertificates(path.join(lab.sandbox.folder, '../certificates'));
    const { url } = await lab.index({ tls });
    const problem = await refused(lab.sandbox, LOCK, 1, lab.env({ NIMBUS_INDEX_URL: url }));
    assert.equal(problem.code, 'environment-certificate', problem.text);
    assert.match(problem.text, /caCertificates/);
    const more = { NIMBUS_INDEX_URL: url, NIMBUS_CA_CERTIFICATES: ca };
    assert.equal((await lab.run(DEPLOY, more)).code, 0);
    await lab.forgetEnvironments();
    const byPip = await lab.run(DEPLOY, { ...more, PATH: WITHOUT_UV });
    assert.equal(byPip.code, 0, byPip.stderr);
  });

  it('through a proxy', async () => {
    const { ca, tls } = makeCertificates(path.join(lab.sandbox.folder, '../certificates'));
    const served = await lab.index({ tls });
    const proxy = await serveProxy();
    lab.closeLater(proxy);
    const more = { NIMBUS_INDEX_URL: served.url, NIMBUS_CA_CERTIFICATES: ca, NIMBUS_PROXY: proxy.url };
    const locked = await lab.run(LOCK, more);
    assert.equal(locked.code, 0, locked.stderr);
    assert.ok(proxy.asked.includes(`CONNECT 127.0.0.1:${served.port}`), String(proxy.asked));
    proxy.asked.length = 0;
    const byPip = await lab.run(DEPLOY, { ...more, PATH: WITHOUT_UV });
    assert.equal(byPip.code, 0, byPip.stderr);
    assert.ok(proxy.asked.includes(`CONNECT 127.0.0.1:${served.port}`), String(proxy.asked));
  });
});
