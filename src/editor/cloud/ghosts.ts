/** Deployments in the accounts of the window's projects that none of their models.json has. */
import { awsConfig } from '../../core/cloud/aws.ts';
import { ok, type Outcome, type UserError } from '../../shared/outcome.ts';
import type { Editor } from '../editor.ts';
import type { FoundGhost, Project } from '../store/project.ts';
import { accountOf, cloudChoice } from './account.ts';

/** Whether a project has to do with AWS: else nobody's account is looked at without being asked to. */
function usesAws(editor: Editor, project: Project): boolean {
  const { profile, region } = cloudChoice(editor, project.folder);
  return project.deploymentsOn('lambda').length > 0 || profile !== undefined || region !== undefined;
}

/**
 * Asks the account that a project deploys to, in the region that was chosen and in those that its models.json names, and keeps for
 * the view what it found. Errors: as of `accountOf` and of `ghosts`; what was found before then stays.
 */
export async function findGhosts(editor: Editor, project: Project): Promise<Outcome<readonly FoundGhost[]>> {
  const { ghosts } = await import('../../core/cloud/status.ts');
  const choice = cloudChoice(editor, project.folder);
  const { stacks } = project;
  const regions = [...new Set([...stacks.map(({ region }) => region), choice.region])];
  const found: FoundGhost[] = [];
  for (const region of regions) {
    // Without one the profile or the environment has its own, which may be one of the others.
    if (region === undefined && regions.length > 1) continue;
    const { profile } = choice;
    const wanted = { ...(profile === undefined ? {} : { profile }), ...(region === undefined ? {} : { region }) };
    const account = await accountOf(wanted, undefined, project.folder);
    if (!account.ok) return account;
    const place = { account: account.value.account, region: account.value.region };
    const config = await awsConfig(place.region, account.value.variables);
    const declared = stacks.filter((one) => one.account === place.account && one.region === place.region);
    const asked = await ghosts(
      config,
      declared.map(({ stack }) => stack),
    );
    if (!asked.ok) return asked;
    found.push(...asked.value.map((ghost) => ({ ...ghost, ...place })));
  }
  project.ghosts = found;
  return ok(found);
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
