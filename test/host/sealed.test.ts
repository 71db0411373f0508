import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { post, PYTHON, TestProject, type Reply } from './support.ts';

/** What somebody else puts into the project: it leaves a file behind when it runs. */
const evil = (proof: string): string => `open(${JSON.stringify(proof)}, "w").close()\n`;

describe('a snapshot that somebody else wrote to', function () {
  this.timeout(60_000);
  let project: TestProject;
  let url: string;
  let copy: string;
  let proof: string;

  const predict = (): Promise<Reply> => post(`${url}/predict`, { text: 'a' });
  const cold = async (): Promise<Reply> => {
    await project.host.api.cold(project.key('model'));
    return predict();
  };
  const ran = (): boolean => readdirSync(project.home).includes(path.basename(proof));

  beforeEach(async () => {
    project = new TestProject();
    await project.connect();
    const handler = 'import helper\nload = lambda path: None\npredict = lambda model, input: helper.answer(input)\n';
    project.write('model', handler, { 'helper.py': 'def answer(input):\n    return input * 2\n'.padEnd(500, '#') });
    const operation = await project.execute(project.plan('model'));
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error));
    url = `${project.host.hello.url}/model/local`;
    const snapshots = path.join(project.folder, '.nimbus/snapshots');
    const [hash] = readdirSync(snapshots);
    copy = path.join(snapshots, hash!, 'model');
    proof = path.join(project.home, 'ran');
  });
  afterEach(() => project.end());

  for (const [what, change] of [
    ['in a file', () => writeFileSync(path.join(copy, 'helper.py'), evil(proof))],
    [
      'in a file, with its old size and time',
      () => {
        const file = path.join(copy, 'helper.py');
        const { length } = readFileSync(file);
        writeFileSync(file, evil(proof).padEnd(length, '#'));
        utimesSync(file, 0, 0);
      },
    ],
    [
      'by a package that goes before its module',
      () => {
        mkdirSync(path.join(copy, 'helper'));
        writeFileSync(path.join(copy, 'helper/__init__.py'), evil(proof));
      },
    ],
    [
      'by a link',
      () => {
        writeFileSync(path.join(project.home, 'elsewhere.py'), evil(proof));
        rmSync(path.join(copy, 'helper.py'));
        symlinkSync(path.join(project.home, 'elsewhere.py'), path.join(copy, 'helper.py'));
      },
    ],
    [
      'by what Python would take for its own cache',
      () => {
        const source = path.join(project.home, 'source.py');
        const tag = execFileSync(PYTHON, ['-c', 'import sys; print(sys.implementation.cache_tag)'], {
          encoding: 'utf8',
        });
        const cached = path.join(copy, `__pycache__/helper.${tag.trim()}.pyc`);
        writeFileSync(source, evil(proof));
        mkdirSync(path.dirname(cached), { recursive: true });
        const compile = `import py_compile, sys
py_compile.compile(sys.argv[1], sys.argv[2], invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)`;
        execFileSync(PYTHON, ['-c', compile, source, cached]);
      },
    ],
    ['by moving it away', () => renameSync(copy, path.join(project.home, 'moved'))],
  ] as const) {
    it(`${what} is made again from the model, and nothing of theirs runs`, async () => {
      change();
      const reply = await cold();
      assert.deepEqual([reply.status, reply.body.result, reply.body.timings?.start], [200, 'aa', 'cold']);
      assert.equal(ran(), false);
    });
  }

  it('is not loaded where the model itself is gone: says so, and what to do', async () => {
    rmSync(path.join(project.folder, 'models'), { recursive: true });
    writeFileSync(path.join(copy, 'helper.py'), evil(proof));
    const reply = await cold();
    assert.equal(reply.status, 502);
    assert.match(reply.body.detail, /copy of the model .* changed or removed by another program/);
    assert.equal(reply.body.next, 'Redeploy the model.');
    assert.equal(ran(), false);
  });

  it('is known again by the next host', async () => {
    const file = path.join(copy, 'helper.py');
    await project.host.api.shutdown();
    await project.host.closed;
    writeFileSync(file, evil(proof));
    await project.connect();
    const reply = await predict();
    assert.deepEqual([reply.status, reply.body.result], [200, 'aa']);
    assert.equal(ran(), false);
  });

  it('but with the same contents, as from a backup, serves on', async () => {
    const file = path.join(copy, 'helper.py');
    const contents = readFileSync(file);
    rmSync(file);
    writeFileSync(file, contents);
    rmSync(path.join(project.folder, 'models'), { recursive: true });
    assert.equal((await cold()).status, 200);
  });
});
