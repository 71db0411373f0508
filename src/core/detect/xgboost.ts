import path from 'node:path';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { toName } from '../models/names.ts';
import { DamagedFile } from './byte-file.ts';
import type { Detection } from './detection.ts';
import type { Detector, Subject } from './detector.ts';
import { readBytes } from './folder.ts';
import { readXgboost, type XgboostHeader } from './xgboost-header.ts';

const NAME = /\.(?:ubj|json|model|xgb|bst)$/i;

/** What Booster.save_model and XGBClassifier.save_model write. */
export const xgboost: Detector = {
  looksFor: 'an XGBoost model (a .ubj or .json file that save_model wrote)',
  async detect(subject) {
    if (subject.kind === 'folder' || !NAME.test(subject.path)) return undefined;
    // Any other file of these names may be anything: only .ubj is certainly meant to be a model.
    const isMeant = /\.ubj$/i.test(subject.path);
    if (subject.size === 0) return isMeant ? empty(subject) : undefined;
    if ((await readBytes(subject.path, 4)).toString('latin1') === 'binf') return oldFormat(subject);
    try {
      const header = await readXgboost(subject.path);
      if (header) return ok(describe(subject, header));
      return isMeant ? damaged(subject, 'it describes no booster') : undefined;
    } catch (error) {
      if (!(error instanceof DamagedFile)) throw error;
      return isMeant || (await looksCut(subject)) ? damaged(subject, error.message) : undefined;
    }
  },
};

/** JSON that begins as XGBoost writes it, whatever became of its end. */
async function looksCut({ path: file }: Subject): Promise<boolean> {
  return /^\s*\{\s*"learner"\s*:\s*\{\s*"/.test((await readBytes(file, 256)).toString('latin1'));
}

function describe(subject: Subject, { version, objective, classes, features }: XgboostHeader): Detection {
  const of = [
    `${objective}`,
    ...(classes > 1 ? [`${classes} classes`] : []),
    ...(features > 0 ? [`${features} ${features === 1 ? 'feature' : 'features'}`] : []),
  ];
  return {
    framework: 'xgboost',
    path: subject.path,
    suggestedName: toName(path.basename(subject.path).replace(NAME, '')),
    summary: `XGBoost model (${of.join(', ')})${version === '' ? '' : `, made with XGBoost ${version}`}`,
    // Newer versions read what older ones saved; not the other way round.
    requirements: [version === '' ? 'xgboost' : `xgboost>=${version}`],
    risk: { kind: 'none' },
  };
}

function empty({ path: file }: Subject): Outcome<never> {
  return fail('model-empty', `${path.basename(file)} is empty.`, {
    why: 'It has 0 bytes: saving it did not finish, or it was never written.',
    next: 'Save the model again and deploy the new file.',
  });
}

function damaged({ path: file }: Subject, why: string): Outcome<never> {
  return fail('model-damaged', `${path.basename(file)} cannot be read as an XGBoost model.`, {
    why: `As it stands ${why}.`,
    next: 'Save the model again with save_model, and deploy the new file.',
  });
}

function oldFormat({ path: file }: Subject): Outcome<never> {
  return fail('model-not-supported', `${path.basename(file)} is in XGBoost's old binary format.`, {
    why: 'XGBoost itself no longer reads it in newer versions.',
    next: 'Load it with the XGBoost that wrote it, save it by save_model("model.ubj"), and deploy that file.',
  });
}
