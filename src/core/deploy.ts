import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { consentFor, isCovered, readConsents } from './consent.ts';
import { makePlan } from './deploy-plan.ts';
import { defined } from './defined.ts';
import type { Consent, Detection, Risk } from './detect/detection.ts';
import { detect } from './detect/detect.ts';
import { unknownModules } from './detect/estimator-packages.ts';
import { originIn, originOf } from './detect/global-origin.ts';
import { NOT_INSPECTED } from './detect/pickle-reader.ts';
import { capture, type Capture } from './environment/capture.ts';
import type { Captured } from './environment/captured.ts';
import { diagnose, type Diagnosis } from './environment/diagnosis.ts';
import type { Candidate, EnvironmentPlan } from './environment/environment.ts';
import { lockContext, type LockContext } from './environment/lock-status.ts';
import { packageSettings, type PackageSettings } from './environment/packages.ts';
import { planEnvironment, type EnvironmentChoice as PlannedEnvironment } from './environment/plan.ts';
import { problemsOf } from './environment/problems.ts';
import type { Survey } from './environment/survey.ts';
import { importedNames, projectModules } from './host/modules.ts';
import { canLock, imagePython, planImage, type ImagePlan } from './image/plan.ts';
import { imageSettings, type ImageSettings } from './image/settings.ts';
import { findCandidates, keep, surveyInterpreters, type CurrentPython } from './interpreters.ts';
import { MODELS_FILE } from './models/document.ts';
import { refusedFunctionName } from './models/function-name.ts';
import { heldByLater } from './models/later.ts';
import { newerFile, readModels, type Declared } from './models/read.ts';
import { freeName, invalidName } from './models/names.ts';
import { portablePath } from './models/paths.ts';
import { fail, ok, type Outcome } from '../shared/outcome.ts';
import {
  keyText,
  runsImage,
  TARGET_TITLES,
  TARGETS,
  type DeploymentKey,
  type DeploymentSpec,
  type ModelSpec,
  type TargetKind,
} from '../shared/spec.ts';
import type { DeployPlan } from './targets/plan.ts';

export interface DeployRequest {
  /** Absolute path of the project's folder. */
  project: string;
  /** Absolute path of what the user pointed at. */
  path: string;
  /** Model name; made from the path where left out. */
  name?: string;
  /** Names that are about to be taken by other models, and are in no models.json yet. */
  takenNames?: readonly string[];
  /** Where it runs; where left out, as models.json says, else this machine. */
  target?: TargetKind;
  /** How images are built; as the variables of this process say where left out. */
  image?: ImageSettings;
  /** Deployment name; the target's name where left out. */
  deployment?: string;
  /** The interpreter that the user chose for this model: no other is tried. */
  interpreter?: string;
  /** The Python that each deployment runs on now, by `keyText`. */
  current?: Record<string, CurrentPython>;
  /** The interpreter selected in the Python extension. */
  pythonExtension?: string;
  /** The user trusts the project's code (the editor's workspace trust, or `--trust` once). */
  trustedProject: boolean;
  /** Where packages come from; as the variables of this process say where left out. */
  packages?: PackageSettings;
  signal?: AbortSignal;
}

/** One way to run the model; the first of several is the one Nimbus would take. */
export interface EnvironmentChoice {
  plan: EnvironmentPlan;
  /** `Python 3.12.4 (.venv)`. */
  label: string;
  detail: string;
  /** Version differences that may matter, one sentence each. */
  problems: string[];
  /** What the model was made with against this interpreter; absent where it is still to be made. */
  diagnosis?: Diagnosis[];
  /** Of an environment that is to be made: what the Python that is there lacks. */
  reason?: string;
}

