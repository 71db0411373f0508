// Mocha's own spec output for people, and beside it the counts and failures in a file for scripts/test.mjs.
import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

/**
 * @typedef {object} Report
 * @property {number} passed
 * @property {number} failed
 * @property {string[]} skipped full titles
 * @property {{ title: string, message: string }[]} failures
 */

export default class FileReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const file = options.reporterOption.output;
    const failures = [];
    const skipped = [];
    runner.on('fail', (test, error) => {
      failures.push({ title: test.fullTitle(), message: error?.stack ?? String(error) });
    });
    runner.on('pending', (test) => skipped.push(test.fullTitle()));
    runner.once('end', () => {
      const report = { passed: runner.stats.passes, failed: failures.length, skipped, failures };
      writeFileSync(file, JSON.stringify(report, null, 2));
    });
  }
}
