import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { ByteFile, DamagedFile } from './byte-file.ts';
import { asObject } from './json.ts';
import type { PickleFacts } from './pickle-reader.ts';
import { readZipped } from './zip.ts';

/** A forest of a thousand trees takes some ten megabytes: its arrays are files of their own. */
const SCHEMA_BYTES = 128 << 20;
const MOST_GLOBALS = 10_000;

/** Types of functions, classes and methods themselves: the function or class is named beside them. */
const MERE_KINDS = new Set(['function', 'type', 'method'].map((kind) => `builtins.${kind}`));

/**
 * What a skops file would load, from its schema.json: the same facts as of a pickle. Rejects as the file system does;
 * what is wrong with the file itself is `error`.
 */
export async function readSkops(
  file: string,
): Promise<Pick<PickleFacts, 'globals' | 'versions' | 'root' | 'sha256' | 'error'>> {
  const sha256 = await hashOf(file);
  const found = new Set<string>();
  const versions: Record<string, string> = {};
  try {
    const schema = await ByteFile.with(file, (bytes) => readZipped(bytes, 'schema.json', SCHEMA_BYTES));
    if (!schema) throw new DamagedFile('it holds no schema.json');
    const root = parse(schema);
    collect(root, found, versions);
    return { globals: [...found], versions, root: nameOf(root) ?? null, sha256 };
  } catch (error) {
    if (!(error instanceof DamagedFile)) throw error;
    const message = `It is no whole skops file: ${error.message}.`;
    return { globals: [...found], versions, root: null, sha256, error: { code: 'damaged', message } };
  }
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

function parse(schema: Buffer): Record<string, unknown> {
  try {
    const root = asObject(JSON.parse(schema.toString('utf8')));
    if (root) return root;
  } catch {
    // As below: text that is not JSON is as bad as JSON of another kind.
  }
  throw new DamagedFile('its schema.json is no JSON object');
}

/** Goes through all that there is, not only through what skops would look at: the reader cannot be led past a name. */
function collect(root: unknown, found: Set<string>, versions: Record<string, string>): void {
  const waiting: unknown[] = [root];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (Array.isArray(value)) {
      for (const item of value) waiting.push(item);
      continue;
    }
    const node = asObject(value);
    if (!node) continue;
    for (const name of namesOf(node)) found.add(name);
    if (found.size > MOST_GLOBALS) throw new DamagedFile(`it names more than ${MOST_GLOBALS} types`);
    const version = versionOf(node['_sklearn_version']);
    if (version !== undefined) versions['_sklearn_version'] = version;
    for (const item of Object.values(node)) waiting.push(item);
  }
}

/** Types and functions that one node names. */
function namesOf(node: Record<string, unknown>): string[] {
  const names: string[] = [];
  const own = nameOf(node);
  if (own !== undefined && !MERE_KINDS.has(own)) names.push(own);
  const { module_path: module, function: name, func } = node;
  if (typeof module === 'string' && typeof name === 'string') names.push(`${module}.${name}`);
  // A method of an object: the object's own type, then the method.
  const owner = asObject(node['obj']);
  if (typeof func === 'string' && owner) names.push(`${nameOf(owner) ?? 'unknown'}.${func}`);
  return names;
}

function nameOf(node: Record<string, unknown>): string | undefined {
  const { __module__: module, __class__: name } = node;
  return typeof module === 'string' && typeof name === 'string' ? `${module}.${name}` : undefined;
}

/** Simple values are JSON in a string. */
function versionOf(node: unknown): string | undefined {
  const content = asObject(node)?.['content'];
  return typeof content === 'string' ? /^"([0-9][0-9A-Za-z.+]*)"$/.exec(content)?.[1] : undefined;
}
