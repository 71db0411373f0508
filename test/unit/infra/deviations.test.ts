import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { contractCases } from '../../contract/cases.ts';
import { LAMBDA_DEVIATIONS } from '../../contract/deviations.ts';

describe('where a deployment on AWS differs from the contract', () => {
  it('is told of cases that there are', () => {
    const names = new Set(contractCases().map(({ name }) => name));
    for (const { name } of LAMBDA_DEVIATIONS) assert.ok(names.has(name), name);
  });

  it('is in the documentation, row by row', () => {
    const text = readFileSync(new URL('../../../docs/http.md', import.meta.url), 'utf8');
    const table = text.slice(text.indexOf('## Where a deployment on AWS differs'));
    const rows = [...table.matchAll(/^\| (.+) \| (AWS|the emulator) \| (.+) \|$/gm)].map(([, ...cells]) => cells);
    assert.deepEqual(
      rows,
      LAMBDA_DEVIATIONS.map(({ name, by, why }) => [name, by, why]),
    );
  });
});
