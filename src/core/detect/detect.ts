import { stat } from 'node:fs/promises';
import path from 'node:path';
import { fail, type Outcome } from '../../shared/outcome.ts';
import { FRAMEWORKS, type Framework } from '../../shared/spec.ts';
import { notReadable } from '../not-readable.ts';
import { custom } from './custom.ts';
import type { Detection } from './detection.ts';
import type { Detector, Subject, Tools } from './detector.ts';
import { peek, type Listing } from './folder.ts';
import { modelsInside } from './inside.ts';
import { laterFormat } from './later.ts';
import { lightgbm } from './lightgbm.ts';
import { onnx } from './onnx.ts';
import { sklearn } from './sklearn.ts';
import { spacy } from './spacy.ts';
import { torch } from './torch.ts';
import { transformers } from './transformers.ts';
import { xgboost } from './xgboost.ts';

export const DETECTORS = {
  spacy,
  sklearn,
  onnx,
  transformers,
  torch,
  xgboost,
  lightgbm,
  custom,
} satisfies Record<Framework, Detector>;

/** A handler.py was written for this model: it goes before what else the folder may be. */
const ORDER: readonly Framework[] = ['custom', ...FRAMEWORKS.filter((one) => one !== 'custom')];

export interface DetectOptions {
  /** Absolute path of an interpreter for reading pickles; 3.9 or newer, it needs no package. */
  python?: string;
  /** Asked where `python` is not given and a file must be looked into. */
  findPython?: () => Promise<string | undefined>;
  signal?: AbortSignal;
}

/**
 * Says what a file or folder is, without running any of it. Errors: no such path, not readable, empty, damaged, more
 * than one model, of a kind that is not supported yet, not recognised (with what was looked for and what is there).
 */
export async function detect(target: string, options: DetectOptions = {}): Promise<Outcome<Detection>> {
  const subject = await look(path.resolve(target));
  if ('ok' in subject) return subject;
  const tools: Tools = {
    findPython: async () => options.python ?? options.findPython?.(),
    ...(options.signal ? { signal: options.signal } : {}),
  };
  try {
    for (const framework of ORDER) {
      const found = await DETECTORS[framework].detect(subject, tools);
      if (found) return (found.ok && (await oneOfSeveral(subject, found.value))) || found;
    }
    return await notRecognised(subject);
  } catch (error) {
    return notReadable(subject.path, error);
  }
}

/** What `spacy train` writes: the same pipeline twice. */
const TRAINED = new Set(['model-best/', 'model-last/']);

/** A folder that is no model itself, but holds models of several frameworks: none of them is the one that is meant. */
async function oneOfSeveral(
  subject: Subject,
  { path: chosen, framework }: Detection,
): Promise<Outcome<never> | undefined> {
  if (subject.kind === 'file' || chosen === subject.path) return undefined;
  const own = path.relative(subject.path, chosen).split(path.sep).join('/');
  const beside = await modelsInside(subject.path, 1);
  const others = beside.filter(
    (one) =>
      !`${own}/`.startsWith(one) &&
      !(TRAINED.has(one) && TRAINED.has(`${own}/`)) &&
      // Its detector has chosen among those.
      !(framework === 'onnx' && one.toLowerCase().endsWith('.onnx')),
  );
  if (others.length === 0) return undefined;
  // Those make nothing ambiguous, but who is told which models there are looks for them too.
  const deeper = (await modelsInside(subject.path, DEPTH)).filter(
    (one) => !beside.includes(one) && !`${own}/`.startsWith(one) && !one.startsWith(`${own}/`),
  );
  const all = [own, ...others, ...deeper];
  return fail('model-ambiguous', `${path.basename(subject.path)} holds ${all.length} models.`, {
    why: `Down to two folders deep they are ${listed(all)}.`,
    next: `Deploy one of these, as in ${chosen}.`,
  });
}

/** Folders that are looked into, one in another, for saying which models there are. */
const DEPTH = 2;
const LISTED = 10;

function listed(names: readonly string[]): string {
  const more = names.length - LISTED;
  return `${names.slice(0, LISTED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

async function look(target: string): Promise<Subject | Outcome<never>> {
  try {
    const facts = await stat(target);
    if (facts.isFile()) return { path: target, kind: 'file', size: facts.size };
    if (facts.isDirectory()) return { path: target, kind: 'folder', size: 0 };
    return fail('model-not-recognised', `${path.basename(target)} is neither a file nor a folder.`, {
      next: 'Choose the file or folder that the model was saved to.',
    });
  } catch (error) {
    return notReadable(target, error);
  }
}

async function notRecognised(subject: Subject): Promise<Outcome<never>> {
  const name = path.basename(subject.path) || subject.path;
  const format = await laterFormat(subject);
  if (format !== undefined) {
    return fail('model-not-supported', `${name} is ${format}, which this version of Nimbus does not run by itself.`, {
      why: `It runs ${lookedFor()}.`,
      next: 'Put it into a folder with a handler.py that defines load(path) and predict(model, input), and deploy that folder.',
    });
  }
  const inside = subject.kind === 'folder' ? await peek(subject.path) : undefined;
  const models = inside ? await modelsInside(subject.path, DEPTH) : [];
  if (models.length > 0) {
    return fail('model-not-recognised', `${name} is not a model by itself.`, {
      why: `Down to two folders deep it may hold ${models.length === 1 ? 'one' : models.length}: ${listed(models)}.`,
      next: `Choose the model itself, as in ${path.join(subject.path, models[0]!)}, or add a handler.py that defines load(path) and predict(model, input).`,
    });
  }
  return fail('model-not-recognised', `${name} is not a model that Nimbus knows.`, {
    why: `${inside ? folderText(inside) : fileText(subject)} Nimbus looked for ${lookedFor()}.`,
    next: `Choose the model itself, or add a handler.py that defines load(path) and predict(model, input).`,
  });
}

function lookedFor(): string {
  const all = FRAMEWORKS.map((framework) => DETECTORS[framework].looksFor);
  return `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`;
}

function fileText({ path: file, size }: Subject): string {
  const extension = path.extname(file);
  return `It is a file ${extension === '' ? 'without an extension' : `of type ${extension}`} with ${size.toLocaleString('en')} bytes.`;
}

function folderText({ files, folders, more }: Listing): string {
  const all = [...files, ...folders.map((folder) => `${folder}/`)];
  if (all.length === 0) return 'The folder is empty.';
  const exact = all.length === 1 ? '1 entry' : `${all.length} entries`;
  const count = more ? `more than ${all.length.toLocaleString('en')} entries` : exact;
  return `The folder has ${count}: ${all.slice(0, 8).join(', ')}${all.length > 8 ? ', …' : ''}.`;
}
