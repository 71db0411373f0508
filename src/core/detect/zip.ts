import { promisify } from 'node:util';
import { inflateRaw } from 'node:zlib';
import { DamagedFile, type ByteFile } from './byte-file.ts';

const END_SIGNATURE = Buffer.from('PK\x05\x06', 'latin1');
/** Announces a second directory end, for files of over 4 GB. */
const LARGE_LOCATOR = 0x07_06_4b_50;
const DIRECTORY_RECORD = 0x02_01_4b_50;
const LOCAL_RECORD = 0x04_03_4b_50;
/** The end record, and the longest comment after it. */
const END_BYTES = 22 + 0xffff;
const MOST_ENTRIES = 100_000;

/**
 * One file out of a zip, unpacked; undefined where it has none of that name. Throws DamagedFile for what is no whole
 * zip, for what unpacks to over `limit` bytes, and wherever readers of zips differ: what is seen here must be what
 * Python will load.
 */
export async function readZipped(bytes: ByteFile, name: string, limit: number): Promise<Buffer | undefined> {
  const entry = await find(bytes, name);
  if (!entry) return undefined;
  if (entry.unpacked > limit) throw new DamagedFile(`${name} in it is larger than ${limit.toLocaleString('en')} bytes`);
  const local = await bytes.at(entry.offset, 30);
  if (local.readUInt32LE(0) !== LOCAL_RECORD) throw new DamagedFile('its directory names places where nothing is');
  const start = entry.offset + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
  const packed = Buffer.from(await bytes.at(start, entry.packed));
  if (entry.method === 0) return packed;
  if (entry.method !== 8) throw new DamagedFile('it is packed by an unusual method');
  try {
    return await promisify(inflateRaw)(packed, { maxOutputLength: limit });
  } catch {
    throw new DamagedFile(`${name} in it cannot be unpacked`);
  }
}

interface Entry {
  method: number;
  packed: number;
  unpacked: number;
  offset: number;
}

async function find(bytes: ByteFile, name: string): Promise<Entry | undefined> {
  const { start, end, count } = await directory(bytes);
  let at = start;
  let found: Entry | undefined;
  for (let index = 0; index < count; index++) {
    const record = await bytes.at(at, 46);
    if (record.readUInt32LE(0) !== DIRECTORY_RECORD) throw new DamagedFile('its directory is damaged');
    const nameLength = record.readUInt16LE(28);
    const extraLength = record.readUInt16LE(30);
    const entry: Entry = {
      method: record.readUInt16LE(10),
      packed: record.readUInt32LE(20),
      unpacked: record.readUInt32LE(24),
      offset: record.readUInt32LE(42),
    };
    const next = at + 46 + nameLength + extraLength + record.readUInt16LE(32);
    const text = await bytes.at(at + 46, nameLength + extraLength);
    checkExtra(text.subarray(nameLength));
    // Python ends a name at its first zero byte.
    if (text.subarray(0, nameLength).toString('utf8').split('\0')[0] === name) {
      if (found) throw new DamagedFile(`it holds ${name} twice`);
      found = entry;
    }
    at = next;
  }
  if (at !== end) throw new DamagedFile('its directory is damaged');
  return found;
}

/** Refuses extra fields by which some readers give an entry another name (0x7075) or other sizes and places (0x0001). */
function checkExtra(extra: Buffer): void {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    const tag = extra.readUInt16LE(at);
    if (tag === 0x70_75 || tag === 0x00_01) throw new DamagedFile('its directory is written in an unusual way');
  }
}

async function directory(bytes: ByteFile): Promise<{ start: number; end: number; count: number }> {
  const length = Math.min(bytes.size, END_BYTES);
  const tail = Buffer.from(await bytes.at(bytes.size - length, length));
  // The last signature counts for Python, so it must be the right one.
  const at = tail.lastIndexOf(END_SIGNATURE);
  if (at < 0 || at + 22 > tail.length || at + 22 + tail.readUInt16LE(at + 20) !== tail.length) {
    throw new DamagedFile('it is no whole zip file');
  }
  const count = tail.readUInt16LE(at + 10);
  const start = tail.readUInt32LE(at + 16);
  const end = bytes.size - length + at;
  const isLarge = at >= 20 && tail.readUInt32LE(at - 20) === LARGE_LOCATOR;
  if (isLarge || count > MOST_ENTRIES || start + tail.readUInt32LE(at + 12) !== end) {
    throw new DamagedFile('its directory is written in an unusual way');
  }
  return { start, end, count };
}
