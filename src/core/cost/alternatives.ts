/** What else could answer the same requests: one small server of each kind, with what it needs to be reached over HTTPS. */
import type { AlternativeCost, Usage } from '../../shared/cost.ts';
import { cpusOf } from '../host/container-settings.ts';
import { charge, type Charge } from './charges.ts';
import { GB, lambdaCharges, sharedCharges, type BillOptions } from './monthly.ts';
import { MONTH_HOURS, MONTH_SECONDS, type Prices } from './prices.ts';

export interface Alternative extends Pick<AlternativeCost, 'id' | 'title' | 'capacity'> {
  charges: Charge[];
  /** Whether a worker of the model fits in one. */
  fits: boolean;
}

/** https://aws.amazon.com/ec2/instance-types/t3/: 2 vCPUs, of each 20 % without end, and 4 GiB. */
const T3_MEDIUM = { vcpus: 2, baselineVcpus: 0.4, memoryMb: 4096 };
/** What an operating system with a container runtime takes; on EKS also what Kubernetes keeps for itself. */
const SYSTEM_MB = { server: 512, kubernetes: 1024 };
/** Of gp3: what the systems' own images need. */
const DISK_GB = { server: 8, kubernetes: 20 };
/**
 * Sizes of a Fargate task: vCPUs, and its GB of memory.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
 */
const FARGATE_SIZES: readonly [vcpus: number, gb: readonly number[]][] = [
  [0.25, [0.5, 1, 2]],
  [0.5, [1, 2, 3, 4]],
  [1, range(2, 8, 1)],
  [2, range(4, 16, 1)],
  [4, range(8, 30, 1)],
  [8, range(16, 60, 4)],
];
/** An internet-facing load balancer has an address in each of two zones at least. */
const BALANCER_ADDRESSES = 2;
/** Of a load balancer: new connections a second, and GB an hour, that one capacity unit holds. */
const UNIT = { connectionsPerSecond: 25, gbPerHour: 1 };

/** Provisioned concurrency is one of them where the function has none. */
export function alternativesOf(usage: Usage, options: BillOptions): Alternative[] {
  const { prices } = options;
  const { ec2, ebs, eks, fargate, publicIpv4 } = prices;
  const shared = sharedCharges(usage, options);
  const hours = (title: string, price: number, count = 1): Charge =>
    charge(title, 'hours', price, { base: MONTH_HOURS * count });
  const vcpuHours = cpuSeconds(usage) / 3600;
  const server = (kind: keyof typeof DISK_GB): Charge[] => [
    hours('t3.medium', ec2.t3MediumHour),
    charge('t3.medium above its baseline', 'vCPU-hours', ec2.t3SurplusVcpuHour, {
      perRequest: vcpuHours,
      free: T3_MEDIUM.baselineVcpus * MONTH_HOURS,
    }),
    charge('Disk, gp3', 'GB-months', ebs.gbMonth, { base: DISK_GB[kind] }),
    hours('Public IPv4 address', publicIpv4.hour),
  ];
  const t3 = (kind: keyof typeof DISK_GB): Pick<Alternative, 'capacity' | 'fits'> =>
    held(usage, T3_MEDIUM.vcpus, T3_MEDIUM.memoryMb - SYSTEM_MB[kind]);
  const task = fargateTask(usage.memoryMb);
  const provisioned: Alternative = {
    id: 'provisioned',
    title: 'Provisioned concurrency of 1',
    capacity: (MONTH_SECONDS * 1000) / usage.warmMs,
    fits: true,
    charges: lambdaCharges({ ...usage, provisionedConcurrency: 1 }, options),
  };
  return [
    { id: 't3.medium', title: 't3.medium', ...t3('server'), charges: [...server('server'), ...shared] },
    {
      id: 'fargate',
      title: `Fargate, ${task.vcpus} vCPU, ${task.gb} GB`,
      ...held(usage, task.vcpus, task.gb * 1024),
      charges: [
        charge('Fargate vCPUs', 'vCPU-hours', fargate.vcpuHour[usage.architecture], { base: task.vcpus * MONTH_HOURS }),
        charge('Fargate memory', 'GB-hours', fargate.gbHour[usage.architecture], { base: task.gb * MONTH_HOURS }),
        hours('Public IPv4 address', publicIpv4.hour),
        ...balancer(usage, prices),
        ...shared,
      ],
    },
    {
      id: 'eks',
      title: 'EKS, one t3.medium',
      ...t3('kubernetes'),
      charges: [
        hours('EKS control plane', eks.clusterHour),
        ...server('kubernetes'),
        ...balancer(usage, prices),
        ...shared,
      ],
    },
    ...(usage.provisionedConcurrency === 0 ? [provisioned] : []),
  ];
}

/** How many of it hold these requests of a month, at least: they would have to come evenly. */
export function instancesFor({ capacity }: Pick<Alternative, 'capacity'>, requests: number): number {
  return Math.max(1, Math.ceil(requests / capacity));
}

/** The smallest task with at least the processors that the function's memory brings, and at least that memory. */
export function fargateTask(memoryMb: number): { vcpus: number; gb: number } {
  for (const [vcpus, sizes] of FARGATE_SIZES) {
    const gb = sizes.find((size) => size * 1024 >= memoryMb);
    if (vcpus >= cpusOf(memoryMb) && gb !== undefined) return { vcpus, gb };
  }
  throw new Error(`AWS Lambda has no functions of ${memoryMb} MB`);
}

/** What a warm request takes of a processor at most: all that the function's memory brings, for as long as it lasts. */
function cpuSeconds({ warmMs, memoryMb }: Usage): number {
  return (warmMs / 1000) * cpusOf(memoryMb);
}

/** Workers of the function's memory side by side, as far as processors and memory go. */
function held(usage: Usage, vcpus: number, memoryMb: number): Pick<Alternative, 'capacity' | 'fits'> {
  const workers = Math.floor(memoryMb / usage.memoryMb);
  const used = Math.min(vcpus, workers * cpusOf(usage.memoryMb));
  return { capacity: (used * MONTH_SECONDS) / cpuSeconds(usage), fits: workers > 0 };
}

/** Each request counts as a connection of its own. */
function balancer({ answerBytes }: Usage, { loadBalancer, publicIpv4 }: Prices): Charge[] {
  const unitHours = Math.max(1 / 3600 / UNIT.connectionsPerSecond, answerBytes / GB / UNIT.gbPerHour);
  return [
    charge('Load balancer', 'hours', loadBalancer.hour, { base: MONTH_HOURS }),
    charge('Load balancer capacity', 'LCU-hours', loadBalancer.unitHour, { perRequest: unitHours }),
    charge('Its public IPv4 addresses', 'hours', publicIpv4.hour, { base: BALANCER_ADDRESSES * MONTH_HOURS }),
  ];
}

function range(from: number, to: number, step: number): number[] {
  return Array.from({ length: (to - from) / step + 1 }, (_, at) => from + at * step);
}
