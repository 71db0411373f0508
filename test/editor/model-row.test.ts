import assert from 'node:assert/strict';
import type { Project } from '../../src/editor/store/project.ts';
import { rowOf } from '../../src/editor/tree/rows.ts';

describe('the row of a model', () => {
  it('says what is wrong with a deployment, but not while that is being deployed', () => {
    const described = (operation?: { state: string }): string => {
      const project = {
        spec: () => ({ path: 'm', framework: 'custom' }),
        later: () => undefined,
        deploymentNames: () => ['one', 'two'],
        rowNames: () => ['one', 'two'],
        status: ({ deployment }: { deployment: string }) => ({ state: deployment === 'one' ? 'gone' : 'serving' }),
        operation: ({ deployment }: { deployment: string }) => (deployment === 'one' ? operation : undefined),
      };
      return rowOf({ kind: 'model', project: project as unknown as Project, model: 'm' }).description;
    };
    assert.equal(described(), 'custom · gone');
    assert.equal(described({ state: 'failed' }), 'custom · gone');
    assert.equal(described({ state: 'running' }), 'custom');
  });
});
