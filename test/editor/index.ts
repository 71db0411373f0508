/** What VS Code's extension host loads and runs: mocha over the test files beside this one. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { setImmediate } from 'node:timers/promises';
import { format } from 'node:util';
import Mocha from 'mocha';
import FileReporter from '../../scripts/lib/mocha-reporter.mjs';
import { OUTPUT_MARK } from './mark.ts';

export async function run(): Promise<void> {
  Mocha.reporters.Base.consoleLog = (...values) => console.log(OUTPUT_MARK + format(...values));
  const mocha = new Mocha({
    ui: 'bdd',
    timeout: 30_000,
    forbidOnly: true,
    color: false,
    reporter: FileReporter as never,
    reporterOptions: { output: process.env['NIMBUS_EDITOR_REPORT'] },
  });
  const folder = import.meta.dirname;
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.test.ts'))) {
    mocha.addFile(path.join(folder, file));
  }
  await mocha.loadFilesAsync();
  // Mocha listens for these only where the process is its own.
  const rejections: unknown[] = [];
  const listener = (reason: unknown): void => void rejections.push(reason);
  process.on('unhandledRejection', listener);
  mocha.suite.afterEach('no rejection went unhandled', async () => {
    await setImmediate();
    if (rejections.length > 0) throw rejections.splice(0)[0];
  });
  const failures = await new Promise<number>((resolve) => mocha.run(resolve));
  process.off('unhandledRejection', listener);
  if (failures > 0) throw new Error(`${failures} failed`);
}