/** Everything a deploy needs to know, found without running any of the model; the questions left are the user's. */
export interface PreparedDeploy {
  detection: Detection;
  name: string;
  /** The name that its path would give it, where another model has that one. */
  takenName?: TakenName;
  deployment: string;
  target: TargetKind;
  /** Of the targets that run an image. */
  image?: ImagePlan;
  /** A model of this name is declared with another path: deploying under it would replace that one. */
  nameTaken: boolean;
  /** The model lies outside the project: models.json will hold an absolute path, which works on this machine only. */
  portable: boolean;
  /** What models.json already says of this model. */
  declared?: ModelSpec;
  environments: EnvironmentChoice[];
  /** What the model was made with, and where that stands. */
  captured: Captured[];
  /** The lock beside the model, whether it is there or not. */
  lock: LockContext;
  /** Set where loading the model may run something that the user has not agreed to. */
  consentNeeded?: Risk;
  /** Modules of the project that loading it also runs, relative to it; empty where the project is trusted. */
  alsoRuns: string[];
  /** Looks at every interpreter there is, not only up to the first that fits; answers with what it has seen so far. */
  survey(onChange: (survey: Survey) => void, signal?: AbortSignal): Promise<void>;
  plan(answers: DeployAnswers): DeployPlan;
}

export interface TakenName {
  name: string;
  /** Of the model that has it, as models.json says; unset where it is not there yet, or not known to this Nimbus. */
  path?: string;
}

export interface DeployAnswers {
  name?: string;
  deployment?: string;
  environment?: EnvironmentPlan;
  /** Given now, beside those remembered. */
  consent?: Consent[];
  spec?: Partial<Pick<ModelSpec, 'description' | 'memoryMb' | 'timeoutSeconds' | 'concurrency' | 'env'>>;
  /** Over what models.json says of the deployment. */
  deploymentSpec?: Partial<Omit<DeploymentSpec, 'target'>>;
}

/** What a path is, and what it would be called in models.json; pickles are read with any Python that there is. Errors: as of `detect`. */
export async function detectModel(
  request: Pick<DeployRequest, 'project' | 'path' | 'trustedProject' | 'pythonExtension' | 'signal'>,
): Promise<Outcome<Pick<ModelSpec, 'path' | 'framework'>>> {
  const detected = await detectWithAny(request, await findCandidates(request));
  if (!detected.ok) return detected;
  const { path: found, framework } = detected.value;
  return ok({ path: portablePath(request.project, found).path, framework });
}

/**
 * Looks at a path and says how it would be deployed. Errors: the model is not recognised or not readable, models.json
 * is not usable, the name is not valid, no interpreter fits, an image needs uv and there is none.
 */
