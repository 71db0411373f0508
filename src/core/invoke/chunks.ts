import { PAYLOAD_BYTES } from '../../shared/contract.ts';
import type { BatchInput } from './inputs.ts';
import type { Pace } from './pace.ts';

/** Consecutive inputs of one `/batch` request. */
export interface Chunk {
  /** Index of the first. */
  first: number;
  items: BatchInput[];
  /** Of all its inputs. */
  parameters?: Record<string, unknown>;
  /** Bytes of the file up to its end. */
  endByte: number;
}

/** Half the payload's limit, since JSON inside the event's JSON escapes every quote. */
const CHUNK_BYTES = PAYLOAD_BYTES / 2;

/** The inputs from the one with index `from` on. */
export async function* chunks(
  inputs: AsyncIterable<readonly BatchInput[]>,
  pace: Pick<Pace, 'inputs'>,
  from: number,
): AsyncGenerator<Chunk> {
  let chunk: Chunk = { first: from, items: [], endByte: 0 };
  let bytes = 0;
  // One request has one set of parameters; a line that is no input goes with those around it.
  let parameters: string | undefined;
  let skip = from;
  for await (const part of inputs) {
    for (const item of part) {
      if (skip > 0) {
        skip -= 1;
        continue;
      }
      const size = 'input' in item ? item.bytes : 0;
      const own = 'input' in item ? item.parameters && JSON.stringify(item.parameters) : parameters;
      const isFull = chunk.items.length >= pace.inputs || bytes + size > CHUNK_BYTES || own !== parameters;
      if (chunk.items.length > 0 && isFull) {
        yield chunk;
        chunk = { first: chunk.first + chunk.items.length, items: [], endByte: 0 };
        bytes = 0;
      }
      parameters = own;
      if ('input' in item && item.parameters) chunk.parameters = item.parameters;
      chunk.items.push(item);
      chunk.endByte = item.endByte;
      bytes += size;
    }
  }
  if (chunk.items.length > 0) yield chunk;
}
