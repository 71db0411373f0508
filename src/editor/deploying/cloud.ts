/** What a deploy to AWS Lambda is asked in the overview: whose account, where, who may call. */
import * as vscode from 'vscode';
import type { CloudAccount } from '../../core/cloud/account.ts';
import type { Outcome } from '../../shared/outcome.ts';
import type { Auth, DeploymentSpec } from '../../shared/spec.ts';
import { accountOf, cloudChoice, rememberChoice, type CloudChoice } from '../cloud/account.ts';
import { askAuth, askProfile, askRegion, authText, environmentText, LOG_IN } from '../cloud/choices.ts';
import type { Editor } from '../editor.ts';
import { runAction, showError } from '../guard.ts';
import type { Choice } from '../quick.ts';

export type CloudRow = 'profile' | 'region' | 'auth';

/** The answers so far, and the account that they lead to, which is looked up meanwhile. */
export class CloudDraft {
  auth: Auth;
  /** What models.json says of the deployment. */
  readonly declared: DeploymentSpec | undefined;
  readonly #editor: Editor;
  readonly #project: string;
  #choice: CloudChoice;
  #looking: Promise<Outcome<CloudAccount>> | undefined;
  #found: Outcome<CloudAccount> | undefined;

  constructor(editor: Editor, project: string, declared: DeploymentSpec | undefined) {
    this.#editor = editor;
    this.#project = project;
    this.declared = declared;
    this.#choice = cloudChoice(editor, project);
    this.auth = declared?.auth ?? 'key';
  }

  /** Looked up once for each choice; a failure is shown when it is found. */
  account(): Promise<Outcome<CloudAccount>> {
    return (this.#looking ??= this.#look(this.#choice));
  }

  /** As `account`; after a failure once more: the user may have logged in meanwhile. */
  accountNow(): Promise<Outcome<CloudAccount>> {
    if (this.#found?.ok === false) this.#looking = undefined;
    return this.account();
  }

  async #look(choice: CloudChoice): Promise<Outcome<CloudAccount>> {
    const found = await accountOf(choice, this.declared, this.#project);
    if (choice !== this.#choice) return found;
    this.#found = found;
    if (!found.ok) showError(this.#editor.log, found.error);
    return found;
  }

  /** Over what models.json says of it. */
  spec({ region }: CloudAccount): Partial<Omit<DeploymentSpec, 'target'>> {
    return { region, ...(this.auth === (this.declared?.auth ?? 'key') ? {} : { auth: this.auth }) };
  }

  rows(): Choice<CloudRow>[] {
    const { profile } = this.#choice;
    const isDeployed = this.declared?.stack !== undefined;
    const region: Choice<CloudRow> = {
      label: vscode.l10n.t('$(globe) Region'),
      description: isDeployed ? vscode.l10n.t('{0}, where it is', this.#region()) : this.#region(),
    };
    return [
      {
        label: vscode.l10n.t('$(account) AWS profile'),
        description: profile || vscode.l10n.t('the environment: {0}', environmentText()),
        detail: this.#accountText(),
        value: 'profile',
      },
      // Of what is there already it cannot be changed: Enter does nothing.
      isDeployed ? region : { ...region, value: 'region' },
      { label: vscode.l10n.t('$(key) Who may call'), description: authText(this.auth), value: 'auth' },
    ];
  }

  #region(): string {
    if (this.#found?.ok) return this.#found.value.region;
    return (
      (this.declared?.stack === undefined ? this.#choice.region : undefined) ??
      this.declared?.region ??
      (this.#found?.error.code === 'no-region'
        ? vscode.l10n.t('none yet: choose one')
        : vscode.l10n.t('as the profile says'))
    );
  }

  #accountText(): string {
    const found = this.#found;
    if (!found) return vscode.l10n.t('$(loading~spin) asking AWS for the account …');
    if (!found.ok) return vscode.l10n.t('$(error) {0} Enter chooses another one.', found.error.what);
    return vscode.l10n.t('account {0} · {1}', found.value.account, found.value.arn);
  }

  async ask(row: CloudRow): Promise<void> {
    switch (row) {
      case 'auth':
        this.auth = (await askAuth(this.auth)) ?? this.auth;
        return;
      case 'region': {
        const shown = this.#found?.ok ? this.#found.value.region : this.#choice.region;
        const region = await askRegion(shown);
        if (region !== undefined) await this.#choose({ ...this.#choice, region });
        return;
      }
      case 'profile': {
        const profile = await askProfile(this.#choice.profile);
        if (profile === LOG_IN) await this.#logIn();
        else if (profile !== undefined) await this.#choose({ ...this.#choice, profile });
        return;
      }
      default:
        row satisfies never;
    }
  }

  async #logIn(): Promise<void> {
    const { profile } = this.#choice;
    await runAction({
      label: vscode.l10n.t('Log In'),
      command: 'nimbus.logInToAws',
      args: [{ project: this.#project, ...(profile ? { profile } : {}) }],
    });
  }

  async #choose(choice: CloudChoice): Promise<void> {
    this.#choice = choice;
    this.#looking = undefined;
    this.#found = undefined;
    await rememberChoice(this.#editor, this.#project, choice);
  }
}