export async function prepareDeploy(request: DeployRequest): Promise<Outcome<PreparedDeploy>> {
  const declared = await editableModels(request.project);
  if (!declared.ok) return declared;
  const found = await findCandidates(request);
  const detected = await detectWithAny(request, found);
  if (!detected.ok) return detected;
  const detection = detected.value;
  if (detection.risk.kind === 'unreadable') {
    return fail('model-unreadable', `${path.basename(detection.path)} is blocked: it cannot be read safely.`, {
      why: detection.risk.why,
      next: 'Save the model again with joblib.dump or pickle.dump, and deploy the new file.',
    });
  }
  const { models, later } = declared.value;
  const modelPath = portablePath(request.project, detection.path);
  const { name, takenName } =
    request.name === undefined
      ? nameFor(declared.value, modelPath.path, detection.suggestedName, request.takenNames)
      : { name: request.name };
  const invalid = invalidName(name) ?? (request.deployment === undefined ? undefined : invalidName(request.deployment));
  if (invalid) return invalid;
  const declaredTarget = models[name]?.deployments?.[request.deployment ?? request.target ?? TARGETS[0]]?.target;
  const target = request.target ?? declaredTarget ?? TARGETS[0];
  const deployment = request.deployment ?? target;
  const held = heldByLater(later, { model: name, deployment });
  if (held) return held;
  if (declaredTarget !== undefined && declaredTarget !== target)
    return anotherTarget({ model: name, deployment }, declaredTarget);
  const before = models[name];
  const unnamed = before?.deployments?.[deployment]
    ? undefined
    : refusedFunctionName(models, { model: name, deployment });
  if (unnamed) return unnamed;
  const current = request.current?.[keyText({ model: name, deployment })];
  const made = await capture(detection, {
    project: request.project,
    isFolder: statSync(detection.path, { throwIfNoEntry: false })?.isDirectory() ?? false,
  });
  const lock = await lockContext(detection.path, { requirements: made.requirements, project: request.project });
  const packages = request.packages ?? packageSettings(process.env);
  // Of a Python for an image nothing is needed here but that it starts uv.
  const pythonVersion = runsImage(target) ? undefined : before?.pythonVersion;
  const planned = await planEnvironment(
    { requirements: made.needs },
    current === undefined || request.interpreter !== undefined ? found : keep(current, found, request),
    {
      lock,
      packages,
      ...(request.signal === undefined ? {} : { signal: request.signal }),
      ...(pythonVersion === undefined ? {} : { pythonVersion }),
    },
  );
  if (!planned.ok) return planned;
  const imported = await ownModules(detection, request);
  if (!imported.ok) return imported;
  const { own, foreign } = imported.value;
  const seen = new WeakMap<PlannedEnvironment, DiagnosedEnvironment>();
  // One choice is the same object every time that it is shown.
  const withProblems = (choice: PlannedEnvironment): DiagnosedEnvironment => {
    const known =
      seen.get(choice) ?? withDiagnosis(choice, { detection, made, lock, foreign, isImage: runsImage(target) });
    seen.set(choice, known);
    return known;
  };
  const environments = planned.value.map(withProblems);
  const diagnosed = ({ choices, managed, skipped }: Survey): Survey => ({
    choices: choices.map(withProblems),
    ...(managed ? { managed: withProblems(managed) } : {}),
    skipped,
  });
  const first = environments[0]!.plan;
  const architecture = before?.deployments?.[deployment]?.architecture;
  const plannedImage = runsImage(target)
    ? planImage({
        python: imagePython(before?.pythonVersion, first.kind === 'use' ? first.probe.version : first.version),
        lockFile: lock.file,
        requirements: lock.requirements,
        settings: { ...(request.image ?? imageSettings(process.env)), ...defined({ architecture }) },
        packages,
      })
    : ok(undefined);
  if (!plannedImage.ok) return plannedImage;
  const image = plannedImage.value;
  const lockable = image ? await canLock(image, first, process.env) : ok(undefined);
  if (!lockable.ok) return lockable;
  const remembered = readConsents(request.project);
  const given: Consent[] = request.trustedProject ? [...remembered, { kind: 'code' }] : remembered;
  const trusted = isCovered({ kind: 'code', files: own }, given);
  const consentNeeded: Risk | undefined = !isCovered(detection.risk, given)
    ? withOrigins(detection.risk, own)
    : own.length > 0 && !trusted
      ? { kind: 'code', files: own }
      : undefined;
  return ok({
    detection,
    name,
    ...(takenName ? { takenName } : {}),
    deployment,
    target,
    ...(image === undefined ? {} : { image }),
    nameTaken: before !== undefined && before.path !== modelPath.path,
    portable: modelPath.portable,
    ...(before === undefined ? {} : { declared: before }),
    environments,
    captured: made.captured,
    lock,
    ...(consentNeeded ? { consentNeeded } : {}),
    alsoRuns: trusted ? [] : own,
    survey: (onChange, signal) =>
      surveyInterpreters({
        request,
        requirements: made.needs,
        plan: { lock, packages },
        onChange: (seen) => onChange(diagnosed(seen)),
        ...(current === undefined ? {} : { current }),
        ...(pythonVersion === undefined ? {} : { pythonVersion }),
        ...(signal === undefined ? {} : { signal }),
      }),
    plan: (answers) =>
      makePlan(
        request,
        {
          detection,
          name,
          path: modelPath.path,
          models,
          environments,
          captured: made.captured,
          lock,
          given,
          target,
          image,
        },
        answers,
      ),
  });
}

/** What it is there would be lost sight of. */
function anotherTarget(key: DeploymentKey, declared: TargetKind): Outcome<never> {
  return fail('another-target', `${keyText(key)} runs on ${TARGET_TITLES[declared]}.`, {
    next: `Choose another name for this one, or remove that one first: nimbus remove ${keyText(key)}`,
  });
}

type DiagnosedEnvironment = PlannedEnvironment & Pick<EnvironmentChoice, 'diagnosis'>;

interface Facets {
  detection: Detection;
  made: Capture;
  lock: LockContext;
  foreign: string[];
  /** It only reads the model: the packages are those of the image's lock, which the deploy renews itself. */
  isImage: boolean;
}

