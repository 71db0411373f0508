import { execFileSync } from 'node:child_process';

let found: string | undefined;

/** Absolute path of a Python: the interpreter itself, not a shim that would be asked again at every start. */
export function testPython(): string {
  found ??= execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
  return found;
}
