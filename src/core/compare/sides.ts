import { didYouMean } from '../../shared/nearest.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { TARGETS, type TargetKind } from '../../shared/spec.ts';

/** A deployment of the model as far as choosing needs it. */
export interface Deployed {
  deployment: string;
  target: TargetKind;
}

/**
 * Which two deployments of a model are compared where nobody says: this machine's and the image's, as they are named
 * first; else the only two. Undefined where there are fewer, or several could be meant.
 */
export function usualSides(deployed: readonly Deployed[]): [string, string] | undefined {
  const sides = TARGETS.slice(0, 2).map(
    (target) =>
      deployed.find((one) => one.target === target && one.deployment === target) ??
      only(deployed.filter((one) => one.target === target)),
  );
  const [first, second] = sides;
  if (first && second) return [first.deployment, second.deployment];
  return deployed.length === 2 ? [deployed[0]!.deployment, deployed[1]!.deployment] : undefined;
}

function only<T>(all: readonly T[]): T | undefined {
  return all.length === 1 ? all[0] : undefined;
}

/** The sides that `asked` names, as `local,docker`, else the usual ones. `path` is the model's. Errors: there are no such two. */
export function sidesOf(
  model: string,
  deployed: readonly Deployed[],
  asked?: string,
  path = 'PATH',
): Outcome<[string, string]> {
  const names = deployed.map(({ deployment }) => deployment);
  const listed = names.length > 0 ? `Its deployments: ${names.join(', ')}.` : 'It has none.';
  if (asked !== undefined) {
    const [first = '', second = '', ...more] = asked.split(',').map((name) => name.trim());
    if (more.length > 0 || first === '' || second === '' || first === second) {
      return fail('usage', 'Two deployments are compared.', { next: `Name two of ${model}: ${names.join(', ')}.` });
    }
    const missing = [first, second].find((name) => !names.includes(name));
    if (missing === undefined) return ok([first, second]);
    return fail('unknown-deployment', `${model} has no deployment named ${missing}.`, {
      next: `${didYouMean(missing, names)}${listed}`,
    });
  }
  const usual = usualSides(deployed);
  if (usual) return ok(usual);
  return names.length < 2
    ? fail('one-deployment', `${model} has no second deployment to compare with.`, {
        why: listed,
        next: deployed.some(({ target }) => target === 'docker')
          ? `Deploy it on this machine as well: nimbus deploy ${path}`
          : `Deploy it with Docker as well: nimbus deploy ${path} --target docker`,
      })
    : fail('usage', `${model} has ${names.length} deployments.`, {
        next: `Say which two with --deployments: ${names.join(', ')}.`,
      });
}
