import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { DETECTORS } from '../../../src/core/detect/detect.ts';
import { FRAMEWORK_TITLES, FRAMEWORKS } from '../../../src/shared/spec.ts';

const ROOT = new URL('../../../', import.meta.url);
const PYTHON = new URL('infra/runtime/nimbus_runtime/frameworks/', ROOT);
const SCHEMA = new URL('media/models.schema.json', ROOT);

describe('both sides know the same frameworks', () => {
  it('each has a module in Python, and each module there is a framework or a helper of one', () => {
    const modules = readdirSync(PYTHON).filter((name) => name.endsWith('.py') && name !== '__init__.py');
    // Helpers define nothing that the handler calls.
    const answering = modules.filter((name) => /^def card\(/m.test(readFileSync(new URL(name, PYTHON), 'utf8')));
    assert.deepEqual(answering.map((name) => name.replace('.py', '')).toSorted(), [...FRAMEWORKS].toSorted());
    for (const name of answering) {
      const source = readFileSync(new URL(name, PYTHON), 'utf8');
      for (const part of ['imports(path)', 'load(path)', 'predict(model, inputs, parameters)', 'card(model)']) {
        assert.ok(source.includes(`\ndef ${part}:`), `${name} does not define ${part}`);
      }
      // What a handler.py takes only its author knows.
      assert.equal(source.includes('\ndef parameters(model):'), name !== 'custom.py', `parameters(model) of ${name}`);
    }
  });

  it('each has a detector, a title and a line in the schema of models.json', () => {
    assert.deepEqual(Object.keys(DETECTORS).toSorted(), [...FRAMEWORKS].toSorted());
    assert.deepEqual(Object.keys(FRAMEWORK_TITLES).toSorted(), [...FRAMEWORKS].toSorted());
    const schema = JSON.parse(readFileSync(SCHEMA, 'utf8'));
    const { framework } = schema.definitions.model.properties;
    assert.deepEqual(framework.enum, FRAMEWORKS);
    assert.equal(framework.enumDescriptions.length, FRAMEWORKS.length);
    const text = readFileSync(SCHEMA, 'utf8');
    assert.equal(text.split(`|${FRAMEWORKS.join(',')}|`).length - 1, 2, 'the snippets of the schema offer them');
  });
});
