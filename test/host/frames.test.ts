import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  encodeFrame,
  encodeHead,
  FrameDecoder,
  FrameError,
  FRAME_BYTES,
  type Frame,
  type FrameKind,
} from '../../src/core/host/frames.ts';

const KINDS: FrameKind[] = ['I', 'H', 'R', 'F', 'O', 'E'];
const frame = fc.record(
  {
    kind: fc.constantFrom(...KINDS),
    meta: fc.dictionary(fc.string(), fc.jsonValue()).map((meta) => JSON.parse(JSON.stringify(meta))),
    payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  },
  { noNullPrototype: true },
);

function decode(chunks: Buffer[]): Frame[] {
  const frames: Frame[] = [];
  const decoder = new FrameDecoder((one) => frames.push({ ...one, payload: Buffer.from(one.payload) }));
  for (const chunk of chunks) decoder.push(chunk);
  return frames;
}

function cut(bytes: Buffer, places: number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((one, other) => one - other);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
}

describe('frames', () => {
  it('come out as they went in, however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.nat(10_000), { maxLength: 40 }), (frames, places) => {
        const bytes = Buffer.concat(frames.map((one) => encodeFrame(one.kind, one.meta, one.payload)));
        assert.deepEqual(decode(cut(bytes, places)), frames);
      }),
    );
  });

  it('come out of single bytes', () => {
    const bytes = encodeFrame('O', { id: 'é' }, Buffer.from('payload'));
    const [one] = decode([...bytes].map((byte) => Buffer.from([byte])));
    assert.deepEqual(one, { kind: 'O', meta: { id: 'é' }, payload: Buffer.from('payload') });
  });

  it('are refused, and never crash, where the stream is anything else', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { minLength: 1 }), (chunks) => {
        try {
          decode(chunks.map((chunk) => Buffer.from(chunk)));
        } catch (error) {
          assert.ok(error instanceof FrameError, String(error));
        }
      }),
    );
  });

  it('are refused for good: a length out of bounds, an unknown kind, a meta that is too long or no JSON object', () => {
    const with32 = (length: number, rest = ''): Buffer => {
      const head = Buffer.alloc(4);
      head.writeUInt32BE(length);
      return Buffer.concat([head, Buffer.from(rest, 'latin1')]);
    };
    for (const bytes of [
      with32(0),
      with32(4),
      with32(FRAME_BYTES + 1),
      with32(0xffffffff),
      with32(7, 'Z\0\0\0\u0002{}'),
      with32(7, 'O\0\0\0\u0003{}'),
      with32(7, 'O\0\0\0\u0002[]'),
      with32(7, 'O\0\0\0\u0002{,'),
    ]) {
      const decoder = new FrameDecoder(() => assert.fail('no frame'));
      assert.throws(() => decoder.push(bytes), FrameError, bytes.toString('hex'));
      assert.throws(() => decoder.push(encodeFrame('H', {}, Buffer.alloc(0))), FrameError);
    }
  });

  it('have a greatest length, on both sides', () => {
    const most = FRAME_BYTES - 5 - 2;
    assert.equal(decode([encodeFrame('O', {}, Buffer.alloc(most))])[0]!.payload.length, most);
    assert.throws(() => encodeHead('O', {}, most + 1), FrameError);
  });
});
