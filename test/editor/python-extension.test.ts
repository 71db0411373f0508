import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { selectedInterpreter } from '../../src/editor/python-extension.ts';
import { hostOfWindow, leaveNothing, runAgreeing, workspace, writeEcho } from './host-window.ts';
import type { PythonStandIn } from './python-extensions.ts';

const warnings: unknown[] = [];
const log = { warn: (...values: unknown[]) => void warnings.push(values) } as unknown as vscode.LogOutputChannel;
const selected = (): Promise<string | undefined> => selectedInterpreter(workspace, log);

describe('the interpreter that is selected in the Python extension', () => {
  const folder = path.join(workspace, 'selecting');
  const environment = path.join(workspace, 'chosen');
  const interpreter = path.join(environment, 'bin', 'python');
  let python: PythonStandIn;
  let environments: PythonStandIn;

  before(async () => {
    python = await vscode.extensions.getExtension<PythonStandIn>('ms-python.python')!.activate();
    environments = await vscode.extensions.getExtension<PythonStandIn>('ms-python.vscode-python-envs')!.activate();
  });
  afterEach(() => {
    python.select(undefined);
    environments.select(undefined);
    assert.deepEqual(warnings, []);
  });
  after(async () => {
    await leaveNothing();
    for (const one of [folder, environment]) rmSync(one, { recursive: true, force: true });
  });

  it('is none where the user selected none', async () => {
    assert.equal(await selected(), undefined);
  });

  it('is that of the Python extension, or of Python Environments where that knows one', async () => {
    python.select('/somewhere/bin/python');
    assert.equal(await selected(), '/somewhere/bin/python');
    environments.select('/elsewhere/bin/python');
    assert.equal(await selected(), '/elsewhere/bin/python');
  });

  it('is none where the extension fails, which the log says', async () => {
    environments.select(new Error('no manager'));
    assert.equal(await selected(), undefined);
    assert.match(String(warnings.splice(0)[0]), /did not say which interpreter is selected/);
  });

  it('runs a model before every other that Nimbus finds by itself', async function () {
    this.timeout(90_000);
    writeEcho(folder);
    mkdirSync(path.dirname(interpreter), { recursive: true });
    symlinkSync(path.join(workspace, '.venv', 'bin', 'python'), interpreter);
    writeFileSync(path.join(environment, 'pyvenv.cfg'), readFileSync(path.join(workspace, '.venv', 'pyvenv.cfg')));
    python.select(interpreter);
    const outcome = await runAgreeing('nimbus.deploy', vscode.Uri.file(folder));
    assert.equal(outcome.ok, true);
    const host = await hostOfWindow();
    host!.close();
    assert.equal(host!.hello.deployments[0]!.interpreter, interpreter);
  });
});
