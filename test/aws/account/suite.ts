/** Which tests of test/aws run on a real account. In those files a test whose title ends with `MARK` is left out. */
import path from 'node:path';
import { root } from '../../../scripts/lib/paths.mjs';

/** Of a test that only the emulator can be brought to. */
export const MARK = '[emulated]';

const AWS_TESTS = path.join(root, 'test/aws');

/** In this order: what the first of them finds broken, the others need not try. */
export const FILES = ['deploy', 'contract', 'redeploy', 'verbs', 'faults'].map((name) =>
  path.join(AWS_TESTS, `${name}.test.ts`),
);

/** The other files of test/aws, and why they stay with the emulator. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  account: 'tests this runner',
  accounts: 'has profiles of accounts that are made up',
  deployer: 'slows CloudFormation down, and makes stacks past the command line',
  doctor: 'makes users with several rights',
  documented: 'answers in the place of AWS',
  'first-answers': 'answers in the place of AWS',
  function: 'makes functions past Nimbus, which the policy does not allow',
  inactive: 'answers in the place of AWS',
  living: 'writes lines into logs and slows CloudFormation down',
  permissions: 'decides in the place of IAM',
  stops: 'makes up what a rehearsal saw',
  targets: 'makes functions past Nimbus, which the policy does not allow',
  review: 'answers in the place of AWS',
  spent: 'writes metrics in the name of AWS Lambda, which AWS takes from nobody',
  update: 'makes what the policy does not allow, and faults of AWS Lambda',
};
