import { after, before, describe, it } from 'mocha';
import path from 'node:path';
import { checkAnswer, contractCases, requestOf, type ContractCase } from '../contract/cases.ts';
import { ECHO, OTHER_PYTHON, SAMPLES, Scratch, type Worker } from './support.ts';

const MODELS = {
  echo: ['custom', ECHO],
  sentiment: ['sklearn', path.join(SAMPLES, 'sentiment.joblib')],
  flowers: ['sklearn', path.join(SAMPLES, 'flowers.joblib')],
  entities: ['spacy', path.join(SAMPLES, 'entities')],
} as const satisfies Record<ContractCase['model'], readonly [string, string]>;

describe('the contract, at the handler itself', function () {
  this.timeout(60_000);
  const scratch = new Scratch();
  const cases = contractCases();

  after(() => scratch.remove());

  // The samples were made by one version of Python and its packages, and are for those.
  const names = OTHER_PYTHON === undefined ? (Object.keys(MODELS) as ContractCase['model'][]) : (['echo'] as const);
  for (const name of names) {
    describe(name, () => {
      let worker: Worker;
      before(async () => {
        const [framework, model] = MODELS[name];
        worker = scratch.worker(scratch.function(name, framework, model));
        await worker.ready();
      });
      after(() => worker.end());

      for (const one of cases.filter(({ model }) => model === name)) {
        it(one.name, async () => {
          const { headers, body } = requestOf(one);
          checkAnswer(one, await worker.call(one.request.method, one.request.path, headers, body));
        });
      }
    });
  }
});
