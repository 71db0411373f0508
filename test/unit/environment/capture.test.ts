import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';
import { capture } from '../../../src/core/environment/capture.ts';
import { capturedOf, madeWith } from '../../../src/core/environment/captured.ts';
import { condaSpec, poetryVersions } from '../../../src/core/environment/project-files.ts';
import { numpyOf } from '../../../src/core/detect/numpy-names.ts';
import { temporaryFolder } from '../models/temporary.ts';

describe('what a model was made with', () => {
  const temporary = temporaryFolder();
  const at = (...parts: string[]): string => path.join(temporary.folder, ...parts);

  function write(files: Record<string, string>): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(at(name)), { recursive: true });
      writeFileSync(at(name), text);
    }
  }

  const sklearn = (requirements = ['scikit-learn==1.5.2'], captured?: ReturnType<typeof capturedOf>[]) =>
    capture(
      {
        framework: 'sklearn',
        path: at('models/m.joblib'),
        requirements,
        ...(captured === undefined ? {} : { captured }),
      },
      { project: temporary.folder, isFolder: false },
    );
  const shown = (made: Awaited<ReturnType<typeof capture>>): string[] =>
    made.captured.map(({ package: name, versions, from }) => `${name} ${versions} (${from})`);

  it('is what it says itself, and unknown where nothing says it', async () => {
    write({ 'models/m.joblib': '' });
    const made = await sklearn(['scikit-learn==1.5.2', 'pandas']);
    assert.deepEqual(made.captured, [
      { package: 'scikit-learn', kind: 'exact', versions: '1.5.2', from: '_sklearn_version in m.joblib' },
      { package: 'pandas', kind: 'unknown', versions: 'unknown', from: 'names in m.joblib' },
      { package: 'python', kind: 'unknown', versions: 'unknown', from: 'm.joblib' },
    ]);
    assert.equal(madeWith(made.captured), 'scikit-learn 1.5.2, pandas unknown');
    assert.deepEqual(made.requirements, ['scikit-learn==1.5.2', 'pandas']);
    const spacy = await capture(
      { framework: 'spacy', path: at('models'), requirements: ['spacy>=3.8,<3.9'] },
      { project: temporary.folder, isFolder: true },
    );
    assert.equal(shown(spacy)[0], 'spacy >=3.8,<3.9 (meta.json)');
  });

  it('needs what another package brings along of the system, in an environment of its own', async () => {
    write({ 'models/m.txt': '' });
    const lightgbm = { framework: 'lightgbm', path: at('models/m.txt') } as const;
    const place = { project: temporary.folder, isFolder: false };
    const made = await capture({ ...lightgbm, requirements: ['lightgbm>=4'] }, place);
    assert.deepEqual([made.needs, made.requirements], [['lightgbm>=4'], ['lightgbm>=4', 'scikit-learn']]);
    const both = await capture({ ...lightgbm, requirements: ['scikit-learn==1.5.2', 'lightgbm'] }, place);
    assert.deepEqual(both.requirements, ['scikit-learn==1.5.2', 'lightgbm']);
  });

  it('is completed by the nearest files up to the project, which add no package that it does not need', async () => {
    write({
      'models/m.joblib': '',
      'models/requirements.txt': '# pinned\npandas==2.2.2\nblack==24.1\n--index-url https://u:p@h\n',
      'requirements.txt': 'pandas==1.0\nnumpy==1.26.4 ; python_version < "4"\nscikit-learn==1.0\njupyter\n',
      'pyproject.toml': '[project]\nname = "x"\nrequires-python = ">=3.11, <3.13"\ndependencies = ["scipy~=1.11"]\n',
    });
    const made = await sklearn(['scikit-learn==1.5.2', 'pandas']);
    assert.deepEqual(shown(made), [
      'scikit-learn 1.5.2 (_sklearn_version in m.joblib)',
      'pandas 2.2.2 (models/requirements.txt)',
      'numpy 1.26.4 (requirements.txt)',
      'scipy ~=1.11 (pyproject.toml)',
      'python >=3.11,<3.13 (pyproject.toml)',
    ]);
    assert.deepEqual(made.requirements, ['scikit-learn==1.5.2', 'pandas==2.2.2', 'numpy==1.26.4', 'scipy~=1.11']);
    assert.deepEqual(made.needs, ['scikit-learn==1.5.2', 'pandas'], 'what an interpreter must have stays as it was');
  });

  it('takes an address only where a handler of the user asks for it, not from a file that came with weights', async () => {
    write({ 'p/requirements.txt': 'thing @ https://me:s3cret@h.example/thing.whl\nother==1\n' });
    const asks = async (framework: 'spacy' | 'custom'): Promise<Awaited<ReturnType<typeof capture>>> =>
      capture({ framework, path: at('p'), requirements: [] }, { project: temporary.folder, isFolder: true });
    const foreign = await asks('spacy');
    assert.deepEqual([foreign.needs, foreign.requirements], [['other==1'], ['other==1']]);
    const own = await asks('custom');
    assert.deepEqual(own.needs, ['thing @ https://me:s3cret@h.example/thing.whl', 'other==1']);
    assert.ok(!JSON.stringify(own.captured).includes('s3cret'), 'what is shown and kept has no address');
  });

  it('needs all that a file in its own folder names, for every framework', async () => {
    write({
      'p/requirements.txt': 'thing[extra]==1 ; sys_platform == "linux"\nthing==2 ; sys_platform != "linux"\n',
      'p/pyproject.toml': '[project]\ndependencies = ["spacy-lookups-data"]\n',
    });
    const made = await capture(
      { framework: 'spacy', path: at('p'), requirements: ['spacy>=3.8,<3.9'] },
      { project: temporary.folder, isFolder: true },
    );
    assert.deepEqual(made.needs, [
      'spacy>=3.8,<3.9',
      'thing[extra]==1 ; sys_platform == "linux"',
      'spacy-lookups-data',
    ]);
  });

  it('is installed in the version that a file in its own folder names instead, and only there', async () => {
    const folder = { framework: 'transformers' as const, path: at('p'), requirements: ['transformers>=4.8.2'] };
    const options = { project: temporary.folder, isFolder: true };
    write({ 'p/requirements.txt': 'transformers>=4.40\n' });
    const own = await capture(folder, options);
    assert.deepEqual(own.requirements, ['transformers>=4.40']);
    assert.equal(shown(own)[0], 'transformers >=4.40 (p/requirements.txt)');
    write({ 'p/requirements.txt': 'transformers>=4\n', 'requirements.txt': 'transformers>=4.40\n' });
    assert.deepEqual((await capture(folder, options)).requirements, ['transformers==4.8.2']);
  });

  it('reads Poetry and conda as they write it', async () => {
    write({
      'models/m.joblib': '',
      'pyproject.toml': [
        '[tool.poetry.dependencies]',
        'python = "^3.11"',
        'pandas = { version = "^2.1", extras = ["x"] }',
        'numpy = { version = "1.0", optional = true }',
      ].join('\n'),
      'environment.yml': [
        'name: training',
        'channels: [conda-forge]',
        'dependencies:',
        '  - python=3.10',
        '  - conda-forge::numpy=1.26.4=py310h',
        '  - scipy >=1.10,<2',
        '  - pip:',
        '      - joblib==1.4.2',
        '      - -r other.txt',
      ].join('\n'),
    });
    const made = await sklearn(['scikit-learn', 'pandas']);
    assert.equal(made.condaName, 'training');
    assert.deepEqual(shown(made), [
      'scikit-learn unknown (names in m.joblib)',
      'pandas >=2.1,<3 (pyproject.toml)',
      'numpy 1.26.4 (environment.yml)',
      'scipy >=1.10,<2 (environment.yml)',
      'joblib 1.4.2 (environment.yml)',
      'python >=3.11,<4 (pyproject.toml)',
    ]);
    for (const [text, versions] of [
      ['^1.2.3', '>=1.2.3,<2'],
      ['^0.2.3', '>=0.2.3,<0.3'],
      ['^0.0.3', '>=0.0.3,<0.0.4'],
      ['~1.2.3', '>=1.2.3,<1.3'],
      ['~1', '>=1,<2'],
      ['1.2.3', '==1.2.3'],
      ['1.*', '==1.*'],
      ['>=1, <2', '>=1,<2'],
      ['*', ''],
      ['^1 || ^2', ''],
    ] as const) {
      assert.equal(poetryVersions(text), versions, text);
    }
    assert.deepEqual(condaSpec('numpy=1.26'), { name: 'numpy', versions: '==1.26.*' });
    assert.deepEqual(condaSpec('numpy==1.26.4'), { name: 'numpy', versions: '==1.26.4' });
    assert.deepEqual(condaSpec('numpy 1.26|1.27'), { name: 'numpy', versions: '' });
  });

  it('tells the major version of NumPy by the names in a pickle, which a pin may make exact', async () => {
    write({ 'models/m.joblib': '', 'requirements.txt': 'numpy==2.1.0\n' });
    const two = numpyOf(['numpy._core.multiarray._reconstruct'], 'm.joblib').captured!;
    assert.deepEqual(shown(await sklearn(['scikit-learn'], two))[1], 'numpy 2.1.0 (requirements.txt)');
    const one = numpyOf(['numpy.core.multiarray.scalar', 'numpy.dtype'], 'm.joblib').captured!;
    const made = await sklearn(['scikit-learn'], one);
    assert.deepEqual(shown(made)[1], 'numpy <2 (names in m.joblib)', 'what contradicts the model does not count');
    assert.deepEqual(made.requirements, ['scikit-learn']);
    assert.deepEqual(numpyOf(['numpy.dtype'], 'x'), {});
  });

  it('is the version that a model names where newer ones are accepted too', async () => {
    write({ 'hf/config.json': '{}' });
    const made = await capture(
      { framework: 'transformers', path: at('hf'), requirements: ['transformers>=4.50.1', 'torch'] },
      { project: temporary.folder, isFolder: true },
    );
    assert.deepEqual(shown(made).slice(0, 2), ['transformers 4.50.1 (config.json)', 'torch unknown (config.json)']);
    assert.deepEqual(made.needs, ['transformers>=4.50.1', 'torch'], 'a newer one will do');
    assert.deepEqual(made.requirements, ['transformers==4.50.1', 'torch'], 'what is made for it has that one');
    const exported = await capture(
      {
        framework: 'torch',
        path: at('hf/net.pt2'),
        requirements: ['torch'],
        captured: [capturedOf('torch', '==2.9.1', 'torch_version in net.pt2')],
      },
      { project: temporary.folder, isFolder: false },
    );
    assert.deepEqual(shown(exported).slice(0, 1), ['torch 2.9.1 (torch_version in net.pt2)']);
    assert.deepEqual(exported.needs, ['torch']);
    assert.deepEqual(exported.requirements, ['torch==2.9.1']);
  });

  it('says which files are damaged, and goes on', async () => {
    write({
      'models/m.joblib': '',
      'pyproject.toml': '[project\n',
      'environment.yml': 'a: [\n',
      'requirements.txt': 'pandas==2.2.2\n',
    });
    const made = await sklearn(['scikit-learn', 'pandas']);
    assert.deepEqual(
      made.unreadable.map((one) => one.split(':')[0]),
      ['pyproject.toml', 'environment.yml'],
    );
    assert.match(shown(made)[1]!, /pandas 2\.2\.2/);
  });

  it('looks no further than the project, and not above a model outside of it', async () => {
    write({ 'requirements.txt': 'pandas==2.2.2\n', 'project/models/m.joblib': '', 'elsewhere/m.joblib': '' });
    for (const model of ['project/models/m.joblib', 'elsewhere/m.joblib']) {
      const made = await capture(
        { framework: 'sklearn', path: at(model), requirements: ['pandas'] },
        { project: at('project'), isFolder: false },
      );
      assert.match(shown(made)[0]!, /pandas unknown/);
    }
  });
});
