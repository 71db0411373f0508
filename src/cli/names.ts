import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { heldByLater } from '../core/models/later.ts';
import { MODELS_FILE, type LaterEntry } from '../core/models/document.ts';
import { keyText, TARGETS, type DeploymentKey, type ModelsSpec, type TargetKind } from '../shared/spec.ts';
import { modelPath } from '../core/models/paths.ts';
import { shellQuote } from '../core/invoke/snippets.ts';
import { didYouMean, nearest } from '../shared/nearest.ts';
import { fail, ok, type Outcome } from '../shared/outcome.ts';

/** What a name is looked up in. */
export interface Names {
  folder: string;
  models: ModelsSpec['models'];
  later: readonly LaterEntry[];
  absent?: true;
}

/** The deployment that a model's bare name means where it has several. */
const USUAL: string = TARGETS[0];

/** How a call names a deployment of a model that has these. */
export function shortName({ model, deployment }: DeploymentKey, deployments: readonly string[]): string {
  return deployments.every((name) => name === deployment) ? model : keyText({ model, deployment });
}

/**
 * Finds what `NAME` or `NAME/DEPLOYMENT` means among the declared models. The deployment may be left out where there is
 * one; of several, a bare name means `local`, but where `exact` asks for the one that is meant.
 */
export function resolveName(project: Names, text: string, { exact = false } = {}): Outcome<DeploymentKey> {
  const { models, later } = project;
  const [model = '', deployment, ...rest] = text.split('/');
  const held = heldByLater(later, deployment === undefined ? { model } : { model, deployment });
  if (held) return held;
  const spec = Object.hasOwn(models, model) ? models[model] : undefined;
  if (!spec || rest.length > 0) return unknownModel(project, text);
  const names = Object.keys(spec.deployments ?? {});
  if (deployment !== undefined) {
    if (names.includes(deployment)) return ok({ model, deployment });
    return fail('unknown-deployment', `${model} has no deployment named ${deployment}.`, {
      next:
        names.length > 0
          ? `${didYouMean(deployment, names)}Its deployments: ${names.join(', ')}.`
          : `Deploy it with: nimbus deploy ${spec.path}`,
    });
  }
  if (names.length === 1) return ok({ model, deployment: names[0]! });
  if (names.length === 0) {
    return fail('not-deployed', `${model} is not deployed.`, {
      next: `Deploy it with: nimbus deploy ${spec.path} --name ${model}`,
    });
  }
  if (!exact && names.includes(USUAL)) return ok({ model, deployment: USUAL });
  return fail('usage', `${model} has several deployments.`, {
    next: `Name one: ${names.map((name) => `${model}/${name}`).join(', ')}.`,
  });
}

/** A bare name means the model's only deployment that runs an image; of several, or without one, as of every command. */
export function resolveImage(project: Names, text: string): Outcome<DeploymentKey> {
  return resolveOn(project, text, ['docker']);
}

/** A bare name means the model's only deployment on AWS; of several, or without one, as of every command. */
export function resolveOnAws(project: Names, text: string): Outcome<DeploymentKey> {
  return resolveOn(project, text, ['lambda']);
}

function resolveOn(project: Names, text: string, targets: readonly TargetKind[]): Outcome<DeploymentKey> {
  const deployments = Object.hasOwn(project.models, text) ? project.models[text]!.deployments : undefined;
  const fitting = Object.entries(deployments ?? {}).filter(([, { target }]) => targets.includes(target));
  return resolveName(project, fitting.length === 1 ? keyText({ model: text, deployment: fitting[0]![0] }) : text);
}

export function unknownModel({ folder, models, absent }: Names, text: string): Outcome<never> {
  if (absent) {
    return fail('no-project', `There is no ${MODELS_FILE} at or above ${folder}.`, {
      why: `${text} is looked up in the project that the current folder belongs to.`,
      next: "Change to the project's folder, or deploy a model here with: nimbus deploy PATH",
    });
  }
  const names = Object.keys(models);
  return fail('unknown-model', `There is no model named ${text}.`, {
    next:
      names.length > 0
        ? `${didYouMean(text.split('/')[0]!, names)}Models here: ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}.`
        : 'Deploy one with: nimbus deploy PATH',
  });
}

/** What is said of a path that is not there: it may be a model's name, or nearly the name of something beside it. */
export function missingPath({ folder, models }: Pick<Names, 'folder' | 'models'>, text: string): Outcome<never> {
  const file = path.resolve(text);
  const declared = Object.hasOwn(models, text) ? models[text] : undefined;
  const spec = declared && existsSync(modelPath(folder, declared)) ? declared : undefined;
  const near = spec ? undefined : nearest(path.basename(file), namesIn(path.dirname(file)));
  return fail('path-missing', `There is no ${file}.`, {
    ...(spec ? { why: `${text} is the name of a model, and a deploy takes its path.` } : {}),
    next: spec
      ? `Deploy it with: nimbus deploy ${typed(path.relative(process.cwd(), modelPath(folder, spec)) || '.')}`
      : `${near === undefined ? '' : `Did you mean ${path.join(path.dirname(text), near)}? `}Check the path; it may have been moved or deleted, or a link leads nowhere.`,
  });
}

/** A path as one types it into a shell. */
function typed(place: string): string {
  return /^[\w./\\:-]+$/.test(place) ? place : shellQuote(place);
}

/** What cannot be looked at for another reason is there. */
export function isMissing(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
