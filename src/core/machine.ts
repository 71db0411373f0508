/** Which machine, and which of its users, this is among those that share a Docker engine. */
import { createHash, randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { places } from './places.ts';

const ID = /^[0-9a-f]{32}$/;

/**
 * A mark on an engine for what this user made from this machine, 16 hexadecimal digits: another machine, where a project
 * of the same path has the same mark, makes another one of it.
 */
export function ofThisMachine(mark: string): string {
  return createHash('sha256').update(`${machineId()}\0${mark}`).digest('hex').slice(0, 16);
}

/**
 * The marks on an engine of what is this machine's. The plain mark is of versions that did not tell machines apart: on an
 * engine that only this machine uses it is this machine's too.
 */
export function marksOn({ isLocal }: { isLocal: boolean }, mark: string): string[] {
  return [ofThisMachine(mark), ...(isLocal ? [mark] : [])];
}

/** Made once. Says nothing of the machine: a name or address may change, and be another's by then. */
function machineId(): string {
  const file = path.join(places().data, 'machine');
  const known = read(file);
  if (known !== undefined) return known;
  const made = `${file}.${randomBytes(6).toString('hex')}`;
  writeFileSync(made, randomBytes(16).toString('hex'), { mode: 0o600, flush: true });
  try {
    linkSync(made, file);
  } catch {
    // Another process was first; else there is a damaged one, or no hard links.
    if (read(file) === undefined) renameSync(made, file);
  } finally {
    rmSync(made, { force: true });
  }
  return readFileSync(file, 'utf8');
}

function read(file: string): string | undefined {
  try {
    const text = readFileSync(file, 'utf8');
    return ID.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
