import assert from 'node:assert/strict';
import { labels } from '../../../src/editor/playground/labels.ts';
import type { DeploymentStatus } from '../../../src/shared/states.ts';

function project(folder: string, ...models: string[]) {
  const statuses = models.map((model) => ({ model, deployment: 'local' }) as DeploymentStatus);
  return { folder, statuses: () => statuses };
}

describe('names of deployments on the page', () => {
  it('are the models’ own where no two are alike', () => {
    const reviews = project('/work/reviews', 'sentiment');
    const found = labels([reviews, project('/work/other', 'entities')]);
    assert.deepEqual(
      found.all.map(({ model }) => model),
      ['sentiment', 'entities'],
    );
    assert.equal(found.find({ model: 'sentiment', deployment: 'local' })?.project, reviews);
  });

  it('carry the project’s folder where they are alike, a number where that is alike too', () => {
    const projects = [project('/a/reviews', 'm'), project('/b/reviews', 'm'), project('/c/other', 'm')];
    const found = labels(projects);
    assert.deepEqual(
      found.all.map(({ model }) => model),
      ['m (reviews 1)', 'm (reviews 2)', 'm (other)'],
    );
    for (const [index, { model, deployment }] of found.all.entries()) {
      assert.deepEqual(found.find({ model, deployment }), {
        project: projects[index],
        key: { model: 'm', deployment: 'local' },
      });
      assert.deepEqual(found.label(projects[index]!, { model: 'm', deployment: 'local' }), { model, deployment });
    }
  });
});
