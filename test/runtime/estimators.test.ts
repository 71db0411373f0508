/** scikit-learn: every kind of estimator, and files of skops. */
import { describe } from 'mocha';
import { testCases } from './frameworks/cases.ts';

describe('estimators of every kind answer as scikit-learn', function () {
  this.timeout(120_000);

  testCases('estimators.py', [
    'skops forest',
    'skops columns',
    'skops texts',
    'decisions',
    'several outputs',
    'several outputs, one model each',
    'several numbers',
    'clusters',
    'clusters in a pipeline',
    'mixture',
    'mixture in a pipeline',
    'isolation forest',
    'local outliers',
    'one class',
    'principal components',
    'columns to vectors',
    'words to vectors',
    'density',
  ]);
});
