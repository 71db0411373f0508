/** Deployments in an AWS account that models.json does not have. */
import { awsConfig } from '../core/cloud/aws.ts';
import type { Ghost } from '../core/cloud/status.ts';
import { declaredStacks } from '../core/models/stacks.ts';
import type { CloudAccess } from '../core/targets/plan.ts';
import { fail, ok, type Outcome } from '../shared/outcome.ts';
import type { Project } from './context.ts';

/** All of the account and region. Errors: as of `ghosts`. */
export async function ghostsOf(project: Project, { region, variables }: CloudAccess): Promise<Outcome<Ghost[]>> {
  const { ghosts } = await import('../core/cloud/status.ts');
  const declared = declaredStacks(project.models).map(({ stack }) => stack);
  return ghosts(await awsConfig(region, variables), declared);
}

/** The one whose stack has this name. Errors: as of `ghosts`; there is none. */
export async function ghostOf(project: Project, stack: string, access: CloudAccess): Promise<Outcome<Ghost>> {
  const found = await ghostsOf(project, access);
  if (!found.ok) return found;
  const ghost = found.value.find((one) => one.stack === stack);
  if (ghost) return ok(ghost);
  const declared = declaredStacks(project.models).find((one) => one.stack === stack);
  const others = found.value.map((one) => one.stack).join(', ');
  return fail('no-ghost', `${stack} is no deployment in ${access.region} that models.json lacks.`, {
    ...(declared ? { why: `models.json has it as ${declared.name}.` } : {}),
    next: others === '' ? 'There is none that it lacks.' : `There are: ${others}.`,
  });
}
