import path from 'node:path';
import * as vscode from 'vscode';
import { asksForName, rememberConsents } from '../core/consent.ts';
import { consentTo, type PreparedDeploy } from '../core/deploy.ts';
import { saferFormat } from '../core/detect/safer.ts';
import { visible } from '../shared/visible.ts';
import { CANCELLED, type Outcome } from '../shared/outcome.ts';
import type { Consent, PickleGlobal, Risk } from '../core/detect/detection.ts';

/** Names shown of a long list; the rest is counted. */
const NAMES_SHOWN = 15;

/**
 * Asks whether a model may be loaded whose loading runs more than its framework. Undefined where the user did not
 * agree; nothing is asked where nothing is needed.
 */
export async function askConsent(prepared: PreparedDeploy, name: string): Promise<Consent[] | undefined> {
  const risk = prepared.consentNeeded;
  if (!risk) return [];
  const { detection, alsoRuns } = prepared;
  const about = { file: path.basename(detection.path), name, alsoRuns, wayOut: saferFormat(detection) };
  if (!(await agreedTo(risk, about))) return undefined;
  return consentTo(prepared);
}

/** Remembers for the project what was agreed to for a deploy that came to an end of its own; not for a cancelled one. */
export async function remember(project: string, consent: Consent[], outcome: Outcome<unknown>): Promise<void> {
  if (outcome.ok || outcome.error.code !== CANCELLED) await rememberConsents(project, consent);
}

interface About {
  /** Name of the model's file or folder. */
  file: string;
  /** Of the model. */
  name: string;
  /** Modules of the project that it runs too. */
  alsoRuns: string[];
  /** How to save it so that nothing needs to be asked. */
  wayOut: string | undefined;
}

async function agreedTo(risk: Risk, about: About): Promise<boolean> {
  switch (risk.kind) {
    case 'unknown-globals':
      return agreedToUnknown(about, risk.globals);
    case 'dangerous-globals':
      return agreedToDangerous(about, risk.globals);
    case 'code':
      return asksForName(risk) ? agreedToForeignCode(about, risk.files) : agreedToCode(about.file, risk.files);
    case 'none':
    case 'unreadable':
      return true;
    default:
      return risk satisfies never;
  }
}

async function agreedToUnknown({ file, alsoRuns, wayOut }: About, globals: PickleGlobal[]): Promise<boolean> {
  const load = vscode.l10n.t('Load the Model');
  const chosen = await vscode.window.showWarningMessage(
    vscode.l10n.t('Loading {0} runs code that is not part of its framework.', file),
    {
      modal: true,
      detail: [
        vscode.l10n.t('A pickle can run any code when it is loaded. This one names:'),
        list(globals.filter(({ danger }) => danger !== 'known')),
        vscode.l10n.t('Load it only if you trust where it comes from. Retraining the same model does not ask again.'),
        ...(alsoRuns.length === 0
          ? []
          : [vscode.l10n.t('It also runs files of this project: {0}', alsoRuns.join(', '))]),
        ...(wayOut === undefined ? [] : [wayOut]),
      ].join('\n\n'),
    },
    load,
  );
  return chosen === load;
}

async function agreedToDangerous({ file, name, wayOut }: About, globals: PickleGlobal[]): Promise<boolean> {
  const dangerous = globals.filter(({ danger }) => danger === 'dangerous');
  return typedName(name, {
    warning: vscode.l10n.t('{0} can take over this computer when it is loaded.', file),
    detail: [
      vscode.l10n.t('No trained model needs this. It names:'),
      list(dangerous),
      vscode.l10n.t('Your answer holds for this very file: a changed one asks again.'),
      ...(wayOut === undefined ? [] : [wayOut]),
    ],
    goOn: vscode.l10n.t('I Know This File…'),
    title: vscode.l10n.t('Load {0} although it names {1}', file, dangerous.map((one) => visible(one.name)).join(', ')),
  });
}

/** Code that came with a model, whatever it is. */
async function agreedToForeignCode({ file, name }: About, files: string[]): Promise<boolean> {
  return typedName(name, {
    warning: vscode.l10n.t('Loading {0} runs code that came with it.', file),
    detail: [
      vscode.l10n.t('It can do what you can do: read and change your files, and start programs. It is in:'),
      list(files.map((one) => ({ name: one, danger: 'unknown' }))),
      vscode.l10n.t('Load it only if you trust where it comes from, or have read it.'),
      vscode.l10n.t('Your answer holds for these very files: changed ones ask again. New weights alone do not.'),
    ],
    goOn: vscode.l10n.t('I Know This Code…'),
    title: vscode.l10n.t('Load {0} with the code that came with it', file),
  });
}

interface Question {
  warning: string;
  detail: string[];
  /** The button that leads to the name. */
  goOn: string;
  title: string;
  prompt?: string;
}

/** Never by one click: the user types the model's name. */
export async function typedName(
  name: string,
  {
    warning,
    detail,
    goOn,
    title,
    prompt = vscode.l10n.t('Type the name of the model, {0}, to load it.', name),
  }: Question,
): Promise<boolean> {
  const chosen = await vscode.window.showWarningMessage(warning, { modal: true, detail: detail.join('\n\n') }, goOn);
  if (chosen !== goOn) return false;
  const typed = await vscode.window.showInputBox({
    title,
    prompt,
    ignoreFocusOut: true,
    validateInput: (text) =>
      text.trim() === '' || text.trim() === name ? undefined : vscode.l10n.t('Type exactly {0}', name),
  });
  return typed?.trim() === name;
}

async function agreedToCode(file: string, files: string[]): Promise<boolean> {
  const run = vscode.l10n.t('Run Them');
  const chosen = await vscode.window.showWarningMessage(
    vscode.l10n.t('Loading {0} runs these files as code.', file),
    { modal: true, detail: files.slice(0, NAMES_SHOWN).map(visible).join('\n') },
    run,
  );
  return chosen === run;
}

function list(globals: PickleGlobal[]): string {
  const lines = globals
    .slice(0, NAMES_SHOWN)
    .map(({ name, meaning }) => visible(meaning ? `• ${name}: ${meaning}` : `• ${name}`));
  const more = globals.length - lines.length;
  return [...lines, ...(more > 0 ? [vscode.l10n.t('… and {0} more', more)] : [])].join('\n');
}
