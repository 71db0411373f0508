import assert from 'node:assert/strict';
import fc from 'fast-check';
import { blankInput, fieldOf, readInput, switchMode, typeInput } from '../../../webview/input/read.ts';
import { formOf, takesText, type Form } from '../../../webview/input/schema.ts';

const blank = blankInput();

const TABLE = {
  type: 'object',
  properties: {
    age: { type: 'integer', minimum: 0 },
    income: { type: 'number' },
    city: { type: 'string', examples: ['Berlin', 'Paris'] },
    member: { type: 'boolean' },
    size: { enum: [1, 2, 'many'] },
    anything: {},
  },
  required: ['age', 'income', 'size'],
};
const form = formOf(TABLE)!;

describe('a form made from a JSON Schema', () => {
  it('has a field for every column, by name', () => {
    assert.deepEqual(
      form.fields.map(({ key, kind, required }) => [key, kind, required]),
      [
        ['age', 'integer', true],
        ['income', 'number', true],
        ['city', 'string', false],
        ['member', 'boolean', false],
        ['size', 'choice', true],
        ['anything', 'any', false],
      ],
    );
    assert.deepEqual(form.fields[2]!.suggestions, ['Berlin', 'Paris']);
  });

  it('has a field for every position of an array of known length', () => {
    const row = formOf({ type: 'array', items: { type: 'number' }, minItems: 3, maxItems: 3 });
    assert.equal(row?.shape, 'array');
    assert.deepEqual(
      row?.fields.map((field) => field.label),
      ['1', '2', '3'],
    );
    assert.equal(formOf({ type: 'array', prefixItems: [{ type: 'string', title: 'name' }] })?.fields[0]?.label, 'name');
  });

  it('is refused where a form could not hold every input', () => {
    for (const schema of [
      { type: 'string' },
      { type: 'object' },
      { type: 'array', items: { type: 'number' } },
      { type: 'array', items: { type: 'number' }, minItems: 5000, maxItems: 5000 },
      { type: 'object', properties: { nested: { type: 'object', properties: {} } } },
      undefined,
    ])
      assert.equal(formOf(schema), undefined);
  });

  it('has boxes for running text, lists of texts and nested lists', () => {
    const schema = {
      type: 'object',
      properties: {
        question: { type: 'string' },
        sentences: { type: 'array', items: { type: 'string' } },
        image: { type: 'array', description: 'float32 [batch, 2]' },
        // A column of a table that is called so, but is a choice of words.
        source: { type: 'string', examples: ['web', 'shop'] },
      },
    };
    assert.deepEqual(
      formOf(schema)?.fields.map(({ kind, example }) => [kind, example]),
      [
        ['text', undefined],
        ['texts', undefined],
        ['json', '[[1,1]]'],
        ['string', undefined],
      ],
    );
    assert.equal(formOf({ type: 'array', items: { type: 'array', items: {} }, minItems: 2, maxItems: 2 }), undefined);
  });

  it('takes the first alternative that a form can hold', () => {
    assert.equal(formOf({ anyOf: [{ type: 'string' }, TABLE] })?.fields.length, 6);
  });
});

describe('whether a model takes text', () => {
  it('is what its schema says, and yes where it says nothing', () => {
    assert.equal(takesText(undefined), true);
    assert.equal(takesText({}), true);
    assert.equal(takesText({ type: 'string' }), true);
    assert.equal(takesText({ anyOf: [{ type: 'object' }, { type: 'string' }] }), true);
    assert.equal(takesText(TABLE), false);
  });
});

