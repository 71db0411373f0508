/** The client of the deployer, without AWS: the deployer loads, synthesises, ends. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DeployerEvent } from '../../../infra/deployer/protocol.ts';
import { DeployerEnded, startDeployer, type DeployerClient } from '../../../src/core/cloud/deployer.ts';
import { DEPLOYMENT, newFolder } from '../infra/deployments.ts';

const PROGRAM = fileURLToPath(new URL('../../../infra/deployer/main.ts', import.meta.url));

describe('the client of the deployer', function () {
  this.timeout(60_000);
  let temporary: string;
  let before: string | undefined;
  const clients: DeployerClient[] = [];
  const start = async (program: string, onEvent: (event: DeployerEvent) => void = () => undefined) => {
    const client = await startDeployer({ program, onEvent });
    clients.push(client);
    return client;
  };
  beforeEach(() => {
    temporary = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'nimbus-client-')));
    before = process.env['TMPDIR'];
    process.env['TMPDIR'] = temporary;
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.kill()));
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    rmSync(temporary, { recursive: true });
  });

  it('has it load, synthesise and refuse, and removes its folder when it is killed', async () => {
    const { api, kill } = await start(PROGRAM);
    const warmth = await api.warm();
    assert.ok(warmth.residentBytes > 0);
    const outdir = newFolder();
    const made = await api.synthesise({ kind: 'deployment', description: DEPLOYMENT }, outdir);
    assert.ok(made.ok);
    assert.ok(existsSync(path.join(outdir, `${DEPLOYMENT.stackName}.template.json`)));
    const refused = await api.synthesise(
      { kind: 'deployment', description: { ...DEPLOYMENT, memoryMb: 1 } },
      newFolder(),
    );
    assert.equal(refused.ok || refused.error.code, 'invalid-description');
    assert.equal(readdirSync(temporary).length, 1);
    await kill();
    assert.deepEqual(readdirSync(temporary), []);
  });

  it('rejects what is under way when it is killed', async () => {
    const { api, kill } = await start(PROGRAM);
    const lost = assert.rejects(api.warm(), DeployerEnded);
    await kill();
    await lost;
  });

  it('hands on what a program says that ends at once', async () => {
    const said: DeployerEvent[] = [];
    const { api } = await start(path.join(temporary, 'none.ts'), (event) => said.push(event));
    await assert.rejects(api.warm(), DeployerEnded);
    assert.match(JSON.stringify(said), /Cannot find module/);
  });
});
