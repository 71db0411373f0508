import { ByteFile, DamagedFile } from './byte-file.ts';
import { ProtoReader, type Field } from './onnx-proto.ts';

/** What the header and the graph of an .onnx file say; no weight of it is read. */
export interface OnnxModel {
  irVersion: number;
  producer: string;
  producerVersion: string;
  /** Operator set versions by domain; `''` is ONNX's own. */
  opsets: Map<string, number>;
  /** What a caller gives: initializers with a default value are left out. */
  inputs: OnnxValue[];
  outputs: OnnxValue[];
  /** Domains of the operators that occur, those that the file itself defines left out. */
  domains: Set<string>;
  operators: Set<string>;
  /** Files that weights lie in, with the bytes that each must have at least. */
  external: Map<string, number>;
}

export interface OnnxValue {
  name: string;
  /** `float`, `int64`, `string`, … of a tensor; `sequence`, `map`, `optional` and `sparse` for what is none. */
  type: string;
  /** Numbers, names of dimensions that may vary, `?` for unknown ones; undefined where the graph does not say. */
  shape?: (number | string)[];
}

/** TensorProto.DataType. */
const TYPES =
  'undefined float uint8 int8 uint16 int16 int32 int64 string bool float16 double uint32 uint64 complex64 complex128 bfloat16'.split(
    ' ',
  );

/** Graphs within graphs: loops and branches, which people nest a few levels deep. */
const MOST_DEPTH = 16;
const MOST_NAMES = 100_000;
const MOST_DIMENSIONS = 64;

/** Reads an ONNX model's description. Rejects with DamagedFile, and as the file system does. */
export function readOnnx(file: string): Promise<OnnxModel> {
  return ByteFile.with(file, (bytes) => new Reader(new ProtoReader(bytes)).model(bytes.size));
}

