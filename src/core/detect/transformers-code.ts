import { createHash } from 'node:crypto';
import path from 'node:path';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { Risk } from './detection.ts';
import { peek, readBytes } from './folder.ts';
import { isFields, readFields } from './transformers-config.ts';

/** Where `auto_map` may name classes of the model's own repository. */
const MAPPED = ['config.json', 'tokenizer_config.json', 'preprocessor_config.json', 'processor_config.json'];
const SOURCE_LIMIT = 16 * 1024 * 1024;

/**
 * The code of its own repository that loading a model needs (what `trust_remote_code` is about); undefined where it
 * needs none. `classes` are further classes, as `module.Class`. Errors: the code is somewhere else.
 */
export async function ownCode(folder: string, classes: readonly string[]): Promise<Outcome<Risk | undefined>> {
  const named: string[] = [...classes];
  for (const file of MAPPED) named.push(...mapped(await readFields(path.join(folder, file))));
  if (named.length === 0) return ok(undefined);
  const elsewhere = named.find((one) => one.includes('--'));
  if (elsewhere !== undefined) {
    return fail('code-missing', `${path.basename(folder)} needs code that is in another repository.`, {
      why: `Its configuration names ${elsewhere}; Nimbus loads models from their own folder and downloads nothing.`,
      next: 'Copy the Python files of that repository into the folder, and take the part up to -- away from auto_map.',
    });
  }
  const files = (await peek(folder)).files.filter((name) => name.endsWith('.py'));
  const missing = named.map((one) => `${one.split('.')[0]}.py`).find((one) => !files.includes(one));
  if (missing !== undefined) {
    return fail('code-missing', `${path.basename(folder)} needs code of its own, and ${missing} is not there.`, {
      why: 'Its configuration names classes that are not part of transformers.',
      next: `Copy ${missing} and the Python files that it imports into the folder.`,
    });
  }
  const hash = createHash('sha256');
  for (const name of files) {
    const content = createHash('sha256').update(await readBytes(path.join(folder, name), SOURCE_LIMIT));
    hash.update(`${name}\n${content.digest('hex')}\n`);
  }
  return ok({ kind: 'code', files, hash: hash.digest('hex') });
}

function mapped(fields: Record<string, unknown> | undefined): string[] {
  const map = fields?.['auto_map'];
  const values = isFields(map) ? Object.values(map) : [map];
  // A tokenizer has two classes, of which one may be null.
  return values.flat().filter((one): one is string => typeof one === 'string');
}
