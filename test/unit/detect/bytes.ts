/** Makes small ONNX and UBJSON files byte by byte: the tests need neither framework, and can damage what they made. */

/** One field of a protobuf message: a number as a varint, else bytes with their length. */
export function field(number: number, value: number | string | Buffer): Buffer {
  if (typeof value === 'number') return Buffer.concat([varint(number * 8), varint(value)]);
  const bytes = Buffer.from(value);
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

export function message(...fields: Buffer[]): Buffer {
  return Buffer.concat(fields);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 0x80);
  }
}

export interface OnnxParts {
  ir?: number;
  opsets?: Record<string, number>;
  producer?: string;
  producerVersion?: string;
  inputs?: Record<string, (number | string)[]>;
  outputs?: Record<string, (number | string)[]>;
  /** Operators by the domain they are of. */
  nodes?: { operator: string; domain?: string; within?: Buffer }[];
  /** Places of weights in other files. */
  external?: { location: string; offset?: number; length?: number }[];
  functions?: string[];
  /** Of the graph. */
  more?: Buffer;
  extra?: Buffer[];
}

/** An ONNX file: one node, one input and one output where nothing else is asked for. */
export function onnxFile(parts: OnnxParts = {}): Buffer {
  const { ir = 8, opsets = { '': 17 }, producer = 'test', functions = [], extra = [] } = parts;
  return message(
    field(1, ir),
    field(2, producer),
    ...(parts.producerVersion === undefined ? [] : [field(3, parts.producerVersion)]),
    field(7, onnxGraph(parts)),
    ...Object.entries(opsets).map(([domain, version]) => field(8, message(field(1, domain), field(2, version)))),
    ...functions.map((domain) => field(25, message(field(1, 'own'), field(10, domain)))),
    ...extra,
  );
}

export function onnxGraph({
  inputs = { x: ['batch', 2] },
  outputs = { y: ['batch', 2] },
  nodes = [{ operator: 'Add' }],
  external = [],
  more,
}: OnnxParts): Buffer {
  return message(
    ...nodes.map(({ operator, domain = '', within }) =>
      field(
        1,
        message(
          field(4, operator),
          field(7, domain),
          ...(within ? [field(5, message(field(1, 'body'), field(6, within)))] : []),
        ),
      ),
    ),
    field(5, message(field(8, 'weight'), field(9, Buffer.alloc(100_000)))),
    ...external.map((one) => field(5, externalTensor(one))),
    ...Object.entries(inputs).map(([name, shape]) => field(11, valueInfo(name, shape))),
    ...Object.entries(outputs).map(([name, shape]) => field(12, valueInfo(name, shape))),
    ...(more ? [more] : []),
  );
}

export function externalTensor({ location, offset, length }: NonNullable<OnnxParts['external']>[number]): Buffer {
  const entry = (key: string, value: string | number): Buffer =>
    field(13, message(field(1, key), field(2, String(value))));
  return message(
    field(8, `w ${location}`),
    entry('location', location),
    ...(offset === undefined ? [] : [entry('offset', offset)]),
    ...(length === undefined ? [] : [entry('length', length)]),
    field(14, 1),
  );
}

function valueInfo(name: string, shape: (number | string)[]): Buffer {
  const dimensions = shape.map((size) => field(1, typeof size === 'number' ? field(1, size) : field(2, size)));
  return message(field(1, name), field(2, field(1, message(field(1, 1), field(2, message(...dimensions))))));
}

/** A UBJSON document, as XGBoost writes it: counted lists, typed where they hold numbers. */
export function ubjson(value: unknown): Buffer {
  if (value === null) return Buffer.from('Z');
  if (typeof value === 'string') return Buffer.concat([Buffer.from('S'), counted(value)]);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9, 'L');
    bytes.writeBigInt64BE(BigInt(value), 1);
    return bytes;
  }
  if (value instanceof Float32Array) {
    const bytes = Buffer.alloc(4 * value.length);
    for (const [index, one] of value.entries()) bytes.writeFloatBE(one, 4 * index);
    return Buffer.concat([Buffer.from('[$d#'), ubjson(value.length), bytes]);
  }
  if (Array.isArray(value)) {
    return Buffer.concat([Buffer.from('[#'), ubjson(value.length), ...value.map((one) => ubjson(one))]);
  }
  const entries = Object.entries(value as object).flatMap(([key, one]) => [counted(key), ubjson(one)]);
  return Buffer.concat([Buffer.from('{'), ...entries, Buffer.from('}')]);
}

function counted(text: string): Buffer {
  return Buffer.concat([ubjson(Buffer.byteLength(text)), Buffer.from(text)]);
}

/** Numbers below `limit`, the same ones for the same seed. */
export function randomNumbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** A copy with some bytes changed, cut away, or put in. */
export function damage(bytes: Buffer, random: (limit: number) => number): Buffer {
  const copy = Buffer.from(bytes);
  const at = random(copy.length);
  switch (random(4)) {
    case 0:
      return copy.subarray(0, at);
    case 1:
      return Buffer.concat([copy.subarray(0, at), Buffer.from([random(256), random(256)]), copy.subarray(at)]);
    case 2:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at + 1 + random(20))]);
    default:
      for (let count = 0; count <= random(8); count++) copy[random(copy.length)] = random(256);
      return copy;
  }
}
