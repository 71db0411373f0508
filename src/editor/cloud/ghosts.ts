/** Deployments in the accounts of the window's projects that none of their models.json has. */
import { awsConfig } from '../../core/cloud/aws.ts';
import { ok, type Outcome, type UserError } from '../../shared/outcome.ts';
import type { Editor } from '../editor.ts';
import { placeText, type FoundGhost, type Project } from '../store/project.ts';
import { accountOf, cloudChoice } from './account.ts';

/** Whether a project has to do with AWS: else nobody's account is looked at without being asked to. */
function usesAws(editor: Editor, project: Project): boolean {
  const { profile, region } = cloudChoice(editor, project.folder);
  return project.deploymentsOn('lambda').length > 0 || profile !== undefined || region !== undefined;
}

/**
 * Asks the accounts and regions that models.json names, and the one that was chosen where that is another, and keeps for the view
 * what it found. Errors: as of `accountOf` and of `ghosts`; what the other accounts have is there all the same.
 */
export async function findGhosts(editor: Editor, project: Project): Promise<Outcome<readonly FoundGhost[]>> {
  const { stacks, folder } = project;
  const { region: chosen } = cloudChoice(editor, folder);
  const named = new Map(stacks.map(({ account, region }) => [`${account} ${region}`, { account, region }]));
  const isNamed = chosen === undefined ? named.size > 0 : stacks.some(({ region }) => region === chosen);
  const places = [...named.values(), ...(isNamed ? [] : [undefined])];
  const asked = await Promise.all(places.map((place) => ghostsAt(editor, project, place)));
  project.ghosts = asked.flatMap((one) => (one.ok ? one.value : []));
  return asked.find((one) => !one.ok) ?? ok(project.ghosts);
}

/**
 * Whether AWS still has one that it was asked to delete; its own account and region alone are asked. That it cannot be asked any
 * more says nothing of what was deleted. What is gone no project lists any longer.
 */
export async function isStillThere(editor: Editor, project: Project, ghost: FoundGhost): Promise<boolean> {
  const found = await ghostsAt(editor, project, ghost);
  if (found.ok && found.value.some(({ stack }) => stack === ghost.stack)) return true;
  if (!found.ok) editor.log.warn([found.error.what, found.error.why].filter(Boolean).join(' '));
  const gone = placeText(ghost);
  for (const one of editor.store.projects) one.ghosts = one.ghosts.filter((other) => placeText(other) !== gone);
  return false;
}

/** Of one account and region; of those that were chosen where none is named. */
async function ghostsAt(
  editor: Editor,
  { folder, stacks }: Project,
  place?: Pick<FoundGhost, 'account' | 'region'>,
): Promise<Outcome<FoundGhost[]>> {
  const found = await accountOf(cloudChoice(editor, folder), place && { target: 'lambda', ...place }, folder);
  if (!found.ok) return found;
  const { account, variables } = found.value;
  const region = place?.region ?? found.value.region;
  const { ghosts } = await import('../../core/cloud/status.ts');
  const declared = stacks.filter((one) => one.account === account && one.region === region);
  const asked = await ghosts(
    await awsConfig(region, variables),
    declared.map(({ stack }) => stack),
  );
  return asked.ok ? ok(asked.value.map((ghost) => ({ ...ghost, account, region }))) : asked;
}

/**
 * Of every project that has to do with AWS. Answers with the first failure of one that is deployed there; of the others only the log
 * says it: nobody asked for their account.
 */
export async function findAllGhosts(editor: Editor): Promise<UserError | undefined> {
  const { store, log } = editor;
  const projects = store.projects.filter((project) => usesAws(editor, project));
  const failures = await Promise.all(
    projects.map(async (project) => {
      const found = await findGhosts(editor, project);
      if (found.ok) return undefined;
      const { error } = found;
      if (project.deploymentsOn('lambda').length > 0) return error;
      log.info([error.what, error.why].filter(Boolean).join(' '));
      return undefined;
    }),
  );
  return failures.find((error) => error !== undefined);
}
