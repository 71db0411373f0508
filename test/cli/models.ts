/** Models and answers that tests of bad input share. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { connectHost, type HostConnection } from '../../src/core/host/client.ts';
import type { HostEvents } from '../../src/core/host/protocol.ts';
import type { Problem } from '../../src/shared/contract.ts';
import { python, type Sandbox } from './nimbus.ts';

/** Answers with what it was sent. */
export const ECHO = `
def load(path):
    return None

def predict(model, input):
    return input
`;

/** Says with a file that it loads, and goes on once another file is there. */
export const gated = (gate: string): string => `
import os, time

def load(path):
    open(${JSON.stringify(`${gate}.here`)}, "w").close()
    while not os.path.exists(${JSON.stringify(gate)}):
        time.sleep(0.005)

def predict(model, input):
    return input
`;

/** Writes a custom model into the project and answers with its path relative to the project. */
export function writeModel(sandbox: Sandbox, name: string, handler = ECHO, files: Record<string, string> = {}): string {
  const folder = path.join(sandbox.folder, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'handler.py'), handler);
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(folder, file), text);
  return name;
}

/** Runs Python with the sample frameworks in the project. */
export function runPython(sandbox: Sandbox, script: string): void {
  execFileSync(python, ['-c', script], { cwd: sandbox.folder });
}

/** Deploys a path without any terminal, trusting it. */
export const deployArguments = (target: string, ...more: string[]): string[] => [
  'deploy',
  target,
  '--python',
  python,
  '--trust',
  '--yes',
  ...more,
];

/** Runs what must fail with this exit code, as a problem and never as a bug; answers with the problem. */
export async function refused(
  sandbox: Sandbox,
  argv: string[],
  code = 1,
  env?: NodeJS.ProcessEnv,
): Promise<Partial<Problem> & { text: string; code: string }> {
  const ended = await sandbox.nimbus([...argv, '--json'], env === undefined ? {} : { env });
  assert.equal(ended.code, code, `${argv.join(' ')}: ${ended.stdout}${ended.stderr}`);
  assert.equal(ended.stderr, '');
  const problem = JSON.parse(ended.stdout) as Partial<Problem> & { next?: string };
  const kind = problem.type!.split(':').at(-1)!;
  assert.ok(!['bug', 'internal-error'].includes(kind), ended.stdout);
  assert.ok(problem.title && problem.next, `it says what happened and what to do: ${ended.stdout}`);
  return { ...problem, code: kind, text: [problem.title, problem.detail, problem.next].join(' ') };
}

/** A connection to the sandbox's host, started where none runs. */
export async function hostOf(
  sandbox: Sandbox,
  kind: 'editor' | 'cli' = 'cli',
  events: Partial<HostEvents> = {},
): Promise<HostConnection> {
  process.env['NIMBUS_HOME'] = sandbox.home;
  const connected = await connectHost({ project: sandbox.folder, kind, events });
  if (!connected.ok) assert.fail(JSON.stringify(connected.error));
  return connected.value;
}

export const modelsFile = (sandbox: Sandbox): string => path.join(sandbox.folder, 'models.json');

/** Everything a deploy may leave in the project: models.json's text, and the copies of models. */
export function leftBehind(sandbox: Sandbox): { models: string | undefined; snapshots: string[] } {
  const file = modelsFile(sandbox);
  const snapshots = path.join(sandbox.folder, '.nimbus/snapshots');
  return {
    models: existsSync(file) ? readFileSync(file, 'utf8') : undefined,
    snapshots: existsSync(snapshots) ? readdirSync(snapshots) : [],
  };
}
