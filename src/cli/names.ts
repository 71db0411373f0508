import { heldByLater } from '../core/models/later.ts';
import type { LaterEntry } from '../core/models/document.ts';
import type { DeploymentKey, ModelsSpec } from '../shared/spec.ts';
import { fail, ok, type Outcome } from '../shared/outcome.ts';

type Declared = { models: ModelsSpec['models']; later: readonly LaterEntry[] };

/** Finds what `NAME` or `NAME/DEPLOYMENT` means among the declared models; the deployment may be left out where there is one. */
export function resolveName({ models, later }: Declared, text: string): Outcome<DeploymentKey> {
  const [model = '', deployment, ...rest] = text.split('/');
  const held = heldByLater(later, deployment === undefined ? { model } : { model, deployment });
  if (held) return held;
  const spec = Object.hasOwn(models, model) ? models[model] : undefined;
  if (!spec || rest.length > 0) return unknownModel(models, text);
  const names = Object.keys(spec.deployments ?? {});
  if (deployment !== undefined) {
    if (names.includes(deployment)) return ok({ model, deployment });
    return fail('unknown-deployment', `${model} has no deployment named ${deployment}.`, {
      next: names.length > 0 ? `Its deployments: ${names.join(', ')}.` : `Deploy it with: nimbus deploy ${spec.path}`,
    });
  }
  if (names.length === 1) return ok({ model, deployment: names[0]! });
  if (names.length === 0) {
    return fail('not-deployed', `${model} is not deployed.`, {
      next: `Deploy it with: nimbus deploy ${spec.path} --name ${model}`,
    });
  }
  return fail('usage', `${model} has several deployments.`, {
    next: `Name one: ${names.map((name) => `${model}/${name}`).join(', ')}.`,
  });
}

export function unknownModel(models: ModelsSpec['models'], text: string): Outcome<never> {
  const names = Object.keys(models);
  return fail('unknown-model', `There is no model named ${text}.`, {
    next:
      names.length > 0
        ? `Models here: ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}.`
        : 'Deploy one with: nimbus deploy PATH',
  });
}
