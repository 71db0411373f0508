/** A folder that is no model by itself, and holds some. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { detect } from '../../../src/core/detect/detect.ts';
import type { UserError } from '../../../src/shared/outcome.ts';
import { temporaryFolder } from '../models/temporary.ts';

describe('a folder of models', () => {
  const temporary = temporaryFolder();
  const at = (...parts: string[]): string => path.join(temporary.folder, ...parts);

  function write(name: string, content = ''): void {
    mkdirSync(path.dirname(at(name)), { recursive: true });
    writeFileSync(at(name), content);
  }

  function writePipeline(folder: string): void {
    write(`${folder}/meta.json`, JSON.stringify({ lang: 'en', name: 'tiny', version: '1.0' }));
    write(`${folder}/config.cfg`, '[nlp]\nlang = "en"\n');
  }

  async function found(target: string): Promise<{ path: string }> {
    const result = await detect(target);
    assert.ok(result.ok, JSON.stringify(result));
    return result.value;
  }

  async function refused(target: string): Promise<UserError> {
    const result = await detect(target);
    assert.ok(!result.ok, JSON.stringify(result));
    return result.error;
  }

  it('names the models that a folder holds, before anything else', async () => {
    write('project/models/net.pt', '1');
    write('project/models/m.joblib', '1');
    write('project/models/entities/config.cfg', '1');
    write('project/.venv/lib/other.joblib', '1');
    const error = await refused(at('project'));
    assert.equal(
      error.why,
      'Down to two folders deep it may hold 3: models/m.joblib, models/net.pt, models/entities/.',
    );
    assert.ok(error.next!.includes(at('project/models/m.joblib')));
  });

  it('asks which model of several frameworks in one folder is meant', async () => {
    writePipeline('mixed/entities');
    assert.equal((await found(at('mixed'))).path, at('mixed/entities'));
    write('mixed/m.joblib', '1');
    const error = await refused(at('mixed'));
    assert.equal(error.code, 'model-ambiguous');
    assert.equal(error.what, 'mixed holds 2 models.');
    assert.match(error.why!, /they are entities, m\.joblib\./);
    for (const name of ['a', 'b', 'c']) write(`mixed/more/${name}.joblib`, '1');
    write('mixed/more/deeper/still/d.joblib', '1');
    const more = await refused(at('mixed'));
    assert.equal(more.what, 'mixed holds 5 models.');
    assert.equal(
      more.why,
      'Down to two folders deep they are entities, m.joblib, more/a.joblib, more/b.joblib, more/c.joblib.',
    );
    writePipeline('trained/model-best');
    writePipeline('trained/model-last');
    assert.equal((await found(at('trained'))).path, at('trained/model-best'));
  });
});
