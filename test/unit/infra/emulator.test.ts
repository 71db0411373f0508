import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../../../scripts/lib/paths.mjs';
import { FILES, LEFT_OUT } from '../../aws/account/suite.ts';
import { NOT_EMULATED, PATCHED, type EmulatorDeviation } from '../../aws/deviations.ts';

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const all = [...PATCHED, ...NOT_EMULATED];

/** As docs/aws-emulator.md has it. */
function row({ aws, emulator, tests: { file, titles } }: EmulatorDeviation): string {
  return `| ${aws} | ${emulator} | \`${file}\`: ${titles.join('; ')} |`;
}

describe('where the emulator of AWS is not AWS', () => {
  it('is in the documentation, row by row', () => {
    const rows = [...read('../docs/aws-emulator.md').matchAll(/^\| (?!AWS \|).+ \|$/gm)].map(([line]) => line);
    assert.deepEqual(rows, all.map(row));
  });

  it('is each held by tests that there are', () => {
    for (const { tests } of all) {
      const source = read(tests.file);
      for (const title of tests.titles) assert.ok(source.includes(title), `${tests.file} has no test: ${title}`);
    }
  });

  it('is told of all that the emulator is patched in', () => {
    const source = read('aws/emulator/launch.py');
    const wrapped = source.matchAll(/\bwrap\((\w+), "(\w+)"\)/g);
    const replaced = source.matchAll(/^(ecr|lambda_svc|stacks)\.(\w+) = /gm);
    const resources = source.matchAll(/function_resource\["(\w+)"\]/g);
    const names = [
      ...[...wrapped, ...replaced].map(([, holder, name]) => `${holder}.${name}`),
      ...[...resources].map(([text]) => text),
    ];
    const told = PATCHED.flatMap(({ patches = [] }) => patches);
    assert.deepEqual(told.toSorted(), [...new Set(names)].toSorted());
  });

  it('is told of all that is tested on documented answers', () => {
    const titles = [...read('aws/documented.test.ts').matchAll(/\bit\((?:'([^']+)'|"([^"]+)"|`([^`]+)`)/g)];
    const told = all.flatMap(({ tests }) => (tests.file === 'aws/documented.test.ts' ? tests.titles : []));
    assert.deepEqual(told.toSorted(), titles.map(([, ...found]) => found.find((one) => one)!).toSorted());
  });

  it('is why some tests stay with it: each file of the suite runs on an account too, or says why not', () => {
    const names = readdirSync(path.join(root, 'test/aws')).filter((name) => name.endsWith('.test.ts'));
    const known = [
      ...FILES.map((file) => path.basename(file)),
      ...Object.keys(LEFT_OUT).map((name) => `${name}.test.ts`),
    ];
    assert.deepEqual(known.toSorted(), names.toSorted());
  });
});
