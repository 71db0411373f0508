import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readPrices, withPrices } from '../../../src/core/cost/price-file.ts';
import { BUILT_IN_PRICES } from '../../../src/core/cost/price-list.ts';

const known = '2026-11';

describe('prices of the user’s own', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'nimbus-prices-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('replace what they name, say since when, and leave the rest', () => {
    const tiers = [{ upTo: 10, price: 1 }, { price: 0 }];
    const { list, faults } = withPrices(BUILT_IN_PRICES, {
      known,
      regions: { 'eu-west-1': { ec2: { t3MediumHour: 0.04 }, lambda: { gbSecond: { arm64: tiers } } } },
    });
    assert.deepEqual(faults, []);
    const before = BUILT_IN_PRICES['eu-west-1'];
    assert.deepEqual(list['eu-west-1'], {
      ...before,
      ec2: { ...before.ec2, known, t3MediumHour: 0.04 },
      lambda: { ...before.lambda, known, gbSecond: { ...before.lambda.gbSecond, arm64: tiers } },
    });
    assert.equal(list['us-east-1'], BUILT_IN_PRICES['us-east-1']);
  });

  it('may be of a region that Nimbus knows none of, where they are all there', () => {
    const { 'us-east-1': whole } = BUILT_IN_PRICES;
    const undated = JSON.parse(
      JSON.stringify(whole, (name, value) => (name === 'known' ? undefined : value)),
    ) as unknown;
    const all = withPrices(BUILT_IN_PRICES, { known, regions: { 'eu-north-1': undated } });
    assert.deepEqual(all.faults, []);
    assert.deepEqual(
      all.list['eu-north-1'],
      Object.fromEntries(Object.entries(whole).map(([name, section]) => [name, { ...section, known }])),
    );
    const part = withPrices(BUILT_IN_PRICES, { known, regions: { 'eu-north-1': { ecr: { gbMonth: 0.1 } } } });
    assert.ok(part.faults.includes('regions.eu-north-1.lambda: missing, and Nimbus knows none of this region.'));
    assert.ok(!part.faults.some((fault) => fault.includes('ecr')));
  });

  const region = (prices: unknown): unknown => ({ known, regions: { 'eu-west-1': prices } });
  const wrong: [string, unknown, RegExp][] = [
    ['no object', [], /^The file must hold a JSON object\.$/],
    ['no date', { regions: {} }, /^known: the month/],
    ['a date that is none', { known: 'today', regions: {} }, /^known: the month/],
    ['no regions', { known }, /^regions: an object/],
    ['an unknown field', { known, regions: {}, region: 1 }, /^region: there is no such field\. Did you mean regions\?/],
    [
      'an unknown section',
      region({ lamda: {} }),
      /^regions\.eu-west-1\.lamda: there is no such field\. Did you mean lambda\?/,
    ],
    ['an unknown price', region({ ecr: { gbHour: 1 } }), /^regions\.eu-west-1\.ecr\.gbHour: .*Fields here: .*gbMonth/],
    ['an unknown architecture', region({ fargate: { gbHour: { x86: 1 } } }), /gbHour\.x86: there is no such field/],
    ['a price below nothing', region({ ecr: { gbMonth: -1 } }), /^regions\.eu-west-1\.ecr\.gbMonth: a number/],
    ['a price in words', region({ ecr: { gbMonth: '0.1' } }), /ecr\.gbMonth: a number/],
    ['a section that is none', region({ ecr: 0.1 }), /^regions\.eu-west-1\.ecr: an object\.$/],
    ['tiers that are none', region({ transfer: { outGb: 0.09 } }), /transfer\.outGb: a list such as/],
    ['tiers without an end', region({ transfer: { outGb: [{ upTo: 5, price: 1 }] } }), /outGb: a list/],
    ['no tiers', region({ transfer: { outGb: [] } }), /outGb: a list/],
    [
      'tiers that fall',
      region({ transfer: { outGb: [{ upTo: 5, price: 1 }, { upTo: 4, price: 1 }, { price: 1 }] } }),
      /outGb: a list/,
    ],
    ['a tier with something else', region({ transfer: { outGb: [{ price: 1, to: 2 }] } }), /outGb: a list/],
  ];
  for (const [title, document, fault] of wrong) {
    it(`are refused where there is ${title}, and nothing else is said`, () => {
      const { faults } = withPrices(BUILT_IN_PRICES, document);
      assert.equal(faults.length, 1, faults.join('\n'));
      assert.match(faults[0]!, fault);
    });
  }

  it('are in a file that NIMBUS_PRICES names', async () => {
    assert.deepEqual(await readPrices({}), { ok: true, value: { list: BUILT_IN_PRICES } });
    const file = path.join(folder, 'prices.json');
    writeFileSync(file, JSON.stringify(region({ ecr: { gbMonth: 0.2 } })));
    const read = await readPrices({ NIMBUS_PRICES: file });
    assert.ok(read.ok);
    assert.deepEqual([read.value.file, read.value.list['eu-west-1']!.ecr.gbMonth], [file, 0.2]);
    writeFileSync(file, JSON.stringify(region({ ecr: { gbMonth: 0.2, gb: 1 }, s3: {} })));
    const refused = await readPrices({ NIMBUS_PRICES: file });
    assert.ok(!refused.ok);
    assert.equal(refused.error.code, 'prices-invalid');
    assert.match(refused.error.why!, /^regions\.eu-west-1\.s3: .*\nregions\.eu-west-1\.ecr\.gb: .*$/);
    writeFileSync(file, '{');
    for (const name of [file, path.join(folder, 'none.json')]) {
      const unread = await readPrices({ NIMBUS_PRICES: name });
      assert.ok(!unread.ok && unread.error.code === 'prices-unreadable' && unread.error.what.includes(name));
    }
  });
});
