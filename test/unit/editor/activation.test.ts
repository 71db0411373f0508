import assert from 'node:assert/strict';
import path from 'node:path';
import esbuild from 'esbuild';

const root = path.join(import.meta.dirname, '../../..');

describe('what activation loads', () => {
  it('is one small file: nothing of core, nothing that other files share with it', async () => {
    const { metafile } = await esbuild.build({
      absWorkingDir: root,
      entryPoints: ['src/extension.ts'],
      outdir: 'dist',
      bundle: true,
      splitting: true,
      minify: true,
      write: false,
      metafile: true,
      platform: 'node',
      format: 'esm',
      // As in the build: optional parts of Docker's client.
      external: ['vscode', 'cpu-features', '*.node'],
    });
    const { inputs, imports } = metafile.outputs['dist/extension.js']!;
    const sources = Object.keys(inputs);
    assert.ok(sources.includes('src/extension.ts'));
    assert.deepEqual(
      sources.filter((file) => !/^src\/(extension\.ts|editor\/)/.test(file)),
      [],
    );
    // esbuild's own helpers are in a chunk that every file loads.
    const files = imports.filter(({ kind, external }) => kind === 'import-statement' && !external);
    const shared = files.flatMap((file) => Object.keys(metafile.outputs[file.path]!.inputs));
    assert.deepEqual(shared, []);
  });
});
