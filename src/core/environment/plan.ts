import path from 'node:path';
import { CANCELLED, fail, ok, type Outcome, type UserError } from '../../shared/outcome.ts';
import type { Detection } from '../detect/detection.ts';
import { NO_SUCH_PYTHON, SELECT_INTERPRETER, type Candidate, type EnvironmentPlan, type Probe } from './environment.ts';
import { lockProblem, lockStatus, withLock, type LockContext } from './lock-status.ts';
import { environmentKey, managedPython } from './managed.ts';
import { withoutPassword, type PackageSettings } from './packages.ts';
import { probe as probeInterpreter, type ProbeFunction } from './probe.ts';
import { mismatches, parseRequirement, type Mismatch } from './requirement.ts';
import { findUv } from './uv.ts';

/** One way to run a model. */
export interface EnvironmentChoice {
  plan: EnvironmentPlan;
  /** `Python 3.12.4 (.venv)`. */
  label: string;
  detail: string;
  /** Version differences that may matter, one sentence each. */
  problems: string[];
  /** Of an environment that is to be made: what the Python that is there lacks. */
  reason?: string;
  /** The same as data; empty where everything fits. */
  mismatches: Mismatch[];
}

export interface PlanOptions {
  signal?: AbortSignal;
  /** `3.12`, where the model is bound to it. */
  pythonVersion?: string;
  probe?: ProbeFunction;
  env?: NodeJS.ProcessEnv;
  /** The lock beside the model, and what an environment is made from. */
  lock?: LockContext;
  packages?: PackageSettings;
}

export interface Probed {
  candidate: Candidate;
  probe: Probe;
  mismatches: Mismatch[];
}

/**
 * The ways to run a model, the one to take first: the first candidate with every package in a version that the model
 * accepts, else a managed environment with them; after that candidates whose versions differ. Candidates after the
 * first that fits are not looked at. Errors: no interpreter that works, with what is wrong with each; none of the
 * version that models.json names; cancelled.
 */
export async function planEnvironment(
  detection: Pick<Detection, 'requirements'>,
  candidates: readonly Candidate[],
  options: PlanOptions = {},
): Promise<Outcome<EnvironmentChoice[]>> {
  const probe = options.probe ?? probeInterpreter;
  const { requirements } = detection;
  const probed: Probed[] = [];
  const failures: UserError[] = [];
  for (const candidate of candidates) {
    const found = await probe(candidate.python, packagesOf(requirements), options);
    if (!found.ok) {
      if (found.error.code === CANCELLED) return found;
      failures.push(found.error);
      continue;
    }
    const differing = [
      ...mismatches(requirements, found.value.packages, { python: found.value.version, platform: process.platform }),
      ...pythonMismatch(found.value, options.pythonVersion),
    ];
    // The interpreter itself rather than what led to it: a shim would look for it again at every start of a worker.
    const python = found.value.python || candidate.python;
    if (probed.some((one) => one.candidate.python === python)) continue;
    probed.push({ candidate: { ...candidate, python }, probe: found.value, mismatches: differing });
    if (differing.length === 0) break;
  }
  if (probed.length === 0) return noInterpreter(failures);
  const { pythonVersion } = options;
  if (pythonVersion !== undefined && !probed.some(({ candidate, probe }) => serves(candidate, probe, pythonVersion)))
    return noSuchPython(pythonVersion, probed);
  const managed = await managedChoice(requirements, probed, options, probe);
  const fitting = probed.filter((one) => one.mismatches.length === 0);
  // What lacks a package cannot load the model at all; another version may.
  const near = probed.filter(
    ({ candidate, probe, mismatches: differing }) =>
      differing.length > 0 &&
      differing.every((one) => one.installed) &&
      (pythonVersion === undefined || serves(candidate, probe, pythonVersion)),
  );
  const choices = [...fitting.map(useChoice), ...(managed ? [managed] : []), ...near.map(useChoice)];
  // What the user named lacks packages, and an environment with them would have another Python than models.json asks for.
  return choices.length === 0 && pythonVersion !== undefined ? noSuchPython(pythonVersion, probed) : ok(choices);
}

/** What to ask a probe for: the packages themselves, and what could install them. */
export function packagesOf(requirements: readonly string[]): string[] {
  const names = requirements.flatMap((text) => parseRequirement(text)?.name ?? []);
  return [...new Set([...names, 'uv'])];
}

export function pythonMismatch(probe: Probe, wanted: string | undefined): Mismatch[] {
  if (wanted === undefined || probe.version === wanted || probe.version.startsWith(`${wanted}.`)) return [];
  return [{ package: 'python', required: wanted, installed: probe.version }];
}

/** An interpreter that the user names for this deploy goes before what models.json says, with a warning. */
function serves({ source }: Candidate, probe: Probe, pythonVersion: string): boolean {
  return source === 'chosen' || pythonMismatch(probe, pythonVersion).length === 0;
}

