/** The runtime on other versions of Python than the tests' own: real ones where this machine has them, and by reading it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, it } from 'mocha';
import { OTHER_PYTHON, runPython, RUNTIME } from './support.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const MADE = path.join(ROOT, '.cache/pythons');
const PROGRAM = process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python';
const VERMIN = ['--target=3.9-', '--violations', '--no-tips', '--eval-annotations'];
const FILES = ['contract', 'handlers', 'custom', 'frames', 'isolation', 'probe', 'pickles'];

interface Report {
  stats: { passes: number; failures: number; pending: number };
  failures: { fullTitle: string; err: { message?: string } }[];
}

/** Runs those test files in a mocha of their own. */
async function runOn(python: string): Promise<Report> {
  const specs = FILES.map((name) => path.join(import.meta.dirname, `${name}.test.ts`));
  const mocha = path.join(ROOT, 'node_modules/mocha/bin/mocha.js');
  const report = path.join(mkdtempSync(path.join(tmpdir(), 'nimbus-pythons-')), 'report.json');
  const flags = ['--no-config', '--exit', '--reporter', 'json', '--reporter-option', `output=${report}`];
  const env = { ...process.env, NIMBUS_TEST_PYTHON: python };
  try {
    const options = { cwd: ROOT, env, maxBuffer: 64 * 1024 * 1024 };
    // How many failed is its exit code; the report says more.
    await promisify(execFile)(process.execPath, [mocha, ...flags, ...specs], options).catch(() => {});
    const { default: found } = (await import(report, { with: { type: 'json' } })) as { default: Report };
    return found;
  } finally {
    rmSync(path.dirname(report), { recursive: true });
  }
}

if (OTHER_PYTHON === undefined) {
  describe('the runtime on other versions of Python', function () {
    this.timeout(300_000);

    for (const version of existsSync(MADE) ? readdirSync(MADE).toSorted() : []) {
      it(`answers, loads and reads pickles on Python ${version}`, async () => {
        const python = path.join(MADE, version, PROGRAM);
        const said = await runPython(['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], {}, python);
        assert.equal(said.stdout.trim(), version);
        const { stats, failures } = await runOn(python);
        assert.deepEqual(
          failures.map(({ fullTitle, err }) => `${fullTitle}: ${err.message}`),
          [],
        );
        assert.ok(stats.passes > 100, `${stats.passes} passed`);
        assert.equal(stats.pending, 0);
      });
    }

    const vermin = (target: string): ReturnType<typeof runPython> =>
      runPython(['-c', 'from vermin.main import main; main()', ...VERMIN, target]);

    it('uses no syntax and nothing of the standard library that Python 3.9 lacks', async () => {
      const { code, stdout } = await vermin(RUNTIME);
      assert.equal(code, 0, stdout);
      const folder = mkdtempSync(path.join(tmpdir(), 'nimbus-newer-'));
      try {
        for (const newer of ['from itertools import pairwise\n', 'match 1:\n    case 1:\n        pass\n']) {
          writeFileSync(path.join(folder, 'newer.py'), newer);
          assert.notEqual((await vermin(folder)).code, 0, newer);
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  });
}
