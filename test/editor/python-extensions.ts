/**
 * Stand-ins for Microsoft's Python and Python Environments extensions, which are on no public registry that tests may
 * ask. They have what Nimbus reads of the published APIs (`@vscode/python-extension`, `api.ts` of
 * vscode-python-environments) in the shapes given there, and `select`, by which a test chooses.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** What a test sees of one: undefined selects none; an error is what asking for the environment then ends with. */
export interface PythonStandIn {
  select(interpreter: string | Error | undefined): void;
}

const PYTHON = `
const vscode = require('vscode');
let selected;
exports.activate = async () => ({
  select: (interpreter) => { selected = interpreter; },
  environments: {
    // Without a choice of the user's it names the command that a terminal would run.
    getActiveEnvironmentPath: (resource) => {
      if (!(resource instanceof vscode.Uri)) throw new Error('no folder');
      return selected === undefined ? { id: 'DEFAULT_PYTHON', path: 'python' } : { id: selected, path: selected };
    },
    resolveEnvironment: async ({ id, path }) =>
      id === 'DEFAULT_PYTHON' ? undefined : { id, path, executable: { uri: vscode.Uri.file(path), bitness: '64-bit' } },
  },
});
`;

const ENVIRONMENTS = `
const vscode = require('vscode');
let selected;
exports.activate = async () => ({
  select: (interpreter) => { selected = interpreter; },
  getEnvironment: async (scope) => {
    if (!(scope instanceof vscode.Uri)) throw new Error('no folder');
    if (selected instanceof Error) throw selected;
    return selected && {
      envId: { id: selected, managerId: 'ms-python.python:venv' },
      environmentPath: vscode.Uri.file(selected),
      execInfo: { run: { executable: selected } },
    };
  },
});
`;

/** Installs both into a folder of extensions. */
export function writePythonExtensions(folder: string): void {
  for (const [name, source] of Object.entries({ python: PYTHON, 'vscode-python-envs': ENVIRONMENTS })) {
    const [publisher, version] = ['ms-python', '1.0.0'];
    const extension = path.join(folder, `${publisher}.${name}-${version}`);
    mkdirSync(extension, { recursive: true });
    const manifest = { name, publisher, version, engines: { vscode: '^1.100.0' }, main: './main.cjs' };
    writeFileSync(path.join(extension, 'package.json'), JSON.stringify(manifest));
    writeFileSync(path.join(extension, 'main.cjs'), source);
  }
}
