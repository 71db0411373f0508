/** Which interpreters a deploy looks at, and in which order. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { DeployRequest } from './deploy.ts';
import { candidates, searchCandidates } from './environment/candidates.ts';
import type { Candidate } from './environment/environment.ts';
import type { LockContext } from './environment/lock-status.ts';
import type { PackageSettings } from './environment/packages.ts';
import { condaNameIn } from './environment/project-files.ts';
import { surveyEnvironments, type Survey } from './environment/survey.ts';
import { keyText } from '../shared/spec.ts';
import type { DeploymentStatus } from '../shared/states.ts';

/** The Python that a deployment runs on. */
export interface CurrentPython {
  python: string;
  /** By the user, for this deployment: it goes before all others. One that Nimbus took goes by the search order. */
  chosen: boolean;
}

/** In the order in which they are tried. */
export async function findCandidates(request: DeployRequest): Promise<Candidate[]> {
  const { interpreter, pythonExtension, project } = request;
  if (interpreter !== undefined) return [{ python: interpreter, source: 'chosen' }];
  const condaName = await condaNameIn([...new Set([request.path, path.dirname(request.path), project])]);
  const all = await candidates({
    project,
    ...(condaName === undefined ? {} : { condaName }),
    ...(pythonExtension === undefined ? {} : { pythonExtension }),
  });
  return request.trustedProject ? all : all.filter(({ source }) => source !== 'project');
}

export interface SurveyRequest {
  request: Pick<DeployRequest, 'project' | 'pythonExtension' | 'trustedProject'>;
  /** Of the model; none where it could not be looked at. */
  requirements: readonly string[];
  /** The Python that the deployment runs on now. */
  current?: CurrentPython;
  pythonVersion?: string;
  /** What a managed environment is made from. */
  plan?: { lock: LockContext; packages: PackageSettings };
  onChange(survey: Survey): void;
  signal?: AbortSignal;
}

/** Every interpreter of the search order as it answers, and what is skipped. */
export async function surveyInterpreters(options: SurveyRequest): Promise<void> {
  const { request, requirements, current, onChange, pythonVersion, signal } = options;
  const { project, pythonExtension, trustedProject } = request;
  const { candidates: all, skipped } = await searchCandidates({
    project,
    ...(pythonExtension === undefined ? {} : { pythonExtension }),
  });
  const found = trustedProject ? all : all.filter(({ source }) => source !== 'project');
  const untrusted = all.filter((candidate) => !found.includes(candidate));
  await surveyEnvironments(requirements, current === undefined ? found : keep(current, found, request), {
    skipped: [
      ...untrusted.map(({ python }) => ({ python, why: 'It is code of this project, which is not trusted.' })),
      ...skipped,
    ],
    onChange,
    ...options.plan,
    ...(pythonVersion === undefined ? {} : { pythonVersion }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/**
 * The first interpreter that lies in the project itself. Running it is running the project's code: it is tried only
 * where the project is trusted.
 */
export async function projectInterpreter(project: string): Promise<string | undefined> {
  return (await candidates({ project })).find(({ source }) => source === 'project')?.python;
}

/** What goes before the others; of the rest only what a deployment runs on already. */
const RANKS: Partial<Record<Candidate['source'], number>> = { chosen: 0, kept: 0, 'python-extension': 1, project: 2 };
const OTHERS = 3;

/**
 * Puts the Python that a deployment runs on among the candidates. The user's choice stays the first. One that Nimbus
 * took comes after what the user selected in the editor or made in the project since, and before the others, so that
 * another PATH does not change it.
 */
export function keep(
  { python, chosen }: CurrentPython,
  found: Candidate[],
  { project, trustedProject }: Pick<DeployRequest, 'project' | 'trustedProject'>,
): Candidate[] {
  if (!existsSync(python)) return found;
  if (!trustedProject && python.startsWith(project + path.sep)) return found;
  const known = found.find((candidate) => candidate.python === python);
  const source = chosen ? 'kept' : (known?.source ?? 'current');
  const rank = (one: Candidate['source']): number => RANKS[one] ?? OTHERS;
  const others = found.filter((candidate) => candidate !== known);
  const before = others.filter((candidate) => rank(candidate.source) < rank(source));
  return [...before, { python, source }, ...others.slice(before.length)];
}

/** What `DeployRequest.current` wants, from what a host says of its deployments. */
export function interpretersOf(deployments: readonly DeploymentStatus[]): Record<string, CurrentPython> {
  return Object.fromEntries(
    deployments.flatMap((one) =>
      one.interpreter === undefined
        ? []
        : [[keyText(one), { python: one.interpreter, chosen: one.interpreterChosen ?? false }]],
    ),
  );
}
