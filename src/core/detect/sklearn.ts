import { createHash } from 'node:crypto';
import path from 'node:path';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { toName } from '../models/names.ts';
import type { Detection, PickleGlobal, Risk } from './detection.ts';
import type { Detector, Subject } from './detector.ts';
import { readBytes } from './folder.ts';
import { judgeGlobal } from './globals.ts';
import { numpyOf } from './numpy-names.ts';
import { readPickle, type PickleFacts } from './pickle-reader.ts';

/** A pickle's usual names, and joblib's for its compressed files. */
const NAME = /\.(?:joblib|pkl|pickle)(?:\.(?:gz|z|bz2|xz|lzma|lz4))?$/i;

/** An estimator saved by joblib.dump or pickle.dump. */
export const sklearn: Detector = {
  looksFor: 'a scikit-learn estimator (a .joblib, .pkl or .pickle file)',
  async detect(subject, tools) {
    if (subject.kind === 'folder') return undefined;
    const named = NAME.test(subject.path);
    if (!named && !(await startsLikePickle(subject))) return undefined;
    if (subject.size === 0) {
      return fail('model-empty', `${path.basename(subject.path)} is empty.`, {
        why: 'It has 0 bytes: saving it did not finish, or it was never written.',
        next: 'Save the model again and deploy the new file.',
      });
    }
    const read = await readPickle(subject.path, tools);
    if (!read.ok) return read;
    const found = judge(subject, read.value);
    // A file of another name is only a guess: what it is not, another detector or the general answer says.
    return found.ok || named ? found : undefined;
  },
};

/** Protocol 2 to 5, or a compression that joblib reads. `finalized_model.sav` is a usual name too. */
async function startsLikePickle(subject: Subject): Promise<boolean> {
  const start = await readBytes(subject.path, 6);
  const starts = (...bytes: number[]): boolean => bytes.every((byte, at) => start[at] === byte);
  if (starts(0x80)) return start[1]! >= 2 && start[1]! <= 5;
  const zlib = starts(0x78) && (0x78 * 256 + (start[1] ?? 0)) % 31 === 0;
  return zlib || starts(0x1f, 0x8b) || starts(0x42, 0x5a, 0x68) || starts(0xfd, 0x37, 0x7a, 0x58) || starts(0x5d, 0, 0);
}

/** The reader's codes for a file that is not whole, or no pickle at all: there is nothing to agree to. */
const DAMAGE = new Set(['empty', 'truncated', 'damaged', 'changed', 'not-a-pickle']);

function judge(subject: Subject, facts: PickleFacts): Outcome<Detection> {
  const file = path.basename(subject.path);
  const globals = [...new Set(facts.globals)].sort().map((name) => judgeGlobal(name));
  const isEstimator = globals.some(({ name }) => name.startsWith('sklearn.'));
  if (!isEstimator || DAMAGE.has(facts.error?.code ?? '')) return notAnEstimator(file, facts, globals);
  const version = facts.versions['_sklearn_version'];
  const root = facts.root?.split('.').at(-1) ?? 'estimator';
  return ok({
    framework: 'sklearn',
    path: subject.path,
    suggestedName: toName(file.replace(NAME, '').replace(/\.[^.]{1,8}$/, '')),
    summary: `scikit-learn ${root}${version === undefined ? '' : `, made with scikit-learn ${version}`}`,
    requirements: [version === undefined ? 'scikit-learn' : `scikit-learn==${version}`, ...otherPackages(globals)],
    ...numpyOf(facts.globals, file),
    risk: riskOf(facts, globals),
  });
}

function notAnEstimator(file: string, facts: PickleFacts, globals: PickleGlobal[]): Outcome<never> {
  const dangerous = globals.filter(({ danger }) => danger === 'dangerous');
  if (dangerous.length > 0) {
    const list = dangerous.slice(0, 5).map(({ name, meaning }) => `${name} (${meaning})`);
    return fail('model-dangerous', `${file} is not a scikit-learn estimator, and loading it would be dangerous.`, {
      why: `It names ${list.join(', ')}. Nothing of it was run.`,
      next: 'Do not load this file. Ask where it came from.',
    });
  }
  if (facts.error) {
    return fail('model-damaged', `${file} cannot be read.`, {
      why: facts.error.message,
      next: 'Save the model again with joblib.dump or pickle.dump, and deploy the new file.',
    });
  }
  return fail('model-not-recognised', `${file} is not a scikit-learn estimator.`, {
    why: `Nimbus looked for classes of scikit-learn in it${facts.root ? `; it holds a ${facts.root}.` : ', and found none.'}`,
    next: 'Save the fitted estimator or pipeline itself, or add a handler.py that loads this file.',
  });
}

function riskOf(facts: PickleFacts, globals: PickleGlobal[]): Risk {
  if (facts.error) return { kind: 'unreadable', why: facts.error.message };
  const unknown = globals.filter(({ danger }) => danger === 'unknown');
  const dangerous = globals.filter(({ danger }) => danger === 'dangerous');
  if (dangerous.length > 0)
    return { kind: 'dangerous-globals', globals: [...dangerous, ...unknown], hash: facts.sha256 };
  if (unknown.length === 0) return { kind: 'none' };
  const set = unknown.map(({ name }) => name).join('\n');
  return { kind: 'unknown-globals', globals: unknown, hash: createHash('sha256').update(set).digest('hex') };
}

/** Packages that estimators come from, by their module. Modules that are not listed may be the project's own. */
const PACKAGE_OF: Record<string, string> = {
  pandas: 'pandas',
  imblearn: 'imbalanced-learn',
  xgboost: 'xgboost',
  lightgbm: 'lightgbm',
  catboost: 'catboost',
  category_encoders: 'category-encoders',
  sklearn_pandas: 'sklearn-pandas',
  mlxtend: 'mlxtend',
};

function otherPackages(globals: PickleGlobal[]): string[] {
  const modules = globals.map(({ name }) => name.slice(0, name.indexOf('.')));
  const packages = modules.flatMap((module) => (Object.hasOwn(PACKAGE_OF, module) ? [PACKAGE_OF[module]!] : []));
  // It picks columns by name, for which it needs a DataFrame; its pickle does not name pandas.
  if (globals.some(({ name }) => name.endsWith('.ColumnTransformer'))) packages.push('pandas');
  return [...new Set(packages)].sort();
}
