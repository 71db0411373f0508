/** A deployment of an account that models.json does not have is taken over into it. */
import { editModels, setDeployment, setModel, type ModelFields } from '../models/edit.ts';
import { fail, type Outcome } from '../../shared/outcome.ts';
import { keyText, type ModelsSpec } from '../../shared/spec.ts';
import type { CloudAccess } from '../targets/plan.ts';
import { authOf } from './stack.ts';
import type { Ghost } from './status.ts';

export interface Adopting {
  /** The project's. */
  folder: string;
  models: Readonly<ModelsSpec['models']>;
  /** What the model is here, where models.json does not say it. */
  model?: ModelFields;
}

/**
 * Declares it. AWS is not asked, and nothing of it changes. Errors: models.json has no model of its name and none is given; it
 * has another deployment of that name; as of `editModels`.
 */
export async function adopt(
  { model: name, deployment, stack, outputs }: Ghost,
  { account, region }: Pick<CloudAccess, 'account' | 'region'>,
  { folder, models, model }: Adopting,
): Promise<Outcome<unknown>> {
  const key = { model: name, deployment };
  const declared = Object.hasOwn(models, name) ? models[name] : undefined;
  if (!declared && !model) {
    return fail('model-not-declared', `models.json has no model ${name}.`, {
      why: 'AWS does not say which of your files it was made from.',
      next: `Deploy the model under that name here first: nimbus deploy PATH --name ${name}`,
    });
  }
  if (declared?.deployments && Object.hasOwn(declared.deployments, deployment)) {
    return fail('name-taken', `models.json has another deployment ${keyText(key)}.`, {
      why: `Both cannot have the name that the stack ${stack} was deployed under.`,
      next: 'Take it over in another project, or remove the one that is declared.',
    });
  }
  const auth = authOf(outputs, outputs['KeyId'] === undefined ? 'iam' : 'key');
  return editModels(
    folder,
    ...(declared || !model ? [] : [setModel(name, model, null)]),
    setDeployment(key, { target: 'lambda', account, region, stack, ...(auth === 'key' ? {} : { auth }) }),
  );
}
