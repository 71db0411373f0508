import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { deployArguments, ECHO, writeModel } from './models.ts';
import { createSandbox, type Ended, type Sandbox } from './nimbus.ts';

describe('nimbus batch, where something is in its way', function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  before(async () => {
    sandbox = createSandbox();
    const model = path.join(sandbox.folder, 'echo');
    mkdirSync(model);
    writeFileSync(path.join(model, 'handler.py'), 'def load(path): pass\ndef predict(model, input): return input\n');
    await sandbox.json(['deploy', 'echo', '--trust', '--yes']);
    write('in.txt', 'one\ntwo\n');
  });
  after(() => sandbox.remove());

  const write = (name: string, text: string): void => writeFileSync(path.join(sandbox.folder, name), text);
  const read = (name: string): string => readFileSync(path.join(sandbox.folder, name), 'utf8');
  const problem = ({ code, stdout, stderr }: Ended): { type: string; next: string } => {
    assert.equal(code, 1, stderr);
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as { type: string; next: string };
  };

  it('says that it cannot write there', async () => {
    const ended = await sandbox.nimbus(['batch', 'echo', 'in.txt', '--out', 'none/out.jsonl', '--json']);
    assert.equal(problem(ended).type, 'urn:nimbus:problem:file-not-writable');
    assert.match(ended.stdout, /none\/out\.jsonl cannot be written.*no such folder/);
    assert.doesNotMatch(ended.stdout, /partial/, 'what nobody has named');
  });

  it('says that a file is of a kind that it does not read, and that one is empty', async () => {
    write('x.parquet', 'PAR1');
    writeFileSync(path.join(sandbox.folder, 'x.txt'), Buffer.from([1, 0, 2]));
    for (const file of ['x.parquet', 'x.txt']) {
      const ended = await sandbox.nimbus(['batch', 'echo', file, '--json']);
      assert.equal(problem(ended).type, 'urn:nimbus:problem:file-not-supported');
      assert.match(ended.stdout, /\.jsonl .*\.csv/);
    }
    write('empty.txt', '');
    const empty = await sandbox.nimbus(['batch', 'echo', 'empty.txt']);
    assert.deepEqual([empty.code, empty.stdout], [0, '']);
    assert.match(empty.stderr, /empty\.txt is empty/);
  });

  it('logs of a request that there was none of say so', async () => {
    const { code, stdout, stderr } = await sandbox.nimbus(['logs', 'echo', '--request', 'nope']);
    assert.deepEqual([code, stdout], [0, '']);
    assert.match(stderr, /no log lines of a request nope/);
  });

  it('says what it makes of a file that is not there, and of a JSON document', async () => {
    const gone = await sandbox.nimbus(['batch', 'echo', 'nosuch.csv']);
    assert.equal(gone.code, 1);
    assert.match(gone.stderr, /There is no nosuch\.csv\.\n.*Check the path/);
    assert.doesNotMatch(gone.stderr, /ENOENT/);
    write('list.json', '[{"a": 1}]');
    const document = await sandbox.nimbus(['batch', 'echo', 'list.json', '--json']);
    assert.equal(problem(document).type, 'urn:nimbus:problem:file-not-supported');
    assert.match(document.stdout, /\.jsonl/);
  });

  it('says that a folder is no file', async () => {
    const ended = await sandbox.nimbus(['batch', 'echo', '.', '--json']);
    assert.equal(problem(ended).type, 'urn:nimbus:problem:file-unreadable');
  });

  it('leaves the answers of an earlier run where the file breaks off', async () => {
    write('broken.csv', 'a,b\n1,2\n"3,4\n');
    write('out.jsonl', 'earlier\n');
    const ended = await sandbox.nimbus(['batch', 'echo', 'broken.csv', '--out', 'out.jsonl', '--json']);
    assert.equal(problem(ended).type, 'urn:nimbus:problem:file-unreadable');
    assert.equal(read('out.jsonl'), 'earlier\n');
  });

  it('leaves the answers of an earlier run where the endpoint refuses', async () => {
    write('out.jsonl', 'earlier\n');
    await sandbox.json(['stop', 'echo']);
    const ended = await sandbox.nimbus(['batch', 'echo', 'in.txt', '--out', 'out.jsonl', '--json']);
    await sandbox.json(['start', 'echo']);
    assert.equal(problem(ended).type, 'urn:nimbus:problem:batch-refused');
    assert.equal(read('out.jsonl'), 'earlier\n');
    assert.ok(!existsSync(path.join(sandbox.folder, 'out.jsonl.partial')));
  });

  it('fails only the input that no request can hold', async () => {
    write('in.jsonl', `${'1\n'.repeat(2000)}${JSON.stringify('x'.repeat(7_000_000))}\n2\n`);
    const ended = await sandbox.nimbus(['batch', 'echo', 'in.jsonl', '--out', 'out.jsonl', '--json']);
    assert.deepEqual([ended.code, ended.stderr], [0, '']);
    const lines = read('out.jsonl').trim().split('\n');
    assert.equal(lines.length, 2002);
    assert.equal((JSON.parse(lines[2000]!) as { error: { type: string } }).error.type, 'payload-too-large');
    assert.deepEqual(JSON.parse(lines[2001]!), { index: 2001, line: 2002, result: 2 });
  });

  it('says what --resume needs', async () => {
    for (const argv of [
      ['batch', 'echo', 'in.txt', '--resume'],
      ['batch', 'echo', '-', '--resume', '--out', 'out.jsonl'],
    ]) {
      const { code, stdout } = await sandbox.nimbus([...argv, '--json']);
      assert.deepEqual([code, (JSON.parse(stdout) as { type: string }).type], [2, 'urn:nimbus:problem:usage']);
    }
  });
});

