import { execFile, execFileSync } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

let found: string | undefined;

/** Absolute path of a Python: the interpreter itself, not a shim that would be asked again at every start. */
export function testPython(): string {
  found ??= execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
  return found;
}

/**
 * Makes a conda environment at `prefix` with graphviz, tiny-one and what these need, of a channel that is made at
 * `channel`: by rattler, which the tests' environment has. It has no interpreter.
 */
export async function condaEnvironment(prefix: string, channel: string): Promise<void> {
  const root = path.resolve(import.meta.dirname, '../../..');
  const version = 'import sys; print("%d.%d" % sys.version_info[:2])';
  const minor = execFileSync(testPython(), ['-c', version], { encoding: 'utf8' }).trim();
  const script = path.join(import.meta.dirname, 'conda_environment.py');
  await promisify(execFile)(path.join(root, '.cache/python/bin/python'), [script, prefix, channel, minor]);
}
