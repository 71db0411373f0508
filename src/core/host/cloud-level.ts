/** Before an update of a stack: it is told what serves, or a rollback would bring back what was before that. */
import type { AwsConfig } from '../cloud/aws.ts';
import { levellingRevision } from '../cloud/revision.ts';
import type { Shell } from '../shell.ts';
import type { CloudAccess } from '../targets/plan.ts';
import type { Outcome } from '../../shared/outcome.ts';
import type { Deployers } from './deployers.ts';
import type { DeploymentRecord } from './state.ts';

export interface Levelled {
  access: CloudAccess;
  /** The function has the stack's name, see `infra/app`. */
  stack: string;
  config: AwsConfig;
  repositoryUri: string;
  /** What is known of it here. Its revision becomes the new one, where it was the stack's. */
  deployed: DeploymentRecord | undefined;
}

/** A part of the stage `stack`. Errors: as of `levelOf`, `straighten` and `levelling`; as of the deployer. */
export async function levelStack(
  deployers: Deployers,
  { access, stack, config, repositoryUri, deployed }: Levelled,
  shell: Shell,
): Promise<Outcome<unknown>> {
  const { levelling, levelOf, straighten } = await import('../cloud/level.ts');
  const { account, region } = access;
  const level = await levelOf(config, { stackName: stack, functionName: stack }, shell.signal);
  if (!level.ok) return level;
  const straight = await straighten(config, { functionName: stack, repositoryUri, level: level.value }, shell);
  if (!straight.ok || level.value.state === 'level') return straight;
  shell.stage('stack', { detail: 'telling the stack what serves' });
  const parameters = levelling(level.value, levellingRevision(level.value.stack.revision));
  if (!parameters.ok) return parameters;
  const request = { account, region, stackName: stack, ...parameters.value };
  const levelled = await deployers.run(access, 'stack', shell, (client) => client.api.level(request));
  if (levelled.ok) {
    if (deployed?.revision === level.value.stack.revision) deployed.revision = parameters.value.revision;
    return levelled;
  }
  // CloudFormation may have gone back to what the stack published last.
  if (deployed?.cloud) {
    const { rollBack } = await import('../cloud/update.ts');
    // Its own signal may be what ended the levelling.
    const repair = { log: shell.log, signal: new AbortController().signal };
    const back = await rollBack(
      config,
      { functionName: stack, to: level.value.live.number, api: deployed.cloud },
      repair,
    );
    shell.log(back.ok ? 'what served before serves' : `what served before may not serve: ${back.error.what}`);
  }
  return levelled;
}
