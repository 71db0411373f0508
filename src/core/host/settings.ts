import { machineLimitBytes } from './memory.ts';

/** Times and sizes of a host. Each can be set by an environment variable of the host's process. */
/**
 * AWS Lambda ends an initialisation after it, milliseconds, and runs it again within the first request; up to there it
 * does not count against the request's time limit: Lambda developer guide, "Init phase".
 */
export const INIT_MS = 10_000;

export interface HostSettings {
  /** The host stays this long after the last editor left. `NIMBUS_LINGER_EDITOR_MS`. */
  lingerEditorMs: number;
  /** The host stays this long after the last CLI call or HTTP request. `NIMBUS_LINGER_CLI_MS`. */
  lingerCliMs: number;
  /** A worker without requests ends after this long. `NIMBUS_IDLE_MS`. */
  idleMs: number;
  /** Requests that wait per deployment; one more is answered 429. `NIMBUS_QUEUE_LIMIT`. */
  queueLimit: number;
  /** A change of a model counts once its files stay the same this long. `NIMBUS_RELOAD_STABLE_MS`. */
  reloadStableMs: number;
  /** A worker that is not ready by then is ended. `NIMBUS_INIT_TIMEOUT_MS`. */
  initTimeoutMs: number;
  /** A worker of a model without `memoryMb` may take as much. `NIMBUS_WORKER_MEMORY_MB`, megabytes of 2^20 bytes. */
  workerMemoryBytes: number;
  /** A model that needed consent for what its file names keeps the network. `NIMBUS_CONSENTED_NETWORK=1`. */
  consentedNetwork: boolean;
  /** Containers have a network, as functions of AWS Lambda do. `NIMBUS_CONTAINER_NETWORK=0` takes it away. */
  containerNetwork: boolean;
  /** Size of /tmp of a container in MB; AWS Lambda's usual 512. `NIMBUS_STORAGE_MB`. */
  storageMb: number;
  /** A container without requests is paused after this long: still warm, without processor time. `NIMBUS_PAUSE_MS`. */
  pauseMs: number;
}

const MINUTE = 60_000;

export function hostSettings(env: NodeJS.ProcessEnv): HostSettings {
  const number = (name: string, usual: number) => {
    const value = Number(env[name]);
    return env[name] && Number.isFinite(value) && value >= 0 ? value : usual;
  };
  return {
    lingerEditorMs: number('NIMBUS_LINGER_EDITOR_MS', MINUTE),
    lingerCliMs: number('NIMBUS_LINGER_CLI_MS', 15 * MINUTE),
    idleMs: number('NIMBUS_IDLE_MS', 10 * MINUTE),
    queueLimit: number('NIMBUS_QUEUE_LIMIT', 100),
    reloadStableMs: number('NIMBUS_RELOAD_STABLE_MS', 2000),
    initTimeoutMs: number('NIMBUS_INIT_TIMEOUT_MS', 10 * MINUTE),
    workerMemoryBytes: number('NIMBUS_WORKER_MEMORY_MB', machineLimitBytes() / 2 ** 20) * 2 ** 20,
    consentedNetwork: env['NIMBUS_CONSENTED_NETWORK'] === '1',
    containerNetwork: env['NIMBUS_CONTAINER_NETWORK'] !== '0',
    storageMb: number('NIMBUS_STORAGE_MB', 512),
    pauseMs: number('NIMBUS_PAUSE_MS', 1000),
  };
}
