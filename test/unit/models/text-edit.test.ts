import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createScanner } from 'jsonc-parser';
import { describe, it } from 'mocha';
import { applyEdits, NEW_FILE, type ModelsEdit } from '../../../src/core/models/edit.ts';
import { parseModels } from '../../../src/core/models/parse.ts';
import { removeValue, setValue } from '../../../src/core/models/text-edit.ts';
import { TOKEN } from '../../../src/core/models/tokens.ts';

const COMMENTED = [
  '{',
  '  // first',
  '  "a": 1, // after a',
  '  /* before b */',
  '  "b": 2 // after b',
  '  // last',
  '}',
  '',
].join('\n');

describe('editing the text of models.json', () => {
  it('adds a property after the last one, and leaves every comment where it is', () => {
    assert.equal(
      setValue(COMMENTED, ['c'], { d: [1] }),
      COMMENTED.replace('"b": 2 // after b', '"b": 2, // after b\n  "c": {\n    "d": [\n      1\n    ]\n  }'),
    );
  });

  it('replaces only the value', () => {
    assert.equal(setValue(COMMENTED, ['a'], 'x'), COMMENTED.replace('"a": 1', '"a": "x"'));
    assert.equal(setValue(COMMENTED, ['a'], 1), COMMENTED);
  });

  it('removes a property with its line, and no comment', () => {
    assert.equal(removeValue(COMMENTED, ['a']), COMMENTED.replace('"a": 1, // after a', '// after a'));
    assert.equal(removeValue('{\n  "a": 1,\n  "b": {\n    "c": 1\n  }\n}\n', ['b']), '{\n  "a": 1\n}\n');
    assert.equal(removeValue('{\n  "a": 1,\n  "b": 2\n}\n', ['a']), '{\n  "b": 2\n}\n');
    assert.equal(removeValue('{"a": 1, "b": 2}', ['b']), '{"a": 1}');
    assert.equal(removeValue('{"a": 1, "b": 2}', ['a']), '{"b": 2}');
    assert.equal(removeValue('{\n  "a": 1,\n}\n', ['a']), '{}\n');
    assert.equal(removeValue(COMMENTED, ['c']), COMMENTED);
  });

  it('keeps indentation, line ends, trailing commas and one-line objects', () => {
    assert.equal(setValue('{\r\n\t"a": {}\r\n}\r\n', ['a', 'b'], 1), '{\r\n\t"a": {\r\n\t\t"b": 1\r\n\t}\r\n}\r\n');
    assert.equal(setValue('{\n    "a": 1,\n}', ['b'], 2), '{\n    "a": 1,\n    "b": 2,\n}');
    assert.equal(setValue('{\n  "a": { "b": 1 }\n}', ['a', 'c'], 2), '{\n  "a": { "b": 1, "c": 2 }\n}');
    assert.equal(setValue('{"a":{}}', ['a', 'b'], { c: 1 }), '{"a":{"b":{"c":1}}}');
    assert.equal(setValue('\uFEFF{"a":1}', ['b'], 2), '\uFEFF{"a":1,"b":2}');
  });

  it('makes the objects on the way', () => {
    assert.equal(setValue('{"a":1}', ['m', 'x', 'y'], true), '{"a":1,"m":{"x":{"y":true}}}');
  });
});

