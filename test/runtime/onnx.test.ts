/** ONNX: exports of estimators, text models with their tokenizers, graphs of tensors. */
import { describe } from 'mocha';
import { testCases } from './frameworks/cases.ts';

describe('ONNX answers as the framework that it came from', function () {
  this.timeout(120_000);

  describe('estimators and tensors', () => {
    testCases('exports.py', [
      'U, with a map of scores',
      'i, with a map of scores',
      'U, with rows of scores',
      'i, with rows of scores',
      'classes in a weight',
      'decisions',
      'several labels at once',
      'texts in a list',
      'texts in a column',
      'columns by name',
      'numbers 1',
      'numbers 2',
      'clusters',
      'outliers',
      'vectors',
      'mixture',
      'mixture in a pipeline',
      'one component',
      'one component in a pipeline',
      'network',
      'network in a pipeline',
      'undecided',
      'xgboost',
      'xgboost numbers',
      'lightgbm',
      'one tensor',
      'two tensors',
      'strings and booleans',
      'a sum of all',
    ]);
  });

  describe('texts', () => {
    testCases('texts.py', [
      'one topic',
      'several topics',
      'fixed shape',
      'entities',
      'averaged',
      'pooled in the graph',
      'pooled mean',
      'pooled cls',
      'pooled max',
    ]);
  });
});