/** Takes texts, and says what its parameters were. */
const SHOUT = `
schema = {"input": {"type": "string"}}

def load(path):
    return None

def predict(model, input, parameters):
    from nimbus_runtime.frameworks import InputError
    if not isinstance(input, str):
        raise InputError("input", "The input must be a string.")
    if set(parameters) - {"mark"}:
        raise InputError("parameters." + sorted(parameters)[0], "There is only mark.")
    return input.upper() + parameters.get("mark", "")
`;

/** A table with a number and a text; answers with the row as it came. */
const ROWS = `
schema = {"input": {"type": "object", "properties": {"age": {"type": "number"}, "city": {"type": "string"}}}}

def load(path):
    return None

def predict(model, input):
    return input
`;

describe('nimbus batch, on what a file holds', function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  before(async () => {
    sandbox = createSandbox();
    for (const [name, handler] of [
      ['shout', SHOUT],
      ['rows', ROWS],
      ['echo', ECHO],
    ] as const) {
      await sandbox.json(deployArguments(writeModel(sandbox, name, handler)));
    }
  });
  after(() => sandbox.remove());

  type Line = { index: number; line: number; result?: unknown; error?: { type: string; detail: string } };
  const batch = async (model: string, file: string, text: string): Promise<{ lines: Line[]; said: string }> => {
    writeFileSync(path.join(sandbox.folder, file), text);
    const ended = await sandbox.nimbus(['batch', model, file]);
    const lines = ended.stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Line);
    return { lines, said: ended.stderr };
  };
  const results = ({ lines }: { lines: Line[] }): unknown[] => lines.map(({ result, error }) => result ?? error?.type);

  describe('a line of JSON that is the body of an HTTP request', () => {
    const BODIES = [
      '{"text":"a"}',
      '"b"',
      '{"input":"c","parameters":{"mark":"!"}}',
      '{"input":"d","parameters":null}',
    ];

    it('is understood where the model takes no objects, with its own parameters', async () => {
      const done = await batch('shout', 'bodies.jsonl', `${BODIES.join('\n')}\n`);
      assert.deepEqual(results(done), ['A', 'B', 'C!', 'D']);
      assert.deepEqual(
        done.lines.map(({ index, line }) => [index, line]),
        [0, 1, 2, 3].map((index) => [index, index + 1]),
      );
      assert.match(done.said, /3 lines read as the body of an HTTP request/);
    });

    it('is the input as it is where the card says nothing of inputs, or takes objects', async () => {
      for (const model of ['echo', 'rows']) {
        const done = await batch(model, 'bodies.jsonl', `${BODIES.join('\n')}\n`);
        assert.deepEqual(
          results(done),
          BODIES.map((line) => JSON.parse(line) as unknown),
        );
        assert.doesNotMatch(done.said, /HTTP/);
      }
    });

    it('is none where it has anything else, or both, or no string for its text', async () => {
      const lines = ['{"text":"a","id":1}', '{"text":"a","input":"b"}', '{"text":1}', '{"parameters":{}}', '{}'];
      const done = await batch('shout', 'odd.jsonl', [...lines, '"ok"'].join('\n'));
      assert.deepEqual(results(done), [...lines.map(() => 'invalid-input'), 'OK']);
    });

    it('fails alone where its parameters are wrong', async () => {
      const done = await batch('shout', 'wrong.jsonl', '"a"\n{"text":"b","parameters":{"volume":9}}\n{"text":"c"}\n');
      assert.deepEqual(results(done), ['A', 'invalid-parameters', 'C']);
      assert.match(done.lines[1]!.error!.detail, /There is only mark/);
    });

    it('says nothing of it with --json beyond what is documented', async () => {
      writeFileSync(path.join(sandbox.folder, 'bodies.jsonl'), `${BODIES.join('\n')}\n`);
      const { stdout, stderr } = await sandbox.nimbus([
        'batch',
        'shout',
        'bodies.jsonl',
        '--out',
        'out.jsonl',
        '--json',
      ]);
      assert.equal(stderr, '');
      assert.deepEqual(Object.keys(JSON.parse(stdout) as object), ['inputs', 'succeeded', 'failed', 'seconds', 'out']);
    });
  });

  describe('a table', () => {
    const EXPECTED = [
      { age: 41, city: 'Oslo, east; old' },
      { age: null, city: 'Bergen' },
    ];
    for (const [name, delimiter, file] of [
      ['commas', ',', 'rows.csv'],
      ['semicolons', ';', 'rows.csv'],
      ['tabs', '\t', 'rows.csv'],
      ['tabs', '\t', 'rows.tsv'],
    ] as const) {
      it(`is read where ${name} separate its columns (${file})`, async () => {
        const table = [
          ['age', 'city'],
          ['41', '"Oslo, east; old"'],
          ['', 'Bergen'],
        ];
        const text = table.map((row) => row.join(delimiter)).join('\r\n');
        const done = await batch('rows', file, `\uFEFF${text}\r\n`);
        assert.deepEqual(results(done), EXPECTED);
        assert.match(done.said, new RegExp(`columns age, city, separated by ${name}`));
      });
    }

    it('has the delimiter that makes the columns of the model, whatever else stands in the header', async () => {
      const done = await batch('rows', 'rows.csv', 'age;"city";"a, b, c, d"\n41;Oslo;x\n');
      assert.deepEqual(results(done), [{ age: 41, city: 'Oslo', 'a, b, c, d': 'x' }]);
      const notes = await batch('rows', 'rows.csv', 'age;city;note, or none, or two\n41;Oslo;x\n');
      assert.deepEqual(results(notes), [{ age: 41, city: 'Oslo', 'note, or none, or two': 'x' }]);
    });

    it('makes an object of every row, also of one that is shorter or longer than the header', async () => {
      const done = await batch('rows', 'short.csv', 'age,city\n1\n2,b\n3,c,more\n4,\n');
      assert.deepEqual(results(done), [{ age: 1 }, { age: 2, city: 'b' }, { age: 3, city: 'c' }, { age: 4, city: '' }]);
    });

    it('that begins with a row and no names is not read, so that the row is not lost', async () => {
      writeFileSync(path.join(sandbox.folder, 'bare.csv'), '41,3.5\n42,4\n');
      const bare = await sandbox.nimbus(['batch', 'rows', 'bare.csv']);
      assert.deepEqual([bare.code, bare.stdout], [1, '']);
      assert.match(bare.stderr, /bare\.csv does not begin with the names.*\n.*41, 3\.5; .* age, city\.\n.*\.jsonl/);
      // Such names are the model's own where its card knows none.
      assert.deepEqual(results(await batch('echo', 'bare.csv', '0,1\nx,y\n')), [{ 0: 'x', 1: 'y' }]);
    });

    it('of one column is its values, whatever they hold', async () => {
      const done = await batch('shout', 'one.csv', 'text\n"a, b"\nc; d\n');
      assert.deepEqual(results(done), ['A, B', 'C; D']);
      assert.match(done.said, /column text/);
    });

    it('of several columns needs one named for a model of texts', async () => {
      writeFileSync(path.join(sandbox.folder, 'reviews.csv'), 'id,review,stars\n1,"good, old",5\n2,bad\n3\n');
      const run = (...more: string[]): Promise<Ended> => sandbox.nimbus(['batch', 'shout', 'reviews.csv', ...more]);
      const open = await run();
      assert.deepEqual([open.code, open.stdout], [1, '']);
      assert.match(open.stderr, /3 columns, and the model takes one text\.\n.*--column: id, review, stars\./);
      const wrong = await run('--column', 'reviews');
      assert.match(wrong.stderr, /no column reviews\.\n.*id, review, stars\./);
      const { stdout, stderr } = await run('--column', 'review');
      assert.deepEqual(
        stdout.split('\n').flatMap((line) => (line ? [(JSON.parse(line) as Line).result] : [])),
        ['GOOD, OLD', 'BAD', ''],
      );
      assert.match(stderr, /column review/);
      const lines = await sandbox.nimbus(['batch', 'shout', 'in.jsonl', '--column', 'review']);
      assert.deepEqual([lines.code, lines.stderr.includes('--column is of a table')], [2, true]);
    });

    it('ends with exit code 1 with --strict where any input failed', async () => {
      writeFileSync(path.join(sandbox.folder, 'some.jsonl'), '"a"\n1\n');
      const codes = ['--json', '--strict'].map(
        async (flag) => (await sandbox.nimbus(['batch', 'shout', 'some.jsonl', flag])).code,
      );
      assert.deepEqual(await Promise.all(codes), [0, 1]);
    });

    it('is read over more than one part of the file, and empty', async () => {
      const long = 'x'.repeat(200_000);
      const done = await batch('rows', 'long.csv', `\n\nage;city\n1;${long}\n2;b`);
      assert.deepEqual(
        done.lines.map(({ line, result }) => [line, (result as { city: string }).city.length]),
        [
          [4, 200_000],
          [5, 1],
        ],
      );
      assert.deepEqual(results(await batch('rows', 'empty.csv', '')), []);
    });
  });
});
