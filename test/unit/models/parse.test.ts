import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { parseModels } from '../../../src/core/models/parse.ts';
import { DEFAULTS, FRAMEWORK_TITLES, FRAMEWORKS, MODEL_NAME, TARGETS } from '../../../src/shared/spec.ts';

/** The problems of a text as `line:column-endLine:endColumn message`. */
function problems(text: string): string[] {
  const document = parseModels(text);
  assert.ok(document.kind === 'invalid' || document.kind === 'conflict', `it is ${document.kind}`);
  return document.problems.map((one) => `${one.line}:${one.column}-${one.endLine}:${one.endColumn} ${one.message}`);
}

function models(text: string): Record<string, unknown> {
  const document = parseModels(text);
  assert.equal(document.kind, 'ok', JSON.stringify(document));
  return document.kind === 'ok' ? document.spec.models : {};
}

describe('reading models.json', () => {
  it('reads a declared model with every field, and keeps fields it does not know', () => {
    const model = {
      path: 'models/sentiment.joblib',
      framework: 'sklearn',
      description: 'Reviews, two labels',
      pythonVersion: '3.12',
      memoryMb: 512,
      timeoutSeconds: 2.5,
      concurrency: 3,
      env: ['HF_TOKEN'],
      examples: [{ input: 'I loved it', expect: { label: 'positive' } }],
      owner: { team: 'reviews' },
      deployments: { local: { target: 'local', note: 1 } },
    };
    const document = parseModels(JSON.stringify({ version: 1, models: { sentiment: model }, extra: true }));
    assert.equal(
      JSON.stringify(document),
      JSON.stringify({ kind: 'ok', spec: { version: 1, models: { sentiment: model }, extra: true } }),
    );
  });

  it('tolerates comments, trailing commas, a byte order mark and Windows line ends', () => {
    const text =
      '\uFEFF{\r\n  // which\r\n  "version": 1,\r\n  "models": { /* none */ "a": {"path": "é ü.pkl", "framework": "sklearn",},},\r\n}\r\n';
    assert.deepEqual(Object.keys(models(text)), ['a']);
  });

  it('lets two models have the same path', () => {
    const one = { path: 'x.pkl', framework: 'sklearn' };
    assert.equal(Object.keys(models(JSON.stringify({ version: 1, models: { a: one, b: one } }))).length, 2);
  });

  it('looks models up by name only, also names that every object has', () => {
    const one = { path: 'x.pkl', framework: 'sklearn', deployments: { valueof: { target: 'local' } } };
    for (const text of [
      JSON.stringify({ version: 1, models: { a: one } }),
      `// c\n{"version":1,"models":{"a":${JSON.stringify(one)}}}`,
    ]) {
      const document = parseModels(text);
      assert.ok(document.kind === 'ok');
      assert.equal(document.spec.models['constructor'], undefined);
      assert.equal(document.spec.models['a']!.deployments!['constructor'], undefined);
    }
    assert.deepEqual(Object.keys(models(JSON.stringify({ version: 1, models: { constructor: one } }))), [
      'constructor',
    ]);
  });

  it('says what is missing, at the name of what lacks it', () => {
    assert.deepEqual(problems('{\n  "version": 1,\n  "models": {\n    "a": { "framework": "spacy" }\n  }\n}'), [
      '3:4-3:7 "a" has no "path": add it.',
    ]);
    assert.deepEqual(problems('{"models": {}}'), ['0:0-0:1 The file has no "version": add it.']);
  });

  it('says what a value must be, at the value', () => {
    const text = [
      '{',
      '  "version": 1,',
      '  "models": {',
      '    "Bad Name": { "path": "x", "framework": "caff" },',
      '    "b": { "path": "a\\\\b", "framework": "spacy", "memoryMb": 64, "env": ["A=1"],',
      '           "deployments": { "prod": { "target": "moon" } } }',
      '  }',
      '}',
    ].join('\r\n');
    assert.deepEqual(problems(text), [
      '3:4-3:14 "Bad Name" is not a valid name. A name starts with a letter a-z and has at most 30 letters a-z, digits and hyphens.',
      '4:19-4:25 "path" of "b" is "a\\\\b". Write the path relative to this file, with `/` between folders.',
      '4:61-4:63 "memoryMb" of "b" is 64: write 128 or more.',
      '4:73-4:78 entry 1 of "env" of "b" is "A=1". Write the variable\'s name only, never its value.',
    ]);
  });

  it('says where a field is misspelt, and leaves others that it does not know', () => {
    const model = '{ "path": "x", "framework": "spacy", "descripton": "d", "team": "t", "timeout": 3,';
    const text = `{ "version": 1, "models": { "a":\n${model}\n"deployments": { "local": { "target": "local", "traget": 1 } } } } }`;
    const document = parseModels(text);
    assert.ok(document.kind === 'ok');
    assert.deepEqual(
      document.misspelt!.map(({ line, column, message }) => `${line}:${column} ${message}`),
      [
        '1:37 "descripton" of "a" is a field that Nimbus does not know, and has no effect. Did you mean "description"?',
        '1:69 "timeout" of "a" is a field that Nimbus does not know, and has no effect. Did you mean "timeoutSeconds"?',
      ],
    );
    const plain = parseModels(text.replaceAll(/"descripton": "d",|"timeout": 3,/g, ''));
    assert.ok(plain.kind === 'ok' && plain.misspelt === undefined);
  });

  it('shows how an example is written', () => {
    const found = problems('{"version":1,"models":{"a":{"path":"x","framework":"spacy","examples":["lovely hotel"]}}}');
    assert.match(found.join(), /entry 1 of "examples" of "a" must be .*: write \{"input": "lovely hotel"\}\./);
  });

  it('takes a framework and a target that it does not know for those of a newer version, at their place', () => {
    const text = [
      '{',
      '  "version": 1,',
      '  "models": {',
      '    "a": { "path": "x", "framework": "caff", "deployments": { "local": { "target": "local" } } },',
      '    "b": { "path": "x", "framework": "spacy",',
      '           "deployments": { "prod": { "target": "kubernetes", "account": "1" }, "local": { "target": "local" } } }',
      '  }',
      '}',
    ].join('\n');
    const document = parseModels(text);
    assert.ok(document.kind === 'ok');
    assert.deepEqual(Object.keys(document.spec.models), ['b']);
    assert.deepEqual(Object.keys(document.spec.models['b']!.deployments!), ['local']);
    assert.deepEqual(
      document.later!.map((one) => [
        one.model,
        one.deployment,
        one.value,
        `${one.line}:${one.column}-${one.endColumn}`,
      ]),
      [
        ['a', undefined, 'caff', '3:37-43'],
        ['b', 'prod', 'kubernetes', '5:48-60'],
      ],
    );
    assert.match(document.later![0]!.message, /^"framework" of "a" is "caff", .* it knows "spacy", .*, "custom"\./);
    // A value of another type is wrong in any version.
    assert.match(problems('{"version":1,"models":{"a":{"path":"x","framework":3}}}').join(), /must be a text/);
    assert.match(
      problems('{"version":1,"models":{"a":{"path":"x","framework":"caff","memoryMb":"x"}}}').join(),
      /^0:.*must be a whole number/,
    );
  });

  it('finds names that are there twice, which JSON itself lets pass', () => {
    const one = '{"path":"x","framework":"spacy"}';
    assert.deepEqual(problems(`{"version":1,"models":{"a":${one},\n"a":${one}}}`), [
      '1:0-1:3 "a" is there twice: rename or delete one of them.',
    ]);
    // A colon inside of a text is not a name.
    models('{"version":1,"models":{"a":{"path":"x","framework":"spacy","description":"a: \\"b\\": c"}}}');
  });

  it('shows a missing comma after what it should follow, not on the next line', () => {
    assert.deepEqual(problems('{\n  "version": 1\n  "models": {}\n}'), ['1:13-1:14 A comma is missing after this.']);
  });

  it('counts positions from after a byte order mark, as editors do', () => {
    assert.deepEqual(problems('\uFEFF{"version": x, "models": {}}')[0]?.slice(0, 9), '0:12-0:13');
  });

  it('says that a file is empty, cut off, or something else', () => {
    assert.match(problems('')[0]!, /The file is empty/);
    assert.match(problems(' \n')[0]!, /The file is empty/);
    assert.match(problems('{"version": 1, "models": {').at(-1)!, /closing brace } is missing/);
    assert.match(problems('"text"')[0]!, /The file must be an object in braces/);
    assert.match(problems('[1]')[0]!, /The file must be an object in braces/);
    assert.match(problems('PK\u0003\u0004')[0]!, /^0:0/);
    assert.match(problems('{"version": "1", "models": {}}')[0]!, /"version" must be a whole number, and is "1"/);
  });

  it('survives nesting without end, and stops at 100 problems', () => {
    for (const deep of ['['.repeat(100_000), `${'['.repeat(100_000)}${']'.repeat(100_000)}`]) {
      assert.match(problems(`{"version": 1, "models": {}, "x": ${deep}}`)[0]!, /nested too deeply/);
    }
    const bad = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`m${index}`, {}]));
    assert.equal(problems(JSON.stringify({ version: 1, models: bad })).length, 100);
  });

  it('tells a merge conflict with its lines, and does not take a comment for one', () => {
    const text = '{\n  "version": 1,\n<<<<<<< HEAD\n  "models": {}\n=======\n  "models": {"a": 1}\n>>>>>>> theirs\n}\n';
    const document = parseModels(text);
    assert.ok(document.kind === 'conflict');
    assert.equal(document.line, 2);
    assert.deepEqual(
      document.problems.map(({ line }) => line),
      [2, 6],
    );
    models('{"version": 1, /*\n<<<<<<< HEAD\n=======\n>>>>>>> theirs\n*/ "models": {}}');
  });

  it('reads what it understands of a newer version', () => {
    const text = '{"version": 7, "models": {"a": {"path": "x", "framework": "spacy"}, "b": {"kind": "new"}}}';
    const document = parseModels(text);
    assert.ok(document.kind === 'newer');
    assert.equal(document.version, 7);
    assert.deepEqual(Object.keys(document.spec.models), ['a']);
  });

  it('recognises the bare list of an early Nimbus', () => {
    const document = parseModels(
      JSON.stringify([
        { modelName: 'My Model', modelType: 'spaCy', modelPathOrName: 'models\\ner', description: 'Names' },
        { modelName: 'my-model', modelType: 'sklearn', modelPathOrName: 'm.pkl', owner: 'me' },
        { modelName: 'cats', modelType: 'keras', modelPathOrName: 'cats.keras' },
      ]),
    );
    assert.ok(document.kind === 'legacy');
    assert.deepEqual(
      { ...document.migrated.models },
      {
        'my-model': { path: 'models/ner', framework: 'spacy', description: 'Names' },
        'my-model-2': { owner: 'me', path: 'm.pkl', framework: 'sklearn', description: 'my-model' },
      },
    );
    assert.equal(document.left.length, 1);
    assert.match(document.left[0]!.why, /"keras"/);
  });

  it('knows the frameworks of that list by every name that is usual for them', () => {
    const titles = FRAMEWORKS.map((framework) => [FRAMEWORK_TITLES[framework], framework]);
    const others = [
      ['huggingface', 'transformers'],
      ['pytorch', 'torch'],
      ['SKLEARN', 'sklearn'],
      ['sentence-transformers', 'transformers'],
    ];
    for (const [modelType, framework] of [...titles, ...others, ...FRAMEWORKS.map((one) => [one, one])]) {
      const document = parseModels(JSON.stringify([{ modelName: 'a', modelType, modelPathOrName: 'a' }]));
      assert.ok(document.kind === 'legacy');
      assert.equal(document.migrated.models['a']?.framework, framework, modelType);
    }
    const odd = parseModels(JSON.stringify([{ modelName: 'a', modelType: 'constructor', modelPathOrName: 'a' }]));
    assert.ok(odd.kind === 'legacy' && odd.left.length === 1);
  });

  it('is absent where there is no file', () => {
    assert.deepEqual(parseModels(undefined), { kind: 'absent' });
  });
});

describe('media/models.schema.json', () => {
  const schema = JSON.parse(readFileSync(new URL('../../../media/models.schema.json', import.meta.url), 'utf8'));

  it('says the same as the types', () => {
    const { model, deployment, name } = schema.definitions;
    assert.equal(name.pattern, MODEL_NAME.source);
    assert.deepEqual(model.properties.framework.enum, [...FRAMEWORKS]);
    assert.deepEqual(deployment.properties.target.enum, [...TARGETS]);
    for (const [field, value] of Object.entries(DEFAULTS)) assert.equal(model.properties[field].default, value);
    assert.equal(model.properties.framework.enumDescriptions.length, FRAMEWORKS.length);
  });

  it('describes every field, for completion and hover', () => {
    const { model, example, deployment } = schema.definitions;
    for (const part of [schema, model, example, deployment]) {
      for (const [field, value] of Object.entries<any>(part.properties)) assert.ok(value.description, field);
    }
  });
});
