/** What a model would cost, as a user asks for it. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Problem } from '../../src/shared/contract.ts';
import type { CostCard } from '../../src/shared/cost.ts';
import { createSandbox, python, type Ended, type Sandbox } from './nimbus.ts';

describe('nimbus cost', function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  const env: NodeJS.ProcessEnv = { AWS_REGION: '', NIMBUS_PRICES: '' };

  before(async () => {
    sandbox = createSandbox();
    const { code, stderr } = await nimbus('deploy', 'rules', '--python', python, '--trust');
    assert.equal(code, 0, stderr);
  });
  after(() => sandbox.remove());

  const nimbus = (...argv: string[]): Promise<Ended> => sandbox.nimbus(argv, { env });

  async function card(argv: string[], more: NodeJS.ProcessEnv = {}): Promise<CostCard> {
    const { code, stdout } = await sandbox.nimbus(['cost', ...argv, '--json'], { env: { ...env, ...more } });
    assert.equal(code, 0, stdout);
    return JSON.parse(stdout) as CostCard;
  }

  it('says how to measure what was not measured yet, and tells what was', async () => {
    const before = await nimbus('cost', 'rules');
    assert.equal(before.code, 1);
    assert.match(before.stderr, /has answered no request yet[^]*Send two[^]*nimbus sweep rules\/local/);
    for (let sent = 0; sent < 2; sent++) assert.equal((await nimbus('predict', 'rules', 'refund')).code, 0);
    const { stdout, code } = await nimbus('cost', 'rules');
    assert.equal(code, 0);
    assert.match(stdout, /^rules\/local on AWS Lambda in us-east-1 {3}1,769 MB, \w+, billed \d+ ms warm/);
    assert.match(stdout, /last requests on this machine, .* and no limits/);
    assert.match(stdout, /^REQUESTS A MONTH +0 +10,000 +1,000,000$/m);
    assert.match(stdout, /^API Gateway requests +– +\$0\.0\d +\$3\.50$/m);
    assert.match(stdout, /^t3\.medium +\$\d+\.\d\d +from .* requests a month$/m);
    assert.match(stdout, /known as of \d{4}-\d\d or later/);
    const { measured, usage } = await card(['rules']);
    assert.equal(measured.from, 'local');
    assert.ok(Number.isInteger(usage.warmMs) && usage.warmMs >= 1);
  });

  it('takes what the user says of memory, duration, traffic, region and cold starts', async () => {
    const asked = ['rules', '--memory', '512', '--duration', '99.5', '--requests', '2000000', '--cold', '0'];
    const { usage, months, measured, region, freeTier } = await card([...asked, '--region', 'eu-west-1']);
    assert.deepEqual([usage.memoryMb, usage.warmMs, usage.coldShare, measured.from], [512, 100, 0, 'given']);
    assert.deepEqual([region, freeTier], ['eu-west-1', false]);
    const { items } = months.find(({ requests }) => requests === 2_000_000)!;
    const duration = items.find(({ title }) => title === 'Lambda duration')!;
    assert.deepEqual([duration.quantity, duration.unit], [100_000, 'GB-seconds']);
    assert.ok(
      Math.abs(duration.dollars - 100_000 * (usage.architecture === 'arm64' ? 0.0000133334 : 0.0000166667)) < 1e-9,
    );
    const free = await card([...asked, '--free-tier'], { AWS_REGION: 'eu-west-1' });
    assert.equal(free.region, 'eu-west-1');
    const [billed, unbilled] = [months, free.months].map((all) => all.at(-1)!.dollars);
    assert.ok(unbilled! < billed!);
  });

  it('does not guess how long another memory would take', async () => {
    const { code, stdout } = await nimbus('cost', 'rules', '--memory', '512', '--json');
    assert.equal(code, 1);
    const problem = JSON.parse(stdout) as Problem;
    assert.equal(problem.type, 'urn:nimbus:problem:not-measured');
    assert.match(problem.next!, /nimbus sweep rules\/local --memory 512/);
  });

  it('counts with the prices of a file, and says where that is wrong', async () => {
    const file = path.join(sandbox.folder, 'prices.json');
    const prices = {
      known: '2026-11',
      regions: { 'eu-west-1': { apiGateway: { perMillionRequests: [{ price: 7 }] } } },
    };
    writeFileSync(file, JSON.stringify(prices));
    const argv = ['rules', '--duration', '10', '--region', 'eu-west-1'];
    const found = await card(argv, { NIMBUS_PRICES: 'prices.json' });
    assert.equal(found.months.at(-1)!.items.find(({ title }) => /API Gateway/.test(title))!.dollars, 7);
    assert.equal(found.prices.file, file);
    writeFileSync(file, JSON.stringify({ ...prices, currency: 'EUR' }));
    const wrong = await sandbox.nimbus(['cost', ...argv], { env: { ...env, NIMBUS_PRICES: 'prices.json' } });
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /prices\.json is no list of prices\.\n {2}currency: there is no such field/);
    const elsewhere = await nimbus('cost', 'rules', '--duration', '10', '--region', 'eu-west-3');
    assert.equal(elsewhere.code, 1);
    assert.match(elsewhere.stderr, /no prices of eu-west-3\.\nDid you mean eu-west-1\?/);
  });
});