/** One that is there already is compared; one that is to be made has what the model names. */
function withDiagnosis(
  choice: PlannedEnvironment,
  { detection, made, lock, foreign, isImage }: Facets,
): DiagnosedEnvironment {
  const { plan } = choice;
  const diagnosis = plan.kind === 'use' ? diagnose(detection, made.captured, plan.probe) : undefined;
  const problems = problemsOf(choice, { diagnosis, lock, foreign, unreadable: made.unreadable, isImage });
  return { ...choice, problems, ...(diagnosis === undefined ? {} : { diagnosis }) };
}

/** The consent that allows a prepared deploy's risk, once the user agreed. */
export function consentTo({ consentNeeded, alsoRuns }: PreparedDeploy): Consent[] {
  const consent = consentNeeded && consentFor(consentNeeded);
  if (!consent) return [];
  return alsoRuns.length > 0 && consentNeeded?.kind !== 'code' ? [consent, { kind: 'code' }] : [consent];
}

/** Which of what a pickle names is the project's own, as its files say. */
function withOrigins(risk: Risk, own: readonly string[]): Risk {
  if (risk.kind !== 'unknown-globals' && risk.kind !== 'dangerous-globals') return risk;
  const globals = risk.globals.map((one) =>
    one.danger === 'unknown' && one.meaning === originOf(one.name) ? { ...one, meaning: originIn(one.name, own) } : one,
  );
  return { ...risk, globals };
}

/**
 * The project's own modules that a model imports, relative to the project, and the names of those that a pickle names
 * and that are neither the project's nor of a package that is known. Errors: as of `projectModules`.
 */
async function ownModules(
  detection: Detection,
  { project, signal }: Pick<DeployRequest, 'project' | 'signal'>,
): Promise<Outcome<{ own: string[]; foreign: string[] }>> {
  const names = await importedNames(detection);
  const found = await projectModules(names, { project, model: detection.path, ...(signal ? { signal } : {}) });
  if (!found.ok) return found;
  const own = found.value.places.map((place) => path.relative(project, place));
  const ofProject = new Set(own.map((place) => path.parse(place).name));
  const named = 'globals' in detection.risk ? unknownModules(detection.risk.globals) : [];
  const foreign = named.filter((name) => !ofProject.has(name));
  return ok({ own, foreign });
}

/** The model's declared name where its path is declared already, else a free name made from the path, and which was not. */
function nameFor(
  { models, later }: Declared,
  modelPath: string,
  suggested: string,
  takenNames: readonly string[] = [],
): { name: string; takenName?: TakenName } {
  const declared = Object.entries(models).find(([, spec]) => spec.path === modelPath);
  if (declared) return { name: declared[0] };
  const others = [...later.map(({ model }) => model), ...takenNames];
  const name = freeName(suggested, { ...Object.fromEntries(others.map((one) => [one, true])), ...models });
  if (name === suggested) return { name };
  const other = Object.hasOwn(models, suggested) ? models[suggested] : undefined;
  return { name, takenName: { name: suggested, ...(other ? { path: other.path } : {}) } };
}

/** A file that could not be edited at the end is refused before anything is done. */
async function editableModels(project: string): Promise<Outcome<Declared>> {
  if (!existsSync(project)) return fail('no-project', `There is no folder ${project}.`);
  const read = await readModels(project);
  if (!read.ok || read.value.newer === undefined) return read;
  return newerFile(path.join(project, MODELS_FILE), read.value.newer);
}

/** Looks at the model with the first interpreter that can read it: one that is broken or too old does not stand in the way. */
async function detectWithAny({ path: model, signal }: DeployRequest, found: Candidate[]): Promise<Outcome<Detection>> {
  const options = signal === undefined ? {} : { signal };
  let detected: Outcome<Detection> | undefined;
  for (const { python } of found) {
    detected = await detect(model, { python, ...options });
    if (detected.ok || detected.error.code !== NOT_INSPECTED) return detected;
  }
  if (!detected) return detect(model, options);
  // None could; what is wrong with them says more than that.
  const usable = await planEnvironment({ requirements: [] }, found, options);
  return usable.ok ? detected : usable;
}
