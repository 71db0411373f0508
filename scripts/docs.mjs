// Writes the pages that are made from their source. A unit test fails while one is stale.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { commandReference } from '../src/cli/reference.ts';
import { editorReference } from './lib/editor-reference.mjs';
import { root } from './lib/paths.mjs';
import { bootstrapPolicy, policy, policyText } from './lib/policy/documents.mjs';

writeFileSync(path.join(root, 'docs/cli.md'), commandReference());
writeFileSync(path.join(root, 'docs/editor.md'), editorReference());
writeFileSync(path.join(root, 'docs/aws-policy.json'), policyText(await policy()));
writeFileSync(path.join(root, 'docs/aws-bootstrap-policy.json'), policyText(bootstrapPolicy()));
