/** The key of an API: read from AWS, kept by the user, sent only to the API that it belongs to. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { places } from '../places.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { ApiKeyPlace, CloudStatus } from '../../shared/states.ts';
import type { AwsConfig } from './aws.ts';
import { asking, orAbsent } from './errors.ts';
import { configOf } from './profiles.ts';

/** Where the user's secrets are kept. */
export interface KeyStore {
  get(id: string): Promise<string | undefined>;
  set(id: string, value: string): Promise<void>;
  delete(id: string): Promise<void>;
}

/** Errors: as of `awsFailure`; the key has no value, or is gone (`key-gone`). Undefined where callers need none. */
export async function readKey(
  config: AwsConfig,
  { keyId, stack }: Pick<CloudStatus, 'keyId' | 'stack'>,
): Promise<Outcome<string | undefined>> {
  if (keyId === undefined) return ok(undefined);
  return asking(async () => {
    const { APIGatewayClient, GetApiKeyCommand } = await import('@aws-sdk/client-api-gateway');
    const command = new GetApiKeyCommand({ apiKey: keyId, includeValue: true });
    const found = await orAbsent(new APIGatewayClient(config).send(command));
    if (!found) {
      return fail('key-gone', `The API key of ${stack} that is known here is gone.`, {
        why: 'It was rotated on another machine.',
        next: 'nimbus status, or Refresh in the editor, asks AWS for the one that there is now.',
      });
    }
    if (found.value !== undefined) return ok(found.value);
    return fail('no-key', `The API key of ${stack} has no value.`, {
      next: 'Deploy it again, which makes another one.',
    });
  });
}

/** A key belongs to one API of one account and region, and to one id: another API of the same name gets no old key. */
function idOf({ account, region, apiId, keyId }: ApiKeyPlace): string {
  return `${account}/${region}/${apiId}/${keyId}`;
}

/** The headers with which a deployment is called; its key is asked for once. Errors: as of `readKey`. */
export async function headersFor(
  cloud: CloudStatus | undefined,
  store: KeyStore,
  env: NodeJS.ProcessEnv,
): Promise<Outcome<Record<string, string>>> {
  if (cloud?.keyId === undefined) return ok({});
  const kept = await store.get(idOf(cloud));
  if (kept !== undefined) return ok({ 'x-api-key': kept });
  const read = await readKey(await configOf(cloud, env), cloud);
  if (!read.ok) return read;
  if (read.value === undefined) return ok({});
  await store.set(idOf(cloud), read.value);
  return ok({ 'x-api-key': read.value });
}

/** After a rotation: the new key in the place of the one before. Errors: as of `readKey`. */
export async function keepNewKey(
  { before, now }: { before: CloudStatus; now: CloudStatus },
  store: KeyStore,
  env: NodeJS.ProcessEnv,
): Promise<Outcome<Record<string, string>>> {
  await forgetKeyBefore(before, now, store);
  return headersFor(now, store, env);
}

export async function forgetKey(cloud: ApiKeyPlace, store: KeyStore): Promise<void> {
  if (cloud.keyId !== undefined) await store.delete(idOf(cloud));
}

/** After a deploy: the key of what was there before, where that was another key or another API. */
export async function forgetKeyBefore(
  before: ApiKeyPlace | undefined,
  now: ApiKeyPlace,
  store: KeyStore,
): Promise<void> {
  if (before && idOf(before) !== idOf(now)) await forgetKey(before, store);
}

export function keyFile(): string {
  return path.join(places().data, 'keys.json');
}

/** A file that only the user can read, where there is no editor to keep secrets. */
export function fileKeyStore(): KeyStore {
  const file = keyFile();
  const read = async (): Promise<Record<string, string>> => {
    try {
      return JSON.parse(await readFile(file, 'utf8')) as Record<string, string>;
    } catch {
      // Missing or broken: what is in it can be read from AWS again.
      return {};
    }
  };
  const write = async (keys: Record<string, string>): Promise<void> => {
    await writeFileAtomic(file, `${JSON.stringify(keys, undefined, 2)}\n`, { mode: 0o600 });
  };
  return {
    get: async (id) => (await read())[id],
    set: async (id, value) => write({ ...(await read()), [id]: value }),
    delete: async (id) => {
      const { [id]: gone, ...left } = await read();
      if (gone !== undefined) await write(left);
    },
  };
}