// Random documents, with comments everywhere between names and values, and random edits of them.

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const scalar = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constant('{"a": 1} // no'),
);
const unknown: fc.Arbitrary<Json> = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 2 }),
  fc.dictionary(
    fc.string({ maxLength: 3 }).filter((key) => key !== '__proto__'),
    scalar,
    { maxKeys: 2 },
  ),
);
const name = fc.constantFrom('a', 'b', 'c', 'constructor', 'long-name-with-digits-123');
const region = fc.constantFrom('eu-west-1', 'us-east-1');
const deployment = fc.record(
  { target: fc.constant('local' as const), region, extra: unknown },
  { requiredKeys: ['target'] },
);
const model = fc.record(
  {
    path: fc.constantFrom('x.pkl', 'models/ü "q".joblib', 'a//b'),
    framework: fc.constantFrom('spacy' as const, 'sklearn' as const),
    memoryMb: fc.constantFrom(128, 1769),
    team: unknown,
    deployments: fc.dictionary(name, deployment, { maxKeys: 2 }),
  },
  { requiredKeys: ['path', 'framework'] },
);
const root = fc.record(
  {
    $schema: fc.constant('x'),
    version: fc.constant(1),
    models: fc.dictionary(name, model, { maxKeys: 3 }),
    more: unknown,
  },
  { requiredKeys: ['version', 'models'] },
);
const fields = fc.record(
  {
    path: fc.constantFrom('x.pkl', 'y.pkl'),
    framework: fc.constantFrom('spacy' as const, 'sklearn' as const),
    memoryMb: fc.constantFrom(128, 1769),
  },
  { requiredKeys: ['path', 'framework'] },
);
const key = fc.record({ model: name, deployment: name });
const edits = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('set-model' as const), name, fields }),
    fc.record({
      kind: fc.constant('set-deployment' as const),
      key,
      spec: fc.record({ target: fc.constant('local' as const), region }, { requiredKeys: ['target'] }),
    }),
    fc.record({ kind: fc.constant('unset-deployment' as const), key, fields: fc.constant(['region', 'url'] as const) }),
    fc.record({
      kind: fc.constant('place-deployment' as const),
      key,
      place: fc.constant({ account: '123456789012', region: 'eu-west-1', stack: 'nimbus-m', url: 'https://a.example' }),
      seen: fc.record({ target: fc.constant('local' as const), region }, { requiredKeys: ['target'] }),
    }),
    fc.record({ kind: fc.constant('remove-deployment' as const), key, dropModel: fc.boolean() }),
    fc.record({ kind: fc.constant('remove-model' as const), name }),
  ),
  { maxLength: 6 },
);
const noise = fc.array(fc.nat(20), { minLength: 7, maxLength: 60 });

interface Printed {
  text: string;
  /** Path of the property that a comment is in: anywhere from its name to the end of its value. */
  owners: Map<string, string>;
}

function print(value: Json, random: number[]): Printed {
  const owners = new Map<string, string>();
  let at = 0;
  const next = (): number => random[at++ % random.length]!;
  const eol = next() % 2 ? '\n' : '\r\n';
  const unit = ['  ', '\t', '    '][next() % 3]!;
  const commented = next() % 4 > 0;
  const gap = (owner: string, indent: string): string => {
    const kind = commented ? next() : 20;
    const id = `c${owners.size}c`;
    if (kind === 0) {
      owners.set(`// ${id}`, owner);
      return ` // ${id}${eol}${indent}`;
    }
    if (kind === 1) {
      owners.set(`/* ${id} */`, owner);
      return ` /* ${id} */`;
    }
    return kind === 2 ? `${eol}${indent}` : kind === 3 ? ' ' : '';
  };
  const show = (inner: Json, path: string, indent: string): string => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return JSON.stringify(inner);
    const names = Object.keys(inner);
    const deeper = indent + unit;
    const lines = next() % 5 > 0;
    const around = lines ? eol + deeper : '';
    const parts = names.map((one, index) => {
      const own = path === '' ? one : `${path}/${one}`;
      const comma = index < names.length - 1 || next() % 3 === 0 ? ',' : '';
      return `${around}${gap(path, deeper)}${JSON.stringify(one)}${gap(own, deeper)}:${gap(own, deeper)} ${show(inner[one]!, own, deeper)}${gap(path, deeper)}${comma}${gap(path, deeper)}`;
    });
    return `{${gap(path, deeper)}${parts.join('')}${lines ? eol + indent : ''}}`;
  };
  const text = (next() % 3 === 0 ? '\uFEFF' : '') + gap('', '') + show(value, '', '') + gap('', '') + eol;
  return { text, owners };
}

function comments(text: string): string[] {
  const scanner = createScanner(text.replace('\uFEFF', ' '), false);
  const found: string[] = [];
  for (let token = scanner.scan(); token !== TOKEN.end; token = scanner.scan()) {
    if (token === TOKEN.lineComment || token === TOKEN.blockComment) {
      found.push(text.substr(scanner.getTokenOffset(), scanner.getTokenLength()).trim());
    }
  }
  return found;
}