export function useChoice({ candidate, probe, mismatches }: Probed): EnvironmentChoice {
  return {
    plan: { kind: 'use', python: candidate.python, source: candidate.source, probe },
    label: `Python ${probe.version} (${placeOf(candidate)})`,
    detail: candidate.python,
    problems: mismatches.map((one) => sentence(one)),
    mismatches,
  };
}

/** A complete environment with these requirements, else the offer to make one; undefined where no base fits. */
export async function managedChoice(
  requirements: readonly string[],
  probed: readonly Probed[],
  options: PlanOptions,
  probe: ProbeFunction,
): Promise<EnvironmentChoice | undefined> {
  const base = probed.find(({ probe }) => pythonMismatch(probe, options.pythonVersion).length === 0);
  if (!base || requirements.length === 0) return undefined;
  const made = [...(options.lock?.requirements ?? requirements)];
  const uv = await findUv(options.env ?? process.env);
  const tool = uv !== undefined || 'uv' in base.probe.packages ? 'uv' : 'pip';
  const plan = withLock(
    {
      kind: 'create',
      base: base.candidate.python,
      version: base.probe.version,
      requirements: made,
      tool,
      key: environmentKey(base.probe, made),
    },
    base.probe,
    options,
  );
  const existing = await managedPython(plan.key);
  if (existing !== undefined) {
    const found = await probe(existing, packagesOf(requirements), options);
    if (found.ok)
      return useChoice({ candidate: { python: existing, source: 'managed' }, probe: found.value, mismatches: [] });
  }
  const reason = base.mismatches.map((one) => sentence(one)).join(' ');
  return {
    plan,
    label: `New environment, Python ${base.probe.version}`,
    detail: `${withoutPassword(made.join(', '))}${plan.lock ? ', as nimbus.lock has them,' : ''} by ${tool}${reason === '' ? '' : `. ${placeOf(base.candidate)}: ${reason}`}`,
    problems: options.lock ? lockProblems(options.lock, base, tool) : [],
    ...(reason === '' ? {} : { reason: `Python ${base.probe.version} (${placeOf(base.candidate)}): ${reason}` }),
    mismatches: [],
  };
}

function lockProblems(lock: LockContext, { candidate, probe }: Probed, tool: 'uv' | 'pip'): string[] {
  const problem = lockProblem(lock, probe);
  if (problem !== undefined) return [problem];
  if (tool === 'uv' || lockStatus(lock, probe).kind !== 'none') return [];
  return [
    `No ${path.basename(lock.file)} will be written: uv makes it, and is neither on the PATH nor installed in ${candidate.python}. Later deploys may get other versions. Install uv (pip install uv, or https://docs.astral.sh/uv), then run nimbus lock.`,
  ];
}

function placeOf({ python, source }: Candidate): string {
  const environment = path.basename(path.dirname(path.dirname(python)));
  switch (source) {
    case 'chosen':
    case 'kept':
      return 'your choice';
    case 'current':
      return 'as before';
    case 'python-extension':
      return 'selected in the editor';
    case 'project':
      return environment;
    case 'conda':
      return `conda ${environment}`;
    case 'pyenv':
      return 'pyenv';
    case 'path':
      return 'on the PATH';
    case 'managed':
      return 'made by Nimbus';
    default:
      return source satisfies never;
  }
}

function sentence({ package: name, required, installed }: Mismatch): string {
  if (name === 'python') return `Python is ${installed}; models.json asks for ${required}.`;
  const wanted = required === 'any version' ? 'the model needs it' : `the model asks for ${required}`;
  if (installed === undefined) return `${name} is not installed; ${wanted}.`;
  return `${name} is ${installed}; ${wanted}.`;
}

function noInterpreter(failures: readonly UserError[]): Outcome<never> {
  const [only] = failures;
  if (only && failures.length === 1) return { ok: false, error: only };
  return fail('python-missing', 'No Python was found that can run the model.', {
    ...(only ? { why: failures.map(({ what, why }) => [what, why].filter(Boolean).join(' ')).join('\n') } : {}),
    next: 'Install Python 3.9 or newer from python.org or your system, or select an interpreter.',
    action: SELECT_INTERPRETER,
  });
}

function noSuchPython(wanted: string, probed: readonly Probed[]): Outcome<never> {
  const found = probed.map(({ candidate, probe }) => `Python ${probe.version} (${candidate.python})`);
  return fail(NO_SUCH_PYTHON, `models.json asks for Python ${wanted} for this model, and there is none.`, {
    why: `Found: ${found.join(', ')}.`,
    next: `Install Python ${wanted} (from python.org or your system, or with uv python install ${wanted}) and put it on the PATH, or choose an interpreter yourself (--python, Select Interpreter), or change "pythonVersion" in models.json.`,
    action: SELECT_INTERPRETER,
  });
}
