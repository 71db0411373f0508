/** What AWS Lambda allows a function, as settings of a container. */
import type Docker from 'dockerode';

export interface ContainerOptions {
  docker: Docker;
  /** `sha256:…`: what was built, whatever its name means by now. */
  image: string;
  /** Python in the image: a path, or a name on its PATH. */
  python: string;
  /** What the image itself would start. */
  entrypoint: readonly string[];
  functionName: string;
  env: Record<string, string>;
  labels: Record<string, string>;
  memoryMb: number;
  timeoutSeconds: number;
  /** Size of /tmp in MB. */
  storageMb: number;
  network: boolean;
  /** Loading it needed consent: it is to run without a network. */
  isolated: boolean;
  /** Absolute path of relay.py on this machine. */
  relay: string;
  /** Processors of the engine's machine. */
  engineCpus: number;
}

/** Memory that comes with one processor: Lambda developer guide, "Configure Lambda function memory". */
const MB_PER_CPU = 1769;
/** Any user without rights; Lambda ignores an image's USER and runs it as one of its own. */
const USER = '993:990';
/** Lambda developer guide, "Lambda quotas": processes and threads, 1,024. */
const PROCESSES = 1024;

/** Processors as Lambda shares them out: 0.5 at 884 MB. */
export function cpusOf(memoryMb: number): number {
  return memoryMb / MB_PER_CPU;
}

let turn = 0;

export function containerSettings(options: ContainerOptions, relay: string): Docker.ContainerCreateOptions {
  const { image, python, entrypoint, env, labels, memoryMb, storageMb, network, engineCpus } = options;
  const threads = Math.max(1, Math.ceil(cpusOf(memoryMb)));
  const cpus = Math.min(threads, engineCpus);
  // Several workers are not all to get the first processor.
  const first = turn++ % engineCpus;
  const cpuset = Array.from({ length: cpus }, (_, index) => (first + index) % engineCpus);
  const all = { ...lambdaVariables(options), ...threadVariables(threads), ...env };
  return {
    Image: image,
    Entrypoint: [python, '-I', '-S', '-c', relay],
    Cmd: [...entrypoint],
    Env: Object.entries(all).map(([name, value]) => `${name}=${value}`),
    Labels: labels,
    User: USER,
    OpenStdin: true,
    // It ends with the host, however that ends.
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Tty: false,
    NetworkDisabled: !network,
    HostConfig: {
      ...(network ? {} : { NetworkMode: 'none' }),
      // What goes over the attached stream are users' texts: they belong on no disk.
      LogConfig: { Type: 'none', Config: {} },
      Memory: memoryMb * 2 ** 20,
      MemorySwap: memoryMb * 2 ** 20,
      NanoCpus: Math.round(Math.min(cpusOf(memoryMb), engineCpus) * 1e9),
      CpusetCpus: cpuset.join(','),
      PidsLimit: PROCESSES,
      ReadonlyRootfs: true,
      Tmpfs: { '/tmp': `rw,exec,nosuid,nodev,mode=1777,size=${storageMb}m` },
      // Lambda has no /dev/shm.
      IpcMode: 'none',
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
    },
  };
}

/** Lambda developer guide, "Defined runtime environment variables". */
function lambdaVariables({ functionName, memoryMb }: ContainerOptions): Record<string, string> {
  return {
    AWS_LAMBDA_FUNCTION_NAME: functionName,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${functionName}`,
    AWS_LAMBDA_LOG_STREAM_NAME: '$LATEST',
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    TZ: ':UTC',
  };
}

/** Libraries count the machine's processors, not those that the function has. */
function threadVariables(threads: number): Record<string, string> {
  const names = ['OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS', 'NUMEXPR_NUM_THREADS'];
  return Object.fromEntries(names.map((name) => [name, String(threads)]));
}
