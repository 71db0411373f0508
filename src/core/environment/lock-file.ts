/**
 * `nimbus.lock`: the exact packages that a model runs with, by hash. One file that people read, merge and commit, with
 * one section for each platform and Python; a section is a requirements.txt with hashes as pip and uv take it.
 */
import { createHash } from 'node:crypto';
import { lstat, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { isCuda } from './cuda.ts';
import { PLATFORMS, type LockPlatform } from './lock-platform.ts';
import { normalName } from './requirement.ts';

export const LOCK_FILE = 'nimbus.lock';
/** A lock of a thousand packages with all their hashes has some 5 MB. */
const MAX_BYTES = 32 * 2 ** 20;

export interface Pin {
  /** Normalised. */
  name: string;
  version: string;
  /** `python_version < "3.13"`; empty where it counts always. */
  marker: string;
  /** `sha256:…`, sorted. */
  hashes: string[];
}

export interface LockSection {
  platform: LockPlatform;
  /** `3.12`. */
  python: string;
  /** What it was made from, sorted: where the model asks for something else, the section is stale. */
  requires: string[];
  /** PyTorch is of the index of builds without CUDA, so that installing needs that index too. */
  torchCpu: boolean;
  pins: Pin[];
}

/** Where a model's lock lies: in its folder, or beside its file. */
export async function lockFileOf(model: string): Promise<string> {
  const isFolder = (await stat(model).catch(() => undefined))?.isDirectory() ?? false;
  return isFolder ? path.join(model, LOCK_FILE) : `${model}.${LOCK_FILE}`;
}

/** Undefined where there is none. Errors: it is damaged, has marks of a merge, or says what no lock of Nimbus says. */
export async function readLock(file: string): Promise<Outcome<LockSection[] | undefined>> {
  let text: string;
  try {
    const facts = await lstat(file);
    // A link, or a device, of a repository would be read, and written, in the place of a lock.
    if (!facts.isFile() || facts.size > MAX_BYTES) {
      return fail('lock-unreadable', `${file} is no lock.`, {
        why: facts.isFile() ? `It has ${facts.size.toLocaleString('en')} bytes.` : 'It is not a file of its own.',
        next: 'Remove it, and make the lock again with nimbus lock.',
      });
    }
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return ok(undefined);
    return fail('lock-unreadable', `${file} cannot be read.`, { why: message, next: 'Make it readable.' });
  }
  const parsed = parseLock(text, file);
  const isNoLock = text.trim() !== '' && !text.split(/\r?\n/).includes(FORMAT);
  return parsed.ok && isNoLock ? damaged(file, undefined, 'It does not say its format.') : parsed;
}

const FORMAT = '# format: 1';
const HEADER = /^# === (\S+), Python (3\.\d+)$/;
const FIELD = /^# (requires|torch): (.*)$/;
const PIN = /^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([A-Za-z0-9.!+*_-]+)\s*(?:;\s*(.+?))?\s*\\?$/;
const HASH = /^\s+--hash=(sha256:[0-9a-f]{64})\s*\\?$/;

export function parseLock(text: string, file = LOCK_FILE): Outcome<LockSection[]> {
  const sections: LockSection[] = [];
  let section: LockSection | undefined;
  let pin: Pin | undefined;
  const lines = text.split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    const wrong = (why: string): Outcome<never> => damaged(file, index + 1, why);
    if (/^(?:<{7}|={7}|>{7}|\|{7})/.test(line)) return wrong('A merge left its marks here.');
    if (line.startsWith('# format: ') && line !== FORMAT) return wrong('It is of a newer Nimbus.');
    const header = HEADER.exec(line);
    if (header) {
      const platform = header[1] as LockPlatform;
      if (!Object.hasOwn(PLATFORMS, platform)) return wrong(`${platform} is no platform that Nimbus knows.`);
      section = { platform, python: header[2]!, requires: [], torchCpu: false, pins: [] };
      if (sections.some((one) => keyOf(one) === keyOf(section!))) return wrong(`${keyOf(section)} is there twice.`);
      sections.push(section);
      continue;
    }
    const field = FIELD.exec(line);
    if (field && section) {
      if (field[1] === 'requires') section.requires.push(field[2]!);
      else section.torchCpu = field[2] === 'cpu';
      continue;
    }
    if (/^\s*(?:#.*)?$/.test(line)) continue;
    if (!section) return wrong('A package stands before the first section.');
    const hash = HASH.exec(line);
    if (hash && pin) {
      pin.hashes.push(hash[1]!);
      continue;
    }
    const found = PIN.exec(line);
    // Options too: a file of a repository must not say where packages come from.
    if (!found) return wrong(`${JSON.stringify(line.trim().slice(0, 80))} is not name==version with hashes.`);
    pin = { name: normalName(found[1]!), version: found[2]!, marker: found[3] ?? '', hashes: [] };
    section.pins.push(pin);
  }
  const bare = sections.flatMap(({ pins }) => pins).find(({ hashes }) => hashes.length === 0);
  if (bare) return damaged(file, undefined, `${bare.name} has no hash.`);
  return ok(sections);
}

function damaged(file: string, line: number | undefined, why: string): Outcome<never> {
  return fail('lock-damaged', `${path.basename(file)} cannot be used.`, {
    why: `${file}${line === undefined ? '' : `:${line}`}: ${why}`,
    next: 'Take the file of before from version control; or delete it and make it again with nimbus lock.',
  });
}

/** The pins as text: a requirements.txt with hashes. */
export function bodyOf(pins: readonly Pin[]): string {
  return pins
    .map(({ name, version, marker, hashes }) => {
      const head = `${name}==${version}${marker === '' ? '' : ` ; ${marker}`}`;
      return [head, ...hashes.map((hash) => `    --hash=${hash}`)].join(' \\\n');
    })
    .join('\n');
}

/** What the compiler of a lock printed, as pins sorted by name. Errors: what is not name==version with hashes. */
export function pinsFrom(compiled: string): Outcome<Pin[]> {
  const parsed = parseLock(`# === linux-x86_64, Python 3.9\n${compiled}\n`);
  if (!parsed.ok) return parsed;
  const pins = parsed.value[0]!.pins.map((pin) => ({ ...pin, hashes: pin.hashes.toSorted() }));
  return ok(pins.toSorted((one, other) => (one.name < other.name ? -1 : 1)));
}

/** The whole file; sections in a fixed order, so that two people's differ only where they say something else. */
export function lockText(sections: readonly LockSection[]): string {
  const order = sections.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  return [
    '# The exact packages that this model runs with, made by Nimbus; to be committed.',
    '# Made again for one platform and Python by: nimbus lock PATH --platform PLATFORM --python VERSION',
    FORMAT,
    ...order.flatMap(({ platform, python, requires, torchCpu, pins }) => [
      '',
      `# === ${platform}, Python ${python}`,
      ...requires.map((one) => `# requires: ${one}`),
      ...(torchCpu ? ['# torch: cpu'] : []),
      ...(pins.length === 0 ? [] : [bodyOf(pins)]),
    ]),
    '',
  ].join('\n');
}

/** `linux-x86_64, Python 3.12`. */
export function keyOf({ platform, python }: Pick<LockSection, 'platform' | 'python'>): string {
  return `${platform}, Python ${python}`;
}

/** Identity of a section, a part of the version of a function: 64 hexadecimal digits. Comments are no part of it. */
export function lockHash({ platform, python, pins }: Pick<LockSection, 'platform' | 'python' | 'pins'>): string {
  return createHash('sha256')
    .update([platform, python, bodyOf(pins)].join('\n'))
    .digest('hex');
}

/** Why an image cannot be made from a section; undefined where it can. */
export function refusedForImage({ pins }: Pick<LockSection, 'pins'>): string | undefined {
  const cuda = pins.filter(({ name, version }) => isCuda(name, version)).map(({ name }) => name);
  if (cuda.length === 0) return undefined;
  return `It holds CUDA packages (${cuda.slice(0, 5).join(', ')}${cuda.length > 5 ? ` and ${cuda.length - 5} more` : ''}): gigabytes that a function without a GPU cannot use.`;
}

/** One form for one meaning: what is compared to tell whether a section is stale. */
export function normalRequirements(requirements: readonly string[]): string[] {
  const plain = requirements.map((one) => {
    const [head = '', ...marker] = one.split(';');
    const name = /^\s*[A-Za-z0-9._-]+/.exec(head)?.[0] ?? '';
    const rest = head.slice(name.length).replaceAll(/[\s()]/g, '');
    return `${normalName(name.trim())}${rest}${marker.length > 0 ? ` ; ${marker.join(';').trim()}` : ''}`;
  });
  return [...new Set(plain)].toSorted();
}
