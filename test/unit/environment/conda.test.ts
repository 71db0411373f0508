import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';
import { candidates } from '../../../src/core/environment/candidates.ts';
import { condaEnvironments, condaOnly, condaRefusal } from '../../../src/core/environment/conda.ts';
import { temporaryFolder } from '../models/temporary.ts';

/** As conda 24 writes it into `conda-meta`, but for the fields that say how a package is linked. */
function meta(name: string, version: string, files: string[], requestedSpec = 'None'): string {
  return JSON.stringify({
    arch: 'x86_64',
    build: 'h0_0',
    build_number: 0,
    channel: 'https://conda.anaconda.org/conda-forge/linux-64',
    constrains: [],
    depends: ['libgcc >=13'],
    extracted_package_dir: `/home/u/miniconda3/pkgs/${name}-${version}-h0_0`,
    features: '',
    files,
    fn: `${name}-${version}-h0_0.conda`,
    license: 'MIT',
    link: { source: `/home/u/miniconda3/pkgs/${name}-${version}-h0_0`, type: 1 },
    md5: 'd41d8cd98f00b204e9800998ecf8427e',
    name,
    package_tarball_full_path: `/home/u/miniconda3/pkgs/${name}-${version}-h0_0.conda`,
    paths_data: { paths: files.map((file) => ({ _path: file, path_type: 'hardlink' })), paths_version: 1 },
    platform: 'linux',
    requested_spec: requestedSpec,
    sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    size: 1,
    subdir: 'linux-64',
    timestamp: 1700000000000,
    track_features: '',
    url: `https://conda.anaconda.org/conda-forge/linux-64/${name}-${version}-h0_0.conda`,
    version,
  });
}

describe('conda', () => {
  const temporary = temporaryFolder();
  const at = (...parts: string[]): string => path.join(temporary.folder, ...parts);

  function environment(folder: string, files: Record<string, string> = {}): string {
    mkdirSync(at(folder, 'conda-meta'), { recursive: true });
    mkdirSync(at(folder, 'bin'), { recursive: true });
    writeFileSync(at(folder, 'bin/python'), '#!/bin/sh\n');
    chmodSync(at(folder, 'bin/python'), 0o755);
    for (const [name, text] of Object.entries(files)) writeFileSync(at(folder, 'conda-meta', name), text);
    return at(folder);
  }

  const SITE = 'lib/python3.11/site-packages';

  it('is found where conda, mamba and micromamba keep their environments, and where they list them', async () => {
    const found = [
      environment('mamba/envs/m'),
      environment('home/miniconda3/envs/a'),
      environment('home/miniconda3/envs/b'),
      environment('home/micromamba/envs/c'),
      environment('more/d'),
      environment('data/e'),
      environment('home/miniconda3'),
    ];
    mkdirSync(at('home/miniconda3/envs/not-one'));
    mkdirSync(at('home/.conda'));
    writeFileSync(
      at('home/.conda/environments.txt'),
      `${at('data/e')}\n${at('home/miniconda3/envs/a')}\n${at('gone')}\n`,
    );
    const environments = await condaEnvironments({
      HOME: at('home'),
      MAMBA_ROOT_PREFIX: at('mamba'),
      CONDA_ENVS_PATH: at('more'),
    });
    assert.deepEqual(environments.toSorted(), found.toSorted());
    assert.deepEqual(await condaEnvironments({}), []);
  });

  it('is asked in order: the active one, the one that environment.yml names, those left after the PATH', async () => {
    environment('home/miniconda3/envs/a');
    environment('home/miniconda3/envs/training');
    environment('active');
    mkdirSync(at('sys'));
    writeFileSync(at('sys/python3'), '#!/bin/sh\n');
    chmodSync(at('sys/python3'), 0o755);
    const found = await candidates({
      project: at('project'),
      condaName: 'training',
      env: { HOME: at('home'), CONDA_PREFIX: at('active'), PATH: at('sys') },
      platform: 'linux',
    });
    assert.deepEqual(found, [
      { python: at('active/bin/python'), source: 'conda' },
      { python: at('home/miniconda3/envs/training/bin/python'), source: 'conda' },
      { python: at('sys/python3'), source: 'path' },
      { python: at('home/miniconda3/envs/a/bin/python'), source: 'conda' },
    ]);
  });

  it('names what no image can have: asked for, and no Python distribution', async () => {
    const prefix = environment('home/miniconda3/envs/a', {
      'numpy-1.26.4-h0_0.json': meta('numpy', '1.26.4', [`${SITE}/numpy-1.26.4.dist-info/METADATA`], 'numpy'),
      'old-1.0-h0_0.json': meta('old', '1.0', [`${SITE}/old-1.0-py3.11.egg-info/PKG-INFO`], 'old'),
      'graphviz-9.0.0-h0_0.json': meta('graphviz', '9.0.0', ['bin/dot'], 'graphviz'),
      'cudatoolkit-11.8.0-h0_0.json': meta('cudatoolkit', '11.8.0', ['lib/libcudart.so']),
      'libgcc-13.2.0-h0_0.json': meta('libgcc', '13.2.0', ['lib/libgcc_s.so.1']),
      'python-3.11.9-h0_0.json': meta('python', '3.11.9', ['bin/python3.11'], 'python=3.11'),
      'damaged-1-h0_0.json': '{',
      history:
        "==> 2024-05-01 10:00:00 <==\n# cmd: conda install cudatoolkit\n# conda version: 24.1.2\n+conda-forge/linux-64::cudatoolkit-11.8.0-h0_0\n# update specs: ['cudatoolkit=11.8', 'graphviz']\n",
    });
    const report = await condaOnly(prefix);
    assert.deepEqual(report.refused, [
      { name: 'cudatoolkit', version: '11.8.0', channel: 'conda-forge' },
      { name: 'graphviz', version: '9.0.0', channel: 'conda-forge' },
    ]);
    assert.deepEqual(report.libraries, [{ name: 'libgcc', version: '13.2.0', channel: 'conda-forge' }]);
    assert.deepEqual(condaRefusal(report), {
      what: '2 packages of the conda environment a cannot be in an image: cudatoolkit 11.8.0 (conda-forge), graphviz 9.0.0 (conda-forge).',
      why: 'An image is built of wheels of a package index, and they are in conda only.',
      next: 'Where the model needs them, take a package of the index that carries the same; else remove them from the environment.',
    });
    assert.equal(condaRefusal({ ...report, refused: [] }), undefined);
  });
});
