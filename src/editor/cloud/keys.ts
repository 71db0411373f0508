import type * as vscode from 'vscode';
import type { KeyStore } from '../../core/cloud/keys.ts';

/** Keys of APIs in the secret storage of the editor, which its system's keychain encrypts. */
export function keyStore(secrets: vscode.SecretStorage): KeyStore {
  const place = (id: string): string => `key/${id}`;
  return {
    get: async (id) => secrets.get(place(id)),
    set: async (id, value) => secrets.store(place(id), value),
    delete: async (id) => secrets.delete(place(id)),
  };
}
