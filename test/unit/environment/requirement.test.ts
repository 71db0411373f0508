import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { isRequirement, parseRequirements } from '../../../src/core/detect/requirements.ts';
import { applies, mismatches, parseRequirement } from '../../../src/core/environment/requirement.ts';

const FACTS = { python: '3.11.4', platform: 'linux' } as const;

describe('requirements', () => {
  it('are read as PEP 508 writes them', () => {
    const read = (text: string): unknown[] => Object.values(parseRequirement(text) ?? {});
    assert.deepEqual(read('Scikit_Learn == 1.5.2'), ['scikit-learn', '==1.5.2', '']);
    assert.deepEqual(read('spacy>=3.8.7,<3.9.0'), ['spacy', '>=3.8.7,<3.9.0', '']);
    assert.deepEqual(read('zope.interface[a, b] (>=1.0) ; python_version < "3.10"'), [
      'zope-interface',
      '>=1.0',
      'python_version < "3.10"',
    ]);
    assert.deepEqual(read('tool @ https://example.org/tool;x.whl ; sys_platform == "win32"'), [
      'tool',
      '',
      'sys_platform == "win32"',
    ]);
    assert.deepEqual(read('numpy'), ['numpy', '', '']);
    assert.equal(parseRequirement('--index-url=x'), undefined);
  });

  it('are compared by the rules of PEP 440', () => {
    const fits = (version: string, requirement: string): boolean =>
      mismatches([requirement], { p: version }, FACTS).length === 0;
    for (const [version, requirement] of [
      ['1.5.2', 'p==1.5.2'],
      ['1.5.2', 'p==1.5.*'],
      ['1.5.2.post1', 'p>=1.5.2'],
      ['3.8.18', 'p>=3.8.7,<3.9.0'],
      ['1.10', 'p>1.9'],
      ['1.4.5', 'p~=1.4.2'],
      ['2.0rc1', 'p>=1.0'],
      ['2.3.0+cu118', 'p==2.3.0'],
    ] as const) {
      assert.ok(fits(version, requirement), `${version} ${requirement}`);
    }
    for (const [version, requirement] of [
      ['1.5.1', 'p==1.5.2'],
      ['1.5.0', 'p~=1.4.2'],
      ['3.9.0', 'p>=3.8.7,<3.9.0'],
      ['1.9', 'p>=1.10'],
      ['2.0rc1', 'p>=2.0'],
      ['strange', 'p>=1'],
      ['1.0', 'p>=strange'],
    ] as const) {
      assert.ok(!fits(version, requirement), `${version} ${requirement}`);
    }
  });

  it('say what differs, as data', () => {
    assert.deepEqual(
      mismatches(['Scikit-Learn==1.5.2', 'pandas', 'old; python_version < "3.0"'], { 'scikit-learn': '1.4.0' }, FACTS),
      [
        { package: 'scikit-learn', required: '==1.5.2', installed: '1.4.0' },
        { package: 'pandas', required: 'any version' },
      ],
    );
    assert.deepEqual(mismatches(['constructor'], {}, FACTS), [{ package: 'constructor', required: 'any version' }]);
  });

  it('count where their marker holds', () => {
    const here = (marker: string): boolean => applies(marker, FACTS);
    assert.ok(here('python_version >= "3.9" and sys_platform == "linux"'));
    assert.ok(!here('python_version < "3.9"'));
    assert.ok(!here("platform_system == 'Windows'"));
    assert.ok(here('sys_platform == "win32" or os_name == "posix"'));
    assert.ok(here('python_full_version > "3.11.3"'));
    assert.ok(here('python_version >= "3.10"'), '3.10 is newer than 3.9');
    // What is not understood counts.
    assert.ok(here('(python_version < "3.9")') && here('implementation_name == "pypy"'));
  });

  it('of a file leave out options, addresses and paths', () => {
    assert.deepEqual(
      parseRequirements(
        'a==1 # x\r\n  # y\nb>=1, \\\n  <2\n-e .\n--extra-index-url https://h/\nhttps://h/x.whl\n./local\nc[x] @ https://h/c.whl',
      ),
      {
        requirements: ['a==1', 'b>=1,    <2', 'c[x] @ https://h/c.whl'],
        skipped: ['-e .', '--extra-index-url https://h/', 'https://h/x.whl', './local'],
      },
    );
    for (const text of ['--index-url=x', '-r x', 'a\n--index-url=x', 'a --global-option=x', ''])
      assert.ok(!isRequirement(text), text);
  });
});
