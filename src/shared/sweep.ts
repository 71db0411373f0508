/** A memory sweep: one image at several memory sizes. */
import type { Architecture, DeploymentKey } from './spec.ts';

export interface SweepReport extends DeploymentKey {
  /** ISO 8601. */
  at: string;
  /** `sha256:…`: what ran. */
  image: string;
  architecture: Architecture;
  /** Where the inputs are from. */
  inputs: { from: 'file' | 'models.json' | 'card'; count: number };
  /** Milliseconds that the user asked for. */
  p95Ms?: number;
  /** Processors of the engine's machine: a size that brings more has only these. */
  engineCpus: number;
  timeoutSeconds: number;
  prices: { region: string; source: string; read: string };
  /** In the order of their memory. */
  rows: SweepRow[];
}

export interface SweepStart {
  /** What AWS Lambda calls Init Duration: from the runtime's start until it asks for its first event. */
  initMs: number;
  /** Parts of it; the rest is the interpreter's start. */
  importsMs: number;
  loadMs: number;
  /** It was not ready after 10 s, and was started again, as on AWS Lambda. */
  isSecond: boolean;
}

export interface SweepRow {
  memoryMb: number;
  /** Processors that it had. */
  cpus: number;
  outcome: 'answered' | 'out-of-memory' | 'timed-out' | 'failed';
  /** Why it is not `answered`, or what some inputs were answered with; never a user's text. */
  detail?: string;
  /** Unset where it never was ready. */
  start?: SweepStart;
  /** Milliseconds of the first answer. */
  firstMs?: number;
  /** Answers of a warm container that `p50Ms` and `p95Ms` are of, milliseconds each. */
  warm: number;
  p50Ms?: number;
  p95Ms?: number;
  /** Inputs that were answered with an error. */
  failed: number;
  /** The most memory that the container used, files that the kernel keeps for it included. */
  peakBytes?: number;
  /** Milliseconds on average, as AWS Lambda bills them. */
  billedMs?: number;
  /** Of the first answer, with the initialisation, which is billed too. */
  coldBilledMs?: number;
  /** US dollars of a million warm requests. */
  costPerMillion?: number;
}

/** Sizes that a sweep tries where the user names none: up to what new accounts may have; 1,769 MB is one processor. */
export const SWEEP_SIZES_MB: readonly number[] = [512, 1024, 1769, 3008];
/** Lambda developer guide, "Lambda quotas": function memory allocation. */
export const MEMORY_MB = { least: 128, most: 10_240 } as const;
/** Sizes of one sweep at most. */
export const SWEEP_SIZES = 12;

/** Warm answers of each size where the user names no other number. */
export const SWEEP_REQUESTS = 50;
/** Inputs of one sweep at most, and bytes of them together: the plan holds them in memory. */
export const SWEEP_INPUTS = 1000;
export const SWEEP_INPUTS_BYTES = 4_000_000;

/** Distinct sizes in ascending order; undefined where the text is no list of sizes that AWS Lambda has. */
export function parseSizes(text: string): number[] | undefined {
  const sizes = text.split(/[\s,;]+/).filter((one) => one !== '');
  const parsed = [...new Set(sizes.map(Number))].toSorted((one, other) => one - other);
  const fits = (mb: number): boolean => Number.isInteger(mb) && mb >= MEMORY_MB.least && mb <= MEMORY_MB.most;
  return parsed.length > 0 && parsed.length <= SWEEP_SIZES && parsed.every(fits) ? parsed : undefined;
}

/**
 * The row that costs the least among those that answered as well as the best did and, where `p95Ms` is given, within
 * that; of two that cost the same the quicker. Undefined where there is none.
 */
export function cheapest(rows: readonly SweepRow[], p95Ms?: number): SweepRow | undefined {
  const answered = rows.filter((row) => row.outcome === 'answered' && row.costPerMillion !== undefined);
  const fewest = Math.min(...answered.map(({ failed }) => failed));
  const fitting = answered.filter(
    (row) => row.failed === fewest && (p95Ms === undefined || (row.p95Ms !== undefined && row.p95Ms <= p95Ms)),
  );
  const [best] = fitting.toSorted(
    (one, other) => one.costPerMillion! - other.costPerMillion! || (one.p95Ms ?? 0) - (other.p95Ms ?? 0),
  );
  return best;
}

/** `$0.238`, `$12.30`, `$1,240`: US dollars as people compare them. */
export function formatDollars(dollars: number, locale?: string): string {
  const digits = dollars < 10 ? 3 : dollars < 100 ? 2 : 0;
  return `$${dollars.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}

/** `1,769 MB`. */
export function formatMemory(memoryMb: number, locale?: string): string {
  return `${memoryMb.toLocaleString(locale)} MB`;
}

/** What the sweep says about the choice, one sentence. */
export function verdictOf(report: Pick<SweepReport, 'rows' | 'p95Ms'>, locale?: string): string {
  const { rows, p95Ms } = report;
  const best = cheapest(rows, p95Ms);
  const within = p95Ms === undefined ? '' : ` with a p95 within ${p95Ms.toLocaleString(locale)} ms`;
  if (best) {
    return `The cheapest${within} is ${formatMemory(best.memoryMb, locale)}: ${formatDollars(best.costPerMillion!, locale)} per million requests.`;
  }
  return cheapest(rows) ? `None of these sizes answers${within}.` : 'None of these sizes answers.';
}

/** Outcomes as people read them. */
export const OUTCOMES: Record<SweepRow['outcome'], string> = {
  answered: 'answered',
  'out-of-memory': 'out of memory',
  'timed-out': 'timed out',
  failed: 'failed',
};

/** Where the inputs came from and what the prices are of, in one sentence. */
export function basisOf({ inputs, prices, architecture }: SweepReport, locale?: string): string {
  const many = inputs.count === 1 ? 'One input' : `${inputs.count.toLocaleString(locale)} inputs`;
  const from = { file: 'a file', 'models.json': 'models.json', card: 'the model’s card' }[inputs.from];
  return `${many} from ${from}, one request at a time; prices of ${prices.region}, ${architecture}, without the free tier.`;
}

/** Where larger sizes had no more processors here than smaller ones; undefined where none was short of them. */
export function processorsOf({ rows, engineCpus }: SweepReport): string | undefined {
  if (!rows.some(({ cpus }) => cpus >= engineCpus)) return undefined;
  return `The Docker engine has ${engineCpus} processors: sizes that bring more have only these here.`;
}

/** What a sweep on this machine cannot know. */
export const SWEEP_NOTE =
  'Measured on the processor of this machine, which is not AWS Lambda’s: compare sizes, and expect other milliseconds there. Without network, API Gateway and the start of the sandbox itself.';
