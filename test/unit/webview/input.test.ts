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
  });
});
