import * as vscode from 'vscode';
import type { DeployAnswers, PreparedDeploy } from '../../core/deploy.ts';
import { cancelled, CANCELLED, ok, type Outcome } from '../../shared/outcome.ts';
import { DEFAULTS, MODEL_NAME } from '../../shared/spec.ts';
import type { CloudAccount } from '../../core/cloud/account.ts';
import type { Editor } from '../editor.ts';
import { showError } from '../guard.ts';
import { askText, BACK, choose } from '../quick.ts';
import type { Project } from '../store/project.ts';
import { CloudDraft } from './cloud.ts';
import { chooseInterpreter } from './interpreters.ts';
import { askLimits, type Limits } from './limits.ts';
import { askTarget, overview, type Draft, type Row } from './overview.ts';
import { prepare, takenNames, type Wanted } from './prepare.ts';

export interface Reviewed {
  answers: DeployAnswers;
  /** Another one than was given where the user chose another interpreter. */
  deploy: PreparedDeploy;
  /** Of a deploy to AWS Lambda. */
  account?: CloudAccount;
}

/** Shows how a model will be deployed, everything filled in; Enter deploys it, the other rows change it. */
export async function review(
  editor: Editor,
  project: Project,
  wanted: Wanted,
  prepared: PreparedDeploy,
): Promise<Outcome<Reviewed>> {
  let deploy = prepared;
  const before = draftOf(deploy);
  const draft = { ...before };
  let active: Row = 'go';
  let cloud: CloudDraft | undefined;
  for (;;) {
    cloud = cloudDraft(editor, project, deploy, draft, cloud);
    const row: Row | typeof BACK | undefined = await choose<Row>(overview({ deploy, draft, wanted, active, cloud }));
    if (row === undefined || row === BACK) return cancelled();
    active = row;
    switch (row) {
      case 'go': {
        const answers = answersOf(before, draft);
        if (!cloud) return ok({ answers, deploy });
        const account = await cloud.accountNow();
        if (account.ok)
          return ok({
            answers: { ...answers, deploymentSpec: cloud.spec(account.value) },
            deploy,
            account: account.value,
          });
        break;
      }
      case 'profile':
      case 'region':
      case 'auth':
        await cloud?.ask(row);
        break;
      case 'name': {
        const name = await askName(project, deploy, draft.name, takenNames(project, wanted));
        if (typeof name === 'string') draft.name = name;
        break;
      }
      case 'deployment': {
        const deployment = await askText({
          title: vscode.l10n.t('Name of the deployment'),
          value: draft.deployment,
          back: true,
          check: (text) => (MODEL_NAME.test(text) ? undefined : nameRule()),
        });
        if (typeof deployment === 'string') draft.deployment = deployment;
        break;
      }
      case 'target': {
        const target = await askTarget(deploy.target);
        if (target === undefined || target === BACK || target === deploy.target) break;
        const moved = await prepare(editor, project, { ...wanted, name: draft.name, target });
        if (!moved.ok) {
          if (moved.error.code !== CANCELLED) showError(editor.log, moved.error);
          break;
        }
        // A name that was only the usual one of the other target.
        if (draft.deployment === deploy.deployment) draft.deployment = moved.value.deployment;
        deploy = moved.value;
        draft.environment = draftOf(deploy).environment;
        break;
      }
      case 'python': {
        const { plan } = draft.environment;
        const chosen = await chooseInterpreter(editor, {
          project,
          wanted: { ...wanted, name: draft.name },
          prepared: deploy,
          ...(plan.kind === 'use' ? { inUse: plan.python } : {}),
        });
        if (chosen.ok) {
          deploy = chosen.value.deploy;
          draft.environment = chosen.value.environment;
        } else if (chosen.error.code !== CANCELLED) showError(editor.log, chosen.error);
        break;
      }
      case 'limits': {
        const limits = await askLimits(draft.limits, {
          isMemoryDeclared: before.limits.memoryMb !== undefined,
          isCloud: cloud !== undefined,
        });
        if (limits) draft.limits = limits;
        break;
      }
      case 'description': {
        const text = await askText({
          title: vscode.l10n.t('Description'),
          value: draft.description,
          prompt: vscode.l10n.t('One line on what the model does'),
          back: true,
        });
        if (typeof text === 'string') draft.description = text;
        break;
      }
      default:
        row satisfies never;
    }
    if (active !== 'go') active = 'go';
  }
}

/** Of a deploy to AWS Lambda; the same one as long as it is about the same deployment. */
function cloudDraft(
  editor: Editor,
  project: Project,
  { target }: PreparedDeploy,
  { name, deployment }: Draft,
  before: CloudDraft | undefined,
): CloudDraft | undefined {
  if (target !== 'lambda') return undefined;
  const declared = project.spec(name)?.deployments?.[deployment];
  return before && before.declared === declared ? before : new CloudDraft(editor, project.folder, declared);
}

function draftOf({ name, deployment, environments, declared, detection }: PreparedDeploy): Draft {
  const environment = environments[0];
  if (!environment) throw new Error('a prepared deploy has at least one environment');
  return {
    name,
    deployment,
    environment,
    limits: {
      memoryMb: declared?.memoryMb,
      timeoutSeconds: declared?.timeoutSeconds ?? DEFAULTS.timeoutSeconds,
      concurrency: declared?.concurrency ?? DEFAULTS.concurrency,
    },
    description: declared?.description ?? detection.description ?? '',
  };
}

/** Only what the user changed is written into models.json. */
function answersOf(before: Draft, { name, deployment, environment, limits, description }: Draft): DeployAnswers {
  const changed = Object.entries(limits).filter(([limit, value]) => value !== before.limits[limit as keyof Limits]);
  return {
    name,
    deployment,
    environment: environment.plan,
    spec: { ...Object.fromEntries(changed), ...(description === before.description ? {} : { description }) },
  };
}

async function askName(
  project: Project,
  { detection }: PreparedDeploy,
  value: string,
  taken: readonly string[],
): Promise<string | typeof BACK | undefined> {
  const { portablePath } = await import('../../core/models/paths.ts');
  const own = portablePath(project.folder, detection.path).path;
  return askText({
    title: vscode.l10n.t('Name of the model'),
    value,
    prompt: vscode.l10n.t('Part of its URL'),
    back: true,
    check: (text) => {
      if (!MODEL_NAME.test(text)) return nameRule();
      if (project.later({ model: text })) return vscode.l10n.t('{0} needs a newer Nimbus.', text);
      if (taken.includes(text)) return vscode.l10n.t('{0} is the name of another model that is deployed now.', text);
      const other = project.spec(text);
      return other && other.path !== own ? vscode.l10n.t('{0} is the name of {1}.', text, other.path) : undefined;
    },
  });
}

function nameRule(): string {
  return vscode.l10n.t('A name starts with a letter a-z and has at most 30 letters a-z, digits and hyphens.');
}
