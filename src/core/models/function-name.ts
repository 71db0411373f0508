import { fail, type Outcome } from '../../shared/outcome.ts';
import { keyText, type DeploymentKey, type ModelsSpec } from '../../shared/spec.ts';

/** At most this many characters, as AWS Lambda has it. */
const LENGTH = 64;

/** A deployment's name as a Lambda function. */
export function functionName({ model, deployment }: DeploymentKey): string {
  return `nimbus-${model}-${deployment}`;
}

/**
 * The error where a new deployment's function could not have its name: AWS Lambda's is shorter, or another deployment's
 * function has the same (`a-b/local` and `a/b-local`). Undefined where it can.
 */
export function refusedFunctionName(models: ModelsSpec['models'], key: DeploymentKey): Outcome<never> | undefined {
  const name = functionName(key);
  if (name.length > LENGTH) {
    return fail('function-name-too-long', `The names ${key.model} and ${key.deployment} are too long together.`, {
      why: `The function would be named ${name}, ${name.length} characters; AWS Lambda takes ${LENGTH}.`,
      next: 'Choose a shorter name for the model or the deployment.',
    });
  }
  for (const [model, { deployments }] of Object.entries(models)) {
    if (model === key.model || !name.startsWith(`nimbus-${model}-`)) continue;
    const other = { model, deployment: name.slice(functionName({ model, deployment: '' }).length) };
    if (!deployments || !Object.hasOwn(deployments, other.deployment)) continue;
    return fail(
      'function-name-taken',
      `${keyText(key)} and ${keyText(other)} would be one function to AWS's clients.`,
      {
        why: `Both are named ${name} there.`,
        next: 'Choose another name for the model or the deployment.',
      },
    );
  }
  return undefined;
}
