import path from 'node:path';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { toName } from '../models/names.ts';
import type { Detection, PickleGlobal } from './detection.ts';
import type { Detector, Subject } from './detector.ts';
import { packagesOfGlobals } from './estimator-packages.ts';
import { readBytes } from './folder.ts';
import { judgeGlobal } from './globals.ts';
import { numpyOf } from './numpy-names.ts';
import { readPickle, type PickleFacts } from './pickle-reader.ts';
import { DAMAGE, dangers, riskOf } from './pickle-risk.ts';
import { readSkops } from './skops.ts';

/** A pickle's usual names, and joblib's for its compressed files. `.sav` is SPSS's too: only its contents tell. */
const NAME = /\.(?:joblib|pkl|pickle)(?:\.(?:gz|z|bz2|xz|lzma|lz4))?$/i;

const SKOPS = /\.skops$/i;

/** What the readers of pickles and of skops files tell. */
type Facts = Pick<PickleFacts, 'globals' | 'versions' | 'root' | 'sha256' | 'error'> &
  Partial<Pick<PickleFacts, 'holds' | 'compression'>>;

/** An estimator saved by joblib.dump, pickle.dump or skops.io.dump. */
export const sklearn: Detector = {
  looksFor: 'a scikit-learn estimator (a .joblib, .pkl, .pickle or .skops file)',
  async detect(subject, tools) {
    if (subject.kind === 'folder') return undefined;
    const isSkops = SKOPS.test(subject.path);
    const named = isSkops || NAME.test(subject.path);
    if (!named && !(await startsLikePickle(subject))) return undefined;
    if (subject.size === 0) {
      return fail('model-empty', `${path.basename(subject.path)} is empty.`, {
        why: 'It has 0 bytes: saving it did not finish, or it was never written.',
        next: 'Save the model again and deploy the new file.',
      });
    }
    const read = isSkops ? ok(await readSkops(subject.path)) : await readPickle(subject.path, tools);
    if (!read.ok) return read;
    if ('kind' in read.value && read.value.kind === 'torch') return undefined;
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
  const lz4 = starts(0x04, 0x22, 0x4d, 0x18);
  return (
    zlib ||
    lz4 ||
    starts(0x1f, 0x8b) ||
    starts(0x42, 0x5a, 0x68) ||
    starts(0xfd, 0x37, 0x7a, 0x58) ||
    starts(0x5d, 0, 0)
  );
}

const ESTIMATOR = /^(?:sklearn\.|xgboost\.sklearn\.XGB|lightgbm\.sklearn\.LGBM)/;

function judge(subject: Subject, facts: Facts): Outcome<Detection> {
  const file = path.basename(subject.path);
  const globals = [...new Set(facts.globals)].sort().map((name) => judgeGlobal(name));
  const isEstimator = globals.some(({ name }) => ESTIMATOR.test(name));
  const isDamaged = DAMAGE.has(facts.error?.code ?? '');
  const ofScript = isDamaged ? [] : globals.filter(({ name }) => /^__(?:mp_)?main__\./.test(name));
  if (ofScript.length > 0) return definedInScript(file, ofScript);
  if (!isEstimator || isDamaged) return notAnEstimator(file, facts, globals);
  if (!facts.error && facts.root !== null && Object.hasOwn(CONTAINERS, facts.root)) return inContainer(file, facts);
  const version = facts.versions['_sklearn_version'];
  const root = facts.root?.split('.').at(-1) ?? 'estimator';
  const isSkops = SKOPS.test(file);
  return ok({
    framework: 'sklearn',
    path: subject.path,
    suggestedName: toName(
      file
        .replace(NAME, '')
        .replace(SKOPS, '')
        .replace(/\.(?:z|gz|bz2|xz|lzma|lz4)$/i, '')
        .replace(/\.[^.]{1,8}$/, ''),
    ),
    summary: `scikit-learn ${root}${version === undefined ? '' : `, made with scikit-learn ${version}`}`,
    requirements: [
      version === undefined ? 'scikit-learn' : `scikit-learn==${version}`,
      ...packagesOfGlobals(globals),
      ...(isSkops ? ['skops'] : []),
      // joblib unpacks it only with this package.
      ...(facts.compression === 'lz4' ? ['lz4'] : []),
    ],
    ...numpyOf(facts.globals, file),
    risk: riskOf([facts], globals),
  });
}

/** Only the script that saved it has these names: no other program can load the file. */
function definedInScript(file: string, globals: PickleGlobal[]): Outcome<never> {
  const names = globals.map(({ name }) => name.slice(name.indexOf('.') + 1));
  return fail('model-needs-script', `${file} needs ${names.join(', ')} of the script that saved it.`, {
    why: `It names ${globals.map(({ name }) => name).join(', ')}: the class or function was defined in the training script or notebook itself, where nothing else can import it from.`,
    next: `Move ${names.length === 1 ? 'it' : 'them'} into a module beside ${file} or in the project's folder (for example features.py), import ${names.length === 1 ? 'it' : 'them'} from there, and save the model again.`,
  });
}

const CONTAINERS: Record<string, { what: string; at(key: string): string }> = {
  'builtins.dict': { what: 'dict', at: (key) => JSON.stringify(key) },
  'builtins.tuple': { what: 'tuple', at: (key) => key },
};

function inContainer(file: string, { root, holds = {} }: Facts): Outcome<never> {
  const { what, at } = CONTAINERS[root!]!;
  const found = Object.entries(holds).filter(([, kind]) => ESTIMATOR.test(kind));
  const listed = found.slice(0, 10).map(([key, kind]) => `${at(key)} (${kind.split('.').at(-1)})`);
  const first =
    found.length > 0
      ? `joblib.dump(joblib.load(${JSON.stringify(file)})[${at(found[0]![0])}], "model.joblib")`
      : 'joblib.dump(model, …)';
  return fail('model-in-container', `${file} holds a ${what}, not an estimator.`, {
    ...(listed.length > 0 ? { why: `Its scikit-learn objects are at ${listed.join(', ')}.` } : {}),
    next: `Save the fitted estimator or pipeline itself, as in ${first}, or add a handler.py that loads this file and uses its parts.`,
  });
}

/** Pickled models of other packages, by their top-level module: they come later. */
const LATER: Record<string, string> = {
  catboost: 'CatBoost',
  gensim: 'Gensim',
  keras: 'Keras',
  prophet: 'Prophet',
  statsmodels: 'statsmodels',
};

function notAnEstimator(file: string, facts: Facts, globals: PickleGlobal[]): Outcome<never> {
  const dangerous = dangers(globals);
  if (dangerous !== undefined) {
    return fail('model-dangerous', `${file} is not a scikit-learn estimator, and loading it would be dangerous.`, {
      why: `It names ${dangerous}. Nothing of it was run.`,
      next: 'Do not load this file. Ask where it came from.',
    });
  }
  if (facts.error) {
    return fail('model-damaged', `${file} cannot be read.`, {
      why: facts.error.message,
      next: `Save the model again with ${SKOPS.test(file) ? 'skops.io.dump' : 'joblib.dump or pickle.dump'}, and deploy the new file.`,
    });
  }
  const later = LATER[facts.root?.split('.')[0] ?? ''];
  if (later !== undefined) {
    return fail(
      'model-not-supported',
      `${file} is a model of ${later}, which this version of Nimbus does not run by itself.`,
      {
        why: `It holds a ${facts.root}.`,
        next: 'Put it into a folder with a handler.py that defines load(path) and predict(model, input), and deploy that folder.',
      },
    );
  }
  return fail('model-not-recognised', `${file} is not a scikit-learn estimator.`, {
    why: `Nimbus looked for classes of scikit-learn in it${facts.root ? `; it holds a ${facts.root}.` : ', and found none.'}`,
    next: 'Save the fitted estimator or pipeline itself, or add a handler.py that loads this file.',
  });
}
