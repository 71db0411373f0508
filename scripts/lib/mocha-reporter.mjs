// Mocha's own spec output for people, and beside it what came of each test in a file for scripts/test.mjs.
import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

/**
 * @typedef {{ title: string, file: string | undefined }} Test title: the full one
 * @typedef {Test & { message: string, hook: boolean }} Failure hook: it is none of a test, but of what a suite does around some
 * @typedef {object} Report
 * @property {Test[]} passed
 * @property {Test[]} skipped
 * @property {Failure[]} failures
 */

export default class FileReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const report = { passed: [], skipped: [], failures: [] };
    const named = (test) => ({ title: test.fullTitle(), file: test.file });
    runner.on('pass', (test) => report.passed.push(named(test)));
    runner.on('pending', (test) => report.skipped.push(named(test)));
    runner.on('fail', (test, error) => {
      report.failures.push({
        ...named(test),
        message: error?.stack ?? String(error),
        hook: test.type === 'hook',
      });
    });
    runner.once('end', () => writeFileSync(options.reporterOption.output, JSON.stringify(report, null, 2)));
  }
}
