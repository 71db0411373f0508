import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { editorReference } from '../../../scripts/lib/editor-reference.mjs';
import { commandReference } from '../../../src/cli/reference.ts';

const page = (name: string): string => readFileSync(path.resolve(import.meta.dirname, '../../../docs', name), 'utf8');

describe('pages that are made from their source (npm run docs)', () => {
  it('docs/cli.md is what the commands say', () => assert.equal(page('cli.md'), commandReference()));
  it('docs/editor.md is what package.json says', () => assert.equal(page('editor.md'), editorReference()));
});
