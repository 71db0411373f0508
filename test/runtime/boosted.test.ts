/** XGBoost and LightGBM: their own files, and their wrappers for scikit-learn. */
import { describe } from 'mocha';
import { testCases } from './frameworks/cases.ts';

describe('boosted trees answer as their own framework', function () {
  this.timeout(120_000);

  testCases('boosted.py', [
    'xgboost, several classes by name',
    'xgboost, several classes by position',
    'xgboost, stopped early',
    'xgboost, multi:softmax',
    'xgboost, multi:softprob',
    'xgboost, binary:logistic',
    'xgboost, binary:logitraw',
    'xgboost, binary:hinge',
    'xgboost, reg:squarederror',
    'xgboost, count:poisson',
    'xgboost, two numbers',
    'xgboost, several labels at once',
    'xgboost, categories',
    'xgboost, numbers of categories',
    'xgboost, ranking',
    'lightgbm, several classes by name',
    'lightgbm, several classes by position',
    'lightgbm, two classes',
    'lightgbm, a number',
    'lightgbm, ranking',
    'lightgbm, categories',
    'wrapper of lightgbm, categories',
    'wrapper of xgboost, by name',
    'wrapper of xgboost, in a pipeline',
    'wrapper of xgboost, ranking',
    'wrapper of lightgbm, by name',
    'wrapper of lightgbm, in a pipeline',
    'wrapper of lightgbm, ranking',
  ]);
});
