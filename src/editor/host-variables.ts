const MINUTE_MS = 60_000;

/** Settings that the host reads from its environment when it starts, with the variable and the factor of its unit. */
export const HOST_SETTINGS: Readonly<Record<string, { variable: string; factor: number }>> = {
  'host.lingerMinutes': { variable: 'NIMBUS_LINGER_CLI_MS', factor: MINUTE_MS },
  'local.idleMinutes': { variable: 'NIMBUS_IDLE_MS', factor: MINUTE_MS },
  'local.queueLength': { variable: 'NIMBUS_QUEUE_LIMIT', factor: 1 },
  'local.networkForConsentedModels': { variable: 'NIMBUS_CONSENTED_NETWORK', factor: 1 },
  'docker.network': { variable: 'NIMBUS_CONTAINER_NETWORK', factor: 1 },
  'docker.storageMb': { variable: 'NIMBUS_STORAGE_MB', factor: 1 },
  'docker.pauseSeconds': { variable: 'NIMBUS_PAUSE_MS', factor: 1000 },
};

/** The host's variables for the settings that `changed` has a value of. */
export function hostVariables(changed: (setting: string) => number | boolean | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(HOST_SETTINGS).flatMap(([setting, { variable, factor }]) => {
      const value = changed(setting);
      return value === undefined ? [] : [[variable, String(Number(value) * factor)]];
    }),
  );
}