describe('what Send sends', () => {
  it('is the text as typed', () => {
    assert.deepEqual(readInput({ ...blank, text: ' 🚀\n' }, undefined), { ok: true, value: { input: ' 🚀\n' } });
  });

  it('is the form with every value of its type, without what was left empty', () => {
    const fields = { age: '40', income: '1e3', member: 'false', size: '2', anything: '5.5' };
    assert.deepEqual(readInput({ ...blank, mode: 'form', fields }, form), {
      ok: true,
      value: { input: { age: 40, income: 1000, member: false, size: 2, anything: 5.5 } },
    });
  });

  it('says what is wrong beside each field', () => {
    const read = readInput({ ...blank, mode: 'form', fields: { age: '-1', income: '1,5' } }, form);
    assert.ok(!read.ok);
    assert.deepEqual(Object.keys(read.problems), ['age', 'income', 'size']);
    assert.equal(read.problems['age'], 'At least 0.');
    assert.match(read.problems['income']!, /Not a number/);
  });

  it('has lists without their empty boxes, and nested lists as JSON', () => {
    const compare = formOf({
      type: 'object',
      properties: { sentences: { type: 'array', items: { type: 'string' } }, image: { type: 'array' } },
      required: ['sentences', 'image'],
    })!;
    const fields = { sentences: '["a","","b"]', image: '[[1]]' };
    assert.deepEqual(readInput({ ...blank, mode: 'form', fields }, compare), {
      ok: true,
      value: { input: { sentences: ['a', 'b'], image: [[1]] } },
    });
    const wrong = readInput({ ...blank, mode: 'form', fields: { sentences: '[""]', image: '[[1]' } }, compare);
    assert.ok(!wrong.ok);
    assert.equal(wrong.problems['sentences'], 'Type at least one.');
    assert.match(wrong.problems['image']!, /^Not JSON: .* in line 1, column 5\.$/);
  });

  it('has parameters from fields and from JSON, each once', () => {
    const labels = formOf({
      properties: { labels: { type: 'array', items: { type: 'string' } } },
      required: ['labels'],
    })!;
    const typed = { ...blank, text: 'a', parameterFields: { labels: '["x"]' } };
    const value = { input: 'a', parameters: { labels: ['x'] } };
    assert.deepEqual(readInput(typed, undefined, labels), { ok: true, value });
    const more = readInput({ ...typed, parameters: '{"multi_label": true}' }, undefined, labels);
    assert.deepEqual(more.ok && more.value.parameters, { labels: ['x'], multi_label: true });
    const twice = readInput({ ...typed, parameters: '{"labels": ["y"]}' }, undefined, labels);
    assert.deepEqual(twice.ok ? {} : twice.problems, { parameters: 'labels has a field of its own above.' });
    const unneeded = formOf({ type: 'object', properties: { k: { type: 'number', exclusiveMinimum: 0 } } });
    assert.deepEqual(readInput({ ...blank, text: 'a' }, undefined, unneeded), { ok: true, value: { input: 'a' } });
    const zero = readInput({ ...blank, parameterFields: { k: '0' } }, undefined, unneeded);
    assert.deepEqual(zero.ok ? {} : zero.problems, { 'parameters.k': 'More than 0.' });
    const none = readInput({ ...typed, parameterFields: {} }, undefined, labels);
    assert.deepEqual(none.ok ? {} : none.problems, { 'parameters.labels': 'Type at least one.' });
  });

  it('has the parameters, where they are an object', () => {
    const read = readInput({ ...blank, text: 'a', parameters: '{"k": 3}' }, undefined);
    assert.deepEqual(read, { ok: true, value: { input: 'a', parameters: { k: 3 } } });
    for (const parameters of ['[1]', '"a"', '{', '3'])
      assert.equal(readInput({ ...blank, parameters }, undefined).ok, false);
  });

  it('is not sent where the JSON is wrong, with line and column', () => {
    const read = readInput({ ...blank, mode: 'json', json: '{\n  "age": x}' }, form);
    assert.ok(!read.ok);
    assert.match(read.problems['json']!, /^Not JSON: Invalid symbol in line 2, column 10\.$/);
    assert.equal(readInput({ ...blank, mode: 'json', json: ' ' }, form).ok, false);
  });
});

describe('one input in several modes', () => {
  const values = fc.record(
    {
      age: fc.nat(120),
      income: fc.integer(),
      member: fc.boolean(),
      size: fc.constantFrom(1, 2, 'many'),
    },
    { noNullPrototype: true },
  );

  it('is the same input after a change to JSON and back', () => {
    fc.assert(
      fc.property(values, (input) => {
        const typed = typeInput(blank, input, 'form', form);
        assert.equal(typed.mode, 'form');
        const asJson = switchMode(typed, 'json', form);
        assert.deepEqual(JSON.parse(asJson.json), input);
        const back = readInput(switchMode({ ...asJson, fields: {} }, 'form', form), form);
        assert.deepEqual(back, { ok: true, value: { input } });
      }),
    );
  });

  it('loses nothing that the other mode cannot show', () => {
    const typed = { ...blank, mode: 'json' as const, json: '{"age": 1, "unknown": 2}', fields: { age: '7' } };
    assert.deepEqual(switchMode(typed, 'form', form), { ...typed, mode: 'form' });
    assert.deepEqual(typeInput(blank, { unknown: 2 }, 'form', form).mode, 'json');
  });

  it('keeps half-typed JSON', () => {
    const typed = { ...blank, mode: 'json' as const, json: '{"a', text: 'before' };
    assert.deepEqual(switchMode(typed, 'text', undefined), { ...typed, mode: 'text' });
  });
});

describe('the field that an endpoint refuses', () => {
  const row: Form = { shape: 'array', fields: [{ key: '0', label: '1', kind: 'number', required: true }] };
  it('is found by name and by position', () => {
    assert.equal(fieldOf('input.age', form), 'age');
    assert.equal(fieldOf('input[0]', row), '0');
    assert.equal(fieldOf('input[7]', row), undefined);
    assert.equal(fieldOf('parameters', form), undefined);
    assert.equal(fieldOf('input.age[2].data', form), 'age');
    assert.equal(fieldOf('input.ages', form), undefined);
    const dotted = formOf({ properties: { a: {}, 'a.b': {} } })!;
    assert.equal(fieldOf('input.a.b', dotted), 'a.b');
    assert.equal(fieldOf('parameters.age', form, 'parameters'), 'age');
  });
});
