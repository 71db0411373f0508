import * as vscode from 'vscode';

const MINUTE_MS = 60_000;

/** Settings that the host reads from its environment when it starts, with the variable and the factor of its unit. */
const HOST_SETTINGS: Record<string, { variable: string; factor: number }> = {
  'host.lingerMinutes': { variable: 'NIMBUS_LINGER_CLI_MS', factor: MINUTE_MS },
  'local.idleMinutes': { variable: 'NIMBUS_IDLE_MS', factor: MINUTE_MS },
  'local.queueLength': { variable: 'NIMBUS_QUEUE_LIMIT', factor: 1 },
  'local.networkForConsentedModels': { variable: 'NIMBUS_CONSENTED_NETWORK', factor: 1 },
};

/** The environment of a host that this window starts: the settings that the user changed. */
export function hostEnvironment(folder: string): Record<string, string> {
  const settings = vscode.workspace.getConfiguration('nimbus', vscode.Uri.file(folder));
  const changed = Object.entries(HOST_SETTINGS).flatMap(([name, { variable, factor }]) => {
    const value = settings.get<number | boolean>(name);
    const isUsual = value === undefined || value === settings.inspect(name)?.defaultValue;
    return isUsual ? [] : [[variable, String(Number(value) * factor)]];
  });
  return Object.fromEntries(changed) as Record<string, string>;
}
