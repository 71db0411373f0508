import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { importsIn } from '../../src/core/host/modules.ts';
import { post, TestProject, type Reply } from './support.ts';

describe('imports in Python source', () => {
  it('are found wherever they stand', () => {
    const source = `
import one
import two.inner as inner, three
from four import name
from five.inner import (
    name,
)
from . import sibling
def late():
    if True: import six
    try: from seven import name
    except ImportError: pass
import eight, \\
    nine
import importlib; module = importlib.import_module("ten.inner")
x = __import__('eleven')
# text about the import of goods
`;
    const expected = 'one two three four five six seven eight nine importlib ten eleven of'
      .split(' ')
      .filter((name) => name !== 'of');
    assert.deepEqual(importsIn(source).toSorted(), expected.toSorted());
  });
});

describe("a model that imports its project's modules", function () {
  this.timeout(60_000);
  let project: TestProject;
  let url: string;

  const write = (name: string, text: string): void => {
    const file = path.join(project.folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  const predict = (): Promise<Reply> => post(`${url}/predict`, { text: 'a' });
  const answer = async (): Promise<any> => {
    const reply = await predict();
    assert.equal(reply.status, 200, JSON.stringify(reply.body));
    return reply.body.result;
  };
  const untilAnswer = async (wanted: string): Promise<void> => {
    while ((await answer()) !== wanted);
  };

  const PACKAGE = `import os\nwith open(os.path.join(os.path.dirname(__file__), "words.txt")) as file:\n    WORD = file.read()\n`;

  beforeEach(async () => {
    project = new TestProject();
    await project.connect();
    write('helper.py', 'import shop.words\ndef answer(input):\n    return "one " + shop.words.WORD\n');
    write('shop/__init__.py', '');
    write('shop/words.py', PACKAGE);
    write('shop/words.txt', 'word');
    write('unused.py', '');
    const handler = 'import helper\nload = lambda path: None\npredict = lambda model, input: helper.answer(input)\n';
    url = await project.deploy('model', handler, { examples: [{ input: 'example' }] });
  });
  afterEach(() => project.end());

  it('has a copy of those, with what they import and read, and of no others', async () => {
    assert.equal(await answer(), 'one word');
    const snapshots = path.join(project.folder, '.nimbus/snapshots');
    const modules = readdirSync(snapshots)
      .map((hash) => path.join(snapshots, hash, 'modules'))
      .find((folder) => readdirSync(path.dirname(folder)).includes('modules'));
    const files = readdirSync(modules!, { recursive: true }).filter((name) => !String(name).includes('__pycache__'));
    assert.deepEqual(files.toSorted(), ['helper.py', 'shop', 'shop/__init__.py', 'shop/words.py', 'shop/words.txt']);
  });

  it('is another version when one of them changes, and no request fails meanwhile', async () => {
    const before = (await predict()).body.version;
    write('shop/words.txt', 'other');
    await untilAnswer('one other');
    assert.notEqual((await predict()).body.version, before);
    write('helper.py', 'import late\ndef answer(input):\n    return late.ANSWER\n');
    write('late.py', 'ANSWER = "late"\n');
    await untilAnswer('late');
    // What came in by that change is followed too.
    write('late.py', 'ANSWER = "later"\n');
    await untilAnswer('later');
  });

  it('serves on as it was where a changed one cannot be loaded, also from cold', async () => {
    await answer();
    project.statuses.length = 0;
    write('helper.py', 'raise ValueError("half-written")\n');
    const refused = await project.untilState('model', 'refused');
    assert.match(refused.error?.why ?? '', /half-written/);
    await project.host.api.cold(project.key('model'));
    const reply = await predict();
    assert.deepEqual([reply.body.result, reply.body.timings.start], ['one word', 'cold']);
  });

  it('never runs what somebody wrote into their copy', async () => {
    const proof = path.join(project.home, 'ran');
    const snapshots = path.join(project.folder, '.nimbus/snapshots');
    for (const hash of readdirSync(snapshots)) {
      const file = path.join(snapshots, hash, 'modules/helper.py');
      if (readdirSync(path.join(snapshots, hash)).includes('modules')) {
        assert.ok(readFileSync(file, 'utf8'));
        writeFileSync(file, `open(${JSON.stringify(proof)}, "w").close()\n`);
      }
    }
    assert.equal(await answer(), 'one word');
    assert.ok(!readdirSync(project.home).includes('ran'));
  });

  it('says what to do about one that nothing imports by its name', async () => {
    write('hidden.py', '');
    const handler =
      'import importlib\nimportlib.import_module("hid" + "den")\nload = lambda path: None\npredict = lambda model, input: 1\n';
    project.write('dynamic', handler);
    const operation = await project.execute(project.plan('dynamic'));
    assert.equal(operation.state, 'failed');
    assert.match(operation.error?.next ?? '', /write "import hidden"/);
  });

  /** Imports a module of the project late, in `load` or in `predict`: once a file is there. */
  const late = (gate: string, where: 'load' | 'predict'): string => `
import os, time

def answer():
    open(${JSON.stringify(`${gate}.here`)}, "w").close()
    while not os.path.exists(${JSON.stringify(gate)}):
        time.sleep(0.005)
    import words
    return words.WORD

load = lambda path: ${where === 'load' ? 'answer()' : 'None'}
predict = lambda model, input: ${where === 'load' ? 'model' : 'answer()'}
`;

  it('has its copy of those as long as its deploy runs, though others are deployed meanwhile', async () => {
    const gate = path.join(project.home, 'gate');
    write('words.py', 'WORD = "first"\n');
    project.write('slow', late(gate, 'load'));
    const slow = project.execute(project.plan('slow'));
    await project.until(() => existsSync(`${gate}.here`));
    // What is not needed any more is removed after each.
    await project.deploy('other', 'load = lambda path: None\npredict = lambda model, input: 1\n');
    writeFileSync(gate, '');
    const operation = await slow;
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error));
  });

  it('has its copy of those as long as a worker of its version runs', async () => {
    const gate = path.join(project.home, 'gate');
    write('words.py', 'WORD = "first"\n');
    const slow = await project.deploy('slow', late(gate, 'predict'));
    const waiting = post(`${slow}/predict`, { input: 1 });
    await project.until(() => existsSync(`${gate}.here`));
    for (const word of ['second', 'third']) {
      write('words.py', `WORD = "${word}"\n`);
      const again = await project.execute({ ...project.plan('slow'), kind: 'redeploy' });
      assert.equal(again.state, 'succeeded', JSON.stringify(again.error));
    }
    writeFileSync(gate, '');
    const { status, body } = await waiting;
    assert.deepEqual([status, body.result], [200, 'first'], JSON.stringify(body));
  });

  it('is refused where a module is a link that leads out of the project', async () => {
    const outside = path.join(project.home, 'outside');
    mkdirSync(outside);
    writeFileSync(path.join(outside, 'a.py'), '');
    symlinkSync(outside, path.join(project.folder, 'cfg'));
    project.write('linked', 'import cfg.a\nload = lambda path: None\npredict = lambda model, input: 1\n');
    const operation = await project.execute(project.plan('linked'));
    assert.equal(operation.error?.code, 'model-link', JSON.stringify(operation.error));
  });

  it('is refused where a package is a data set', async () => {
    for (let index = 0; index < 5100; index++) write(`data/${index}.txt`, '');
    write('data/__init__.py', '');
    project.write('heavy', 'import data\nload = lambda path: None\npredict = lambda model, input: 1\n');
    const operation = await project.execute(project.plan('heavy'));
    assert.equal(operation.error?.code, 'modules-too-large', JSON.stringify(operation.error));
    rmSync(path.join(project.folder, 'data'), { recursive: true });
  });
});