class Reader {
  readonly #proto: ProtoReader;
  readonly #initializers = new Set<string>();
  readonly #defined = new Set<string>();
  readonly #model: OnnxModel = {
    irVersion: 0,
    producer: '',
    producerVersion: '',
    opsets: new Map(),
    inputs: [],
    outputs: [],
    domains: new Set(),
    operators: new Set(),
    external: new Map(),
  };

  constructor(proto: ProtoReader) {
    this.#proto = proto;
  }

  async model(size: number): Promise<OnnxModel> {
    const model = this.#model;
    let graphs = 0;
    for await (const field of this.#proto.fields(0, size)) {
      if (field.number === 1) model.irVersion = field.value ?? 0;
      else if (field.number === 2) model.producer = await this.#proto.text(field);
      else if (field.number === 3) model.producerVersion = await this.#proto.text(field);
      else if (field.number === 7 && ++graphs) await this.#graph(field, 0);
      else if (field.number === 8) await this.#opset(field);
      else if (field.number === 25) await this.#function(field);
    }
    if (graphs === 0 || model.irVersion === 0) throw new DamagedFile('it has no graph or no version of the format');
    model.inputs = model.inputs.filter(({ name }) => !this.#initializers.has(name));
    for (const domain of this.#defined) model.domains.delete(domain);
    return model;
  }

  async #opset(message: Field): Promise<void> {
    let domain = '';
    let version = 0;
    for await (const field of this.#proto.fields(message.start, message.end)) {
      if (field.number === 1) domain = await this.#proto.text(field);
      else if (field.number === 2) version = field.value ?? 0;
    }
    this.#keep(this.#model.opsets).set(domain === 'ai.onnx' ? '' : domain, version);
  }

  async #function(message: Field): Promise<void> {
    for await (const field of this.#proto.fields(message.start, message.end)) {
      if (field.number === 7) await this.#node(field, 1);
      else if (field.number === 11) await this.#attribute(field, 1);
      else if (field.number === 10) this.#keep(this.#defined).add(await this.#proto.text(field));
    }
  }

  async #graph(message: Field, depth: number): Promise<void> {
    if (depth > MOST_DEPTH) throw new DamagedFile('its graphs are nested too deeply');
    for await (const field of this.#proto.fields(message.start, message.end)) {
      if (field.number === 1) await this.#node(field, depth);
      else if (field.number === 5) await this.#tensor(field, depth);
      else if (field.number === 15) await this.#sparse(field);
      else if (field.number === 11 && depth === 0) this.#model.inputs.push(await this.#value(field));
      else if (field.number === 12 && depth === 0) this.#model.outputs.push(await this.#value(field));
      if (this.#model.inputs.length + this.#model.outputs.length > MOST_NAMES)
        throw new DamagedFile('it has too many inputs');
    }
  }

  async #node(message: Field, depth: number): Promise<void> {
    let domain = '';
    for await (const field of this.#proto.fields(message.start, message.end)) {
      if (field.number === 4) this.#keep(this.#model.operators).add(await this.#proto.text(field));
      else if (field.number === 7) domain = await this.#proto.text(field);
      else if (field.number === 5) await this.#attribute(field, depth);
    }
    this.#keep(this.#model.domains).add(domain);
  }

  async #attribute(message: Field, depth: number): Promise<void> {
    for await (const field of this.#proto.fields(message.start, message.end)) {
      if (field.number === 6 || field.number === 11) await this.#graph(field, depth + 1);
      else if (field.number === 5 || field.number === 10) await this.#tensor(field, depth + 1);
      else if (field.number === 22 || field.number === 23) await this.#sparse(field);
    }
  }

  /** Its values and its indices are tensors, which may lie in other files too. */
  async #sparse(message: Field): Promise<void> {
    for await (const field of this.#proto.fields(message.start, message.end)) {
      if (field.number === 1 || field.number === 2) await this.#tensor(field, 1);
    }
  }

  async #tensor(message: Field, depth: number): Promise<void> {
    const where = new Map<string, string>();
    for await (const field of this.#proto.fields(message.start, message.end)) {
      if (field.number === 8 && depth === 0) this.#keep(this.#initializers).add(await this.#proto.text(field));
      else if (field.number === 13) await this.#entry(field, where);
    }
    const location = where.get('location');
    if (location === undefined) return;
    const needed = Number(where.get('offset') ?? 0) + Number(where.get('length') ?? 0);
    if (!Number.isSafeInteger(needed) || needed < 0) throw new DamagedFile('it names weights at an impossible place');
    const { external } = this.#model;
    this.#keep(external).set(location, Math.max(external.get(location) ?? 0, needed));
  }

  async #entry(message: Field, into: Map<string, string>): Promise<void> {
    let key = '';
    let value = '';
    for await (const field of this.#proto.fields(message.start, message.end)) {
      if (field.number === 1) key = await this.#proto.text(field);
      else if (field.number === 2) value = await this.#proto.text(field);
    }
    this.#keep(into).set(key, value);
  }

  async #value(message: Field): Promise<OnnxValue> {
    const value: OnnxValue = { name: '', type: 'undefined' };
    for await (const field of this.#proto.fields(message.start, message.end)) {
      if (field.number === 1) value.name = await this.#proto.text(field);
      else if (field.number === 2) await this.#type(field, value);
    }
    return value;
  }

  async #type(message: Field, value: OnnxValue): Promise<void> {
    const others: Record<number, string> = { 4: 'sequence', 5: 'map', 8: 'sparse', 9: 'optional' };
    for await (const field of this.#proto.fields(message.start, message.end)) {
      if (field.number !== 1) {
        value.type = others[field.number] ?? value.type;
        continue;
      }
      for await (const part of this.#proto.fields(field.start, field.end)) {
        if (part.number === 1) value.type = TYPES[part.value ?? 0] ?? `type ${part.value}`;
        else if (part.number === 2) value.shape = await this.#shape(part);
      }
    }
  }

  async #shape(message: Field): Promise<(number | string)[]> {
    const shape: (number | string)[] = [];
    for await (const dimension of this.#proto.fields(message.start, message.end)) {
      if (shape.length === MOST_DIMENSIONS) throw new DamagedFile('one of its tensors has too many dimensions');
      let size: number | string = '?';
      for await (const field of this.#proto.fields(dimension.start, dimension.end)) {
        if (field.number === 1) size = field.value ?? '?';
        else if (field.number === 2) size = await this.#proto.text(field);
      }
      shape.push(size);
    }
    return shape;
  }

  /** A collection, as long as it may still grow. */
  #keep<T extends { size: number }>(collection: T): T {
    if (collection.size > MOST_NAMES) throw new DamagedFile('it has more names than can be looked at');
    return collection;
  }
}
