import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { commandReference } from '../../../src/cli/reference.ts';

describe('docs/cli.md', () => {
  it('is what the commands say (npm run docs writes it anew)', () => {
    const page = path.resolve(import.meta.dirname, '../../../docs/cli.md');
    assert.equal(readFileSync(page, 'utf8'), commandReference());
  });
});