/** What an edit means, on the value; also which objects it drops. */
function expected(value: any, edit: ModelsEdit, dropped: Set<string>): void {
  if (edit.kind === 'set-model') {
    value.models[edit.name] = Object.assign(
      Object.hasOwn(value.models, edit.name) ? value.models[edit.name] : {},
      edit.fields,
    );
    return;
  }
  const drop = (model: string): void => {
    if (Object.keys(value.models[model].deployments ?? {}).length > 0) return;
    delete value.models[model];
    dropped.add(`models/${model}`);
  };
  if (edit.kind === 'remove-model') {
    if (Object.hasOwn(value.models, edit.name)) drop(edit.name);
    return;
  }
  const { model, deployment } = edit.key;
  if (!Object.hasOwn(value.models, model)) return;
  const spec = value.models[model];
  if (edit.kind === 'set-deployment') {
    spec.deployments ??= {};
    spec.deployments[deployment] = Object.assign(
      Object.hasOwn(spec.deployments, deployment) ? spec.deployments[deployment] : {},
      edit.spec,
    );
    return;
  }
  if (edit.kind === 'place-deployment') {
    const fields = Object.hasOwn(spec.deployments ?? {}, deployment) ? spec.deployments[deployment] : {};
    const names = ['target', 'account', 'region', 'stack', 'url'] as const;
    if (names.every((one) => fields[one] === edit.seen[one])) Object.assign(fields, edit.place);
    return;
  }
  if (edit.kind === 'unset-deployment') {
    const fields = Object.hasOwn(spec.deployments ?? {}, deployment) ? spec.deployments[deployment] : {};
    for (const field of edit.fields.filter((one) => Object.hasOwn(fields, one))) {
      delete fields[field];
      dropped.add(`models/${model}/deployments/${deployment}/${field}`);
    }
    return;
  }
  if (spec.deployments && Object.hasOwn(spec.deployments, deployment)) {
    delete spec.deployments[deployment];
    dropped.add(`models/${model}/deployments/${deployment}`);
  }
  if (edit.dropModel) drop(model);
}

describe('any edits of any models.json', () => {
  it('keep its comments, order and unknown fields, and read back as what was meant', () => {
    fc.assert(
      fc.property(root, edits, noise, (value, list, random) => {
        const { text, owners } = print(value as Json, random);
        let edited = text;
        const wanted = structuredClone(value);
        const dropped = new Set<string>();
        for (const edit of list) {
          const document = parseModels(edited);
          assert.ok(document.kind === 'ok', `${JSON.stringify(document)}\n${edited}`);
          const result = applyEdits(edited, document.spec, [edit]);
          const declared = edit.kind !== 'set-deployment' || Object.hasOwn(wanted.models, edit.key.model);
          assert.equal(result.ok, declared);
          if (!result.ok) continue;
          edited = result.value;
          expected(wanted, edit, dropped);
        }
        const after = parseModels(edited);
        assert.ok(after.kind === 'ok', `${JSON.stringify(after)}\n${edited}`);
        assert.equal(JSON.stringify(after.spec), JSON.stringify(wanted), edited);
        const isDropped = (owner: string): boolean =>
          [...dropped].some((one) => owner === one || owner.startsWith(`${one}/`));
        const kept = comments(text).filter((comment) => !isDropped(owners.get(comment)!));
        const left = comments(edited);
        assert.deepEqual(
          left.filter((comment) => kept.includes(comment)),
          kept,
          `${text}\n=>\n${edited}`,
        );
        assert.equal(edited.startsWith('\uFEFF'), text.startsWith('\uFEFF'));
        if (text.includes('\r\n')) assert.ok(!/[^\r]\n/.test(edited), 'a line ends in another way');
        if (JSON.stringify(wanted) === JSON.stringify(value) && dropped.size === 0) assert.equal(edited, text);
      }),
      { numRuns: 2000 },
    );
  }).timeout(60_000);

  it('are well laid out in a file that Nimbus began', () => {
    fc.assert(
      fc.property(edits, (list) => {
        let text = NEW_FILE;
        for (const edit of list) {
          const document = parseModels(text);
          assert.ok(document.kind === 'ok');
          const result = applyEdits(text, document.spec, [edit]);
          if (result.ok) text = result.value;
        }
        assert.equal(text, `${JSON.stringify(JSON.parse(text), undefined, 2)}\n`);
      }),
    );
  });
});
