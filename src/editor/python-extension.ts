import * as vscode from 'vscode';

/** What Nimbus reads of the Python extensions' public APIs. */
interface EnvironmentsApi {
  getEnvironment(scope: vscode.Uri | undefined): Promise<{ execInfo: { run: { executable: string } } } | undefined>;
}
interface PythonApi {
  environments: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { path: string };
    resolveEnvironment(environment: { path: string }): Promise<{ executable: { uri?: vscode.Uri } } | undefined>;
  };
}

/** The interpreter selected for a folder in the Python extension, where one is installed and has one selected. */
export async function selectedInterpreter(folder: string, log: vscode.LogOutputChannel): Promise<string | undefined> {
  const scope = vscode.Uri.file(folder);
  try {
    return (await fromEnvironments(scope)) ?? (await fromPython(scope));
  } catch (error) {
    // Another extension's failure must not stop a deploy: Nimbus looks for an interpreter by itself then.
    log.warn('The Python extension did not say which interpreter is selected:', error instanceof Error ? error : '');
    return undefined;
  }
}

async function fromEnvironments(scope: vscode.Uri): Promise<string | undefined> {
  const extension = vscode.extensions.getExtension<EnvironmentsApi>('ms-python.vscode-python-envs');
  const api = await extension?.activate();
  return (await api?.getEnvironment(scope))?.execInfo.run.executable;
}

async function fromPython(scope: vscode.Uri): Promise<string | undefined> {
  const extension = vscode.extensions.getExtension<PythonApi>('ms-python.python');
  const api = await extension?.activate();
  if (!api) return undefined;
  const found = await api.environments.resolveEnvironment(api.environments.getActiveEnvironmentPath(scope));
  return found?.executable.uri?.fsPath;
}
