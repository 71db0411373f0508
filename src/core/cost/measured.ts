/** How long a request of a deployment takes, as far as it was measured, and what it is billed for then. */
import type { Measurement, Spent, Usage } from '../../shared/cost.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { DEFAULTS, keyText, type Architecture, type DeploymentKey, type ModelSpec } from '../../shared/spec.ts';
import type { DeploymentStatus } from '../../shared/states.ts';
import { cheapest, formatMemory, type SweepReport, type SweepRow } from '../../shared/sweep.ts';
import { billedMs } from './prices.ts';

export interface Known {
  key: DeploymentKey;
  spec: Pick<ModelSpec, 'memoryMb'> | undefined;
  status: Pick<DeploymentStatus, 'target' | 'image' | 'lastMs'> | undefined;
  /** The last one of the model. */
  sweep: SweepReport | undefined;
  /** What AWS counted of it, of a deployment there. */
  spent?: Spent;
  /** What the user said in the place of what was measured. */
  asked: { memoryMb?: number; warmMs?: number };
}

/** What was measured of a size of memory. */
export type Measured = Pick<Usage, 'memoryMb' | 'warmMs' | 'coldMs' | 'architecture'> & { measured: Measurement };

/**
 * In this order: what the user said; what AWS counted; a sweep of this image at this memory; the last requests of the
 * deployment here; a sweep of an older image. Where nobody named a memory and only a sweep has figures, its cheapest size. Errors: `not-measured`,
 * with how to measure.
 */
export function measuredOf(known: Known): Outcome<Measured> {
  const { spec, status, sweep, spent, asked } = known;
  const declared = spec?.memoryMb ?? DEFAULTS.memoryMb;
  const memoryMb = asked.memoryMb ?? declared;
  const architecture = architectureOf(status?.image?.platform);
  if (asked.warmMs !== undefined) {
    return ok({ memoryMb, architecture, warmMs: billedMs(asked.warmMs), measured: { from: 'given' } });
  }
  if (spent && spent.invocations > 0 && memoryMb === declared) {
    const { since, invocations, durationMs } = spent;
    // What rounding up adds on average.
    const warmMs = durationMs / invocations + 0.5;
    return ok({ memoryMb, architecture, warmMs, measured: { from: 'lambda', since, requests: invocations } });
  }
  const row = sweep?.rows.find((one) => one.memoryMb === memoryMb && one.billedMs !== undefined);
  const isOlder = sweep !== undefined && status?.image !== undefined && status.image.id !== sweep.image;
  if (row && !isOlder) return ok(ofSweep(sweep!, row, isOlder));
  const { warm, preinitialised, cold } = status?.lastMs ?? {};
  const answered = warm ?? preinitialised;
  if (status && memoryMb === declared && answered !== undefined) {
    return ok({
      memoryMb,
      architecture,
      warmMs: billedMs(answered),
      ...(cold === undefined ? {} : { coldMs: billedMs(cold) }),
      measured: { from: status.image ? 'docker' : 'local' },
    });
  }
  const best = row ?? (sweep && asked.memoryMb === undefined ? cheapest(sweep.rows) : undefined);
  return best ? ok(ofSweep(sweep!, best, isOlder)) : notMeasured(known, memoryMb);
}

function ofSweep(sweep: SweepReport, row: SweepRow, isOlder: boolean): Measured {
  const { memoryMb, billedMs: warmMs, coldBilledMs, warm } = row;
  return {
    memoryMb,
    architecture: sweep.architecture,
    warmMs: warmMs!,
    ...(coldBilledMs === undefined ? {} : { coldMs: coldBilledMs }),
    measured: { from: 'sweep', at: sweep.at, warm, isOlder },
  };
}

function notMeasured({ key, status, spent, asked }: Known, memoryMb: number): Outcome<never> {
  const name = keyText(key);
  const memory = formatMemory(memoryMb, 'en');
  if (asked.memoryMb !== undefined) {
    return fail('not-measured', `Nobody measured ${name} at ${memory}.`, {
      why: 'More memory brings more processors, so that another size has another duration.',
      next: `Measure it with: nimbus sweep ${name} --memory ${memoryMb}. Or say how long a request takes: --duration MS.`,
    });
  }
  if (spent) {
    return fail('not-measured', `${name} has answered no request yet, as far as CloudWatch has counted.`, {
      why: 'What it costs depends on how long a request takes. What is counted comes a few minutes late.',
      next: `Send one: nimbus predict ${name}. Or say how long a request takes: --duration MS.`,
    });
  }
  const sweeping = `Or measure it as AWS Lambda bills it: nimbus sweep ${name}.`;
  if (status?.lastMs.cold !== undefined) {
    return fail('not-measured', `${name} has answered no warm request yet.`, {
      why: 'Its only one so far was cold, and most are not.',
      next: `Send another one: nimbus predict ${name}. ${sweeping}`,
    });
  }
  return fail('not-measured', `${name} has answered no request yet.`, {
    why: 'What it costs depends on how long a request takes.',
    next: status
      ? `Send two, since the first is cold: nimbus predict ${name}. ${sweeping}`
      : `Measure it with: nimbus sweep ${name}. Or say how long a request takes: --duration MS.`,
  });
}

/** Of an image's platform, `linux-arm64`; of this machine, where there is no image. */
export function architectureOf(platform: string | undefined): Architecture {
  if (platform === undefined) return process.arch === 'arm64' ? 'arm64' : 'x86_64';
  return platform.endsWith('arm64') ? 'arm64' : 'x86_64';
}
