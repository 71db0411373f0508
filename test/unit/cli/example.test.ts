import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { exampleCall } from '../../../src/cli/example.ts';
import type { ModelCard } from '../../../src/shared/contract.ts';

const card = (input: Record<string, unknown>, examples: unknown[] = []): ModelCard => ({
  model: 'm',
  version: '',
  framework: 'sklearn',
  input,
  examples,
  limits: { memoryMb: 0, timeoutSeconds: 0, payloadBytes: 0, batchInputs: 0 },
});

describe('the call that is shown after a deploy', () => {
  it('is a text where the model takes texts, or says nothing', () => {
    assert.equal(exampleCall('m', card({ type: 'string' })), 'nimbus predict m "some text"');
    assert.equal(exampleCall('m', undefined), 'nimbus predict m "some text"');
  });

  it('names the columns of a table', () => {
    const columns = { age: { type: 'number' }, city: { enum: ['Oslo', "L'Aquila"] }, member: { type: 'boolean' } };
    assert.equal(
      exampleCall('m', card({ type: 'object', properties: columns })),
      `nimbus predict m --input '{"age":1,"city":"Oslo","member":true}'`,
    );
    assert.equal(
      exampleCall('m', card({ type: 'array', items: { type: 'number' }, minItems: 3 })),
      "nimbus predict m --input '[1,1,1]'",
    );
    // A ColumnTransformer over an array; its last column may be any.
    const mixed = [{ type: 'number' }, { type: 'string', examples: ['Oslo'] }, {}];
    assert.equal(
      exampleCall('m', card({ type: 'array', prefixItems: mixed, minItems: 3, maxItems: 3 })),
      `nimbus predict m --input '[1,"Oslo",1]'`,
    );
    assert.equal(exampleCall('m', card({ type: 'array', items: {}, minItems: 1 })), "nimbus predict m --input '[1]'");
  });

  it('is the first example where there is one', () => {
    assert.equal(exampleCall('m', card({ type: 'string' }, [{ input: 'Ja' }])), 'nimbus predict m "Ja"');
  });

  it('is quoted so that a shell takes it as it is', () => {
    for (const input of ['it costs $HOME', '`id`', 'say "no"', 'back\\slash', '--input', "L'Aquila!"]) {
      const call = exampleCall('m', card({ type: 'string' }, [{ input }]));
      const words = execFileSync('sh', ['-c', `nimbus() { printf '%s\\n' "$@"; }\n${call}`], { encoding: 'utf8' });
      assert.deepEqual(
        words
          .trimEnd()
          .split('\n')
          .filter((word) => word !== '--'),
        ['predict', 'm', input],
      );
    }
  });
});
