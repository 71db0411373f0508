import { stat } from 'node:fs/promises';
import path from 'node:path';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { producerOf } from '../environment/captured.ts';
import { toName } from '../models/names.ts';
import { DamagedFile } from './byte-file.ts';
import type { Detection } from './detection.ts';
import type { Detector, Subject } from './detector.ts';
import { findOnnx, type OnnxPlace } from './onnx-folder.ts';
import { readOnnx, type OnnxModel } from './onnx-model.ts';
import { readTextModel, type TextModel } from './onnx-text.ts';
import { onnxRuntime } from './onnx-versions.ts';

/** An ONNX file, alone or with external weights, a tokenizer or a configuration beside it. */
export const onnx: Detector = {
  looksFor: 'an ONNX model (a .onnx file, or a folder with model.onnx)',
  async detect(subject) {
    const place = await findOnnx(subject);
    if (!place?.ok) return place;
    const { file, folder } = place.value;
    if ((await stat(file)).size === 0) {
      return fail('model-empty', `${path.basename(file)} is empty.`, {
        why: 'It has 0 bytes: exporting it did not finish, or it was never written.',
        next: 'Export the model again and deploy the new file.',
      });
    }
    const model = await read(file);
    if (!model.ok) return model;
    const refused = foreignOperators(file, model.value) ?? (await externalData(file, model.value));
    if (refused) return refused;
    const text = await readTextModel(folder, model.value);
    if (text && !text.ok) return text;
    return describe(subject, place.value, model.value, text?.value);
  },
};

async function read(file: string): Promise<Outcome<OnnxModel>> {
  try {
    return ok(await readOnnx(file));
  } catch (error) {
    if (!(error instanceof DamagedFile)) throw error;
    return fail('model-damaged', `${path.basename(file)} cannot be read as an ONNX model.`, {
      why: `As it stands ${error.message}.`,
      next: 'Export the model again and deploy the new file. A file kept by Git LFS must be pulled first.',
    });
  }
}

/** What ONNX Runtime implements by itself. */
const KNOWN_DOMAINS = new Set(['', 'ai.onnx', 'ai.onnx.ml', 'com.microsoft', 'com.microsoft.nchwc', 'ai.onnx.preview']);

function foreignOperators(file: string, { domains }: OnnxModel): Outcome<never> | undefined {
  const foreign = [...domains].filter((domain) => !KNOWN_DOMAINS.has(domain)).sort();
  if (foreign.length === 0) return undefined;
  const known = foreign.includes('ai.onnx.contrib')
    ? ' ai.onnx.contrib comes with the package onnxruntime-extensions.'
    : '';
  return fail('model-not-supported', `${path.basename(file)} needs operators that ONNX Runtime does not have.`, {
    why: `They are of ${foreign.slice(0, 10).join(', ')}; running them takes a library of machine code that the model does not bring along.${known}`,
    next: 'Export the model without them, or add a handler.py that registers their library.',
  });
}

/** Undefined where all weights are where they should be. */
async function externalData(file: string, { external }: OnnxModel): Promise<Outcome<never> | undefined> {
  const name = path.basename(file);
  for (const [location, needed] of external) {
    if (leadsOut(location)) {
      return fail('model-damaged', `${name} names weights outside of its folder.`, {
        why: `It names ${JSON.stringify(location.slice(0, 200))}; nothing of that was read.`,
        next: 'Do not use this file unless you know where it came from. Export the model again with its weights beside it.',
      });
    }
    const facts = await stat(path.join(path.dirname(file), location)).catch(() => undefined);
    if (facts?.isFile() && facts.size >= needed) continue;
    return fail('model-incomplete', `${name} lacks its weights: ${location}.`, {
      why: facts?.isFile()
        ? `${location} has ${facts.size.toLocaleString('en')} bytes; the model needs ${needed.toLocaleString('en')}.`
        : `The model keeps them in a file of this name beside it, which is not there.`,
      next: `Put ${location} beside ${name}, under this very name: it is written into the model.`,
    });
  }
  return undefined;
}

function leadsOut(location: string): boolean {
  const parts = location.split('/');
  return location === '' || /[\\\0]|^[A-Za-z]:/.test(location) || location.startsWith('/') || parts.includes('..');
}

async function describe(
  subject: Subject,
  { file, folder }: OnnxPlace,
  model: OnnxModel,
  text: TextModel | undefined,
): Promise<Outcome<Detection>> {
  // What lies beside the file belongs to the model: then the folder is what is copied and loaded.
  const needsFolder = text !== undefined || model.external.size > 0;
  if (needsFolder && folder !== subject.path) {
    const other = await findOnnx({ path: folder, kind: 'folder', size: 0 });
    if (!other?.ok || other.value.file !== file) return needsOwnFolder(file, model);
  }
  const base = path.basename(file).replace(/\.onnx$/i, '');
  const own = needsFolder || base === 'model' ? path.basename(folder) : base;
  const [first] = model.opsets;
  const opset = model.opsets.get('') ?? first?.join(' ');
  const [producer, version] = [plain(model.producer), plain(model.producerVersion)];
  const maker = [producer, version].filter(Boolean).join(' ');
  return ok({
    framework: 'onnx',
    path: needsFolder ? folder : file,
    suggestedName: toName(own),
    summary: `ONNX model${whatItIs(model, text)}, opset ${opset ?? 'unknown'}${maker === '' ? '' : `, made with ${maker}`}`,
    requirements: [onnxRuntime(model), ...(text?.tokenizer ?? [])],
    captured: [
      producerOf('ONNX opset', opsetsOf(model), `opset of ${path.basename(file)}`),
      ...(producer === '' ? [] : [producerOf(producer, version, `producer of ${path.basename(file)}`)]),
    ],
    risk: { kind: 'none' },
  });
}

/** What anybody may have written into the file, as people can read it on one line. */
function plain(text: string): string {
  return text
    .replaceAll(/[^\w .+()/:~-]+/g, ' ')
    .trim()
    .slice(0, 60);
}

/** `17, ai.onnx.ml 3`: ONNX's own operators first. */
function opsetsOf({ opsets }: OnnxModel): string {
  const own = opsets.get('');
  const others = [...opsets].filter(([domain]) => KNOWN_DOMAINS.has(domain) && domain !== '');
  return [...(own === undefined ? [] : [`${own}`]), ...others.map(([domain, number]) => `${domain} ${number}`)].join(
    ', ',
  );
}

function needsOwnFolder(file: string, { external }: OnnxModel): Outcome<never> {
  const name = path.basename(file);
  const what = external.size > 0 ? [...external.keys()].slice(0, 3).join(', ') : 'the tokenizer';
  return fail('model-ambiguous', `${name} needs files beside it, and its folder holds other models too.`, {
    why: `It needs ${what}; Nimbus copies the whole folder of such a model.`,
    next: `Put ${name} and what it needs into a folder of its own, and deploy that.`,
  });
}

function whatItIs({ inputs, outputs, producer }: OnnxModel, text: TextModel | undefined): string {
  if (text) {
    const task = text.architecture === undefined && text.task === 'tensors' ? '' : ` (${text.task})`;
    return `${text.architecture === undefined ? ' with a tokenizer' : ` of ${text.architecture}`}${task}`;
  }
  if (producer === 'skl2onnx') return ' of a scikit-learn estimator';
  if (producer === 'OnnxMLTools') return ' of an estimator';
  return ` (${inputs
    .map(({ name }) => name)
    .slice(0, 4)
    .join(', ')} to ${outputs
    .map(({ name }) => name)
    .slice(0, 4)
    .join(', ')})`;
}
