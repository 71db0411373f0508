import { after, before, describe, it } from 'mocha';
import { checkAnswer, contractCases, MODELS, requestOf, type ContractModel } from '../contract/cases.ts';
import { frameworksPython, OTHER_PYTHON, samplePython, Scratch, type Worker } from './support.ts';

describe('the contract, at the handler itself', function () {
  this.timeout(60_000);
  const scratch = new Scratch();
  const cases = contractCases();

  after(() => scratch.remove());

  // The samples were made by one version of Python and its packages, and are for those.
  const names = OTHER_PYTHON === undefined ? (Object.keys(MODELS) as ContractModel[]) : (['echo'] as const);
  for (const name of names) {
    describe(name, () => {
      let worker: Worker;
      before(async () => {
        const { framework, path, python } = MODELS[name];
        const file = scratch.function(name, framework, path);
        worker = scratch.worker(file, {}, python === 'samples' ? samplePython() : frameworksPython());
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
