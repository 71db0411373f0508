import { isFile, readStart } from './folder.ts';

/** The JSON object in a file; undefined where there is none, or it is not JSON, or it is no object. */
export async function readObject(file: string): Promise<Record<string, unknown> | undefined> {
  if (!(await isFile(file))) return undefined;
  try {
    return asObject(JSON.parse(await readStart(file)));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function asObject(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

/** The strings of a list; empty where it is none. */
export function asTexts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}
