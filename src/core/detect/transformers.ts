import path from 'node:path';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { toName } from '../models/names.ts';
import type { Detection, PickleGlobal, Risk } from './detection.ts';
import type { Detector, Tools } from './detector.ts';
import { isFile, peek } from './folder.ts';
import { readPickle, type PickleFacts } from './pickle-reader.ts';
import { DAMAGE, riskOf } from './pickle-risk.ts';
import { sentenceModules, type SentenceModules } from './sentence-transformers.ts';
import { tokenizerPackages } from './tokenizer-packages.ts';
import { judgeTorchGlobal } from './torch-globals.ts';
import { torchVersion } from './torch-version.ts';
import { brokenConfiguration, ownCode } from './transformers-code.ts';
import * as configs from './transformers-config.ts';
import { modelFolder } from './transformers-folder.ts';
import { foreignWeights, weightFiles } from './transformers-weights.ts';

/** A folder written by `save_pretrained` of transformers or by SentenceTransformers. */
export const transformers: Detector = {
  looksFor: 'a Hugging Face text model (a folder written by save_pretrained or SentenceTransformers)',
  async detect(subject, tools) {
    const folder = await modelFolder(subject);
    if (folder === undefined || typeof folder !== 'string') return folder;
    if (await isExport(folder)) return undefined;
    return describe(folder, tools);
  },
};

/** A folder of Optimum or another exporter has the configuration, and weights of ONNX only. */
async function isExport(folder: string): Promise<boolean> {
  const weights = await weightFiles(folder);
  if (!weights.ok || weights.value.length > 0) return false;
  const isOnnx = (name: string): boolean => name.toLowerCase().endsWith('.onnx');
  const { files, folders } = await peek(folder);
  if (files.some(isOnnx)) return true;
  return folders.includes('onnx') && (await peek(path.join(folder, 'onnx'))).files.some(isOnnx);
}

async function describe(folder: string, tools: Tools): Promise<Outcome<Detection>> {
  const name = path.basename(folder);
  const sentences = await sentenceModules(folder);
  if (sentences && !sentences.ok) return sentences;
  const inner = sentences?.value.transformer ?? folder;
  const broken = await brokenConfiguration([folder, ...(sentences?.value.folders ?? [])]);
  if (broken) return broken;
  const config = await configs.readFields(path.join(inner, 'config.json'));
  const odd = await otherKind(folder, inner, config);
  if (odd) return odd;
  const preprocessor = await configs.readFields(path.join(inner, 'preprocessor_config.json'));
  const medium = configs.otherMedium(config!, preprocessor);
  if (medium !== undefined)
    return later(name, `a Hugging Face model for ${medium}`, `Nimbus runs models of text; ${medium} come later.`);
  const quantized = quantization(config!);
  if (quantized !== undefined) {
    return fail('model-not-supported', `${name} is quantised with ${quantized}, which needs a graphics card.`, {
      why: 'Nimbus runs models on the processor.',
      next: 'Deploy the model that it was made from, or an ONNX export of it.',
    });
  }
  const task = configs.taskOf(config!, await configs.pipelineTag(folder));
  const architecture = configs.architectureOf(config!) ?? configs.textOf(config, 'model_type')!;
  if (!sentences && task === undefined) {
    return later(
      name,
      `a Hugging Face model of the kind ${architecture}`,
      'Nimbus does not know what such a model is asked and answers.',
    );
  }
  const tokenizer =
    (await tokenizerPackages(inner)) ?? (inner === folder ? undefined : await tokenizerPackages(folder));
  if (tokenizer === undefined) {
    return fail('tokenizer-missing', `${name} has no tokenizer.`, {
      why: 'A text model needs the tokenizer that it was trained with; none of its files (tokenizer.json, vocab.txt, …) is in the folder.',
      next: 'Save it into the same folder: tokenizer.save_pretrained(folder).',
    });
  }
  const weights = await weightsOf(folder, inner, sentences?.value);
  if (!weights.ok) return weights;
  const risk = await riskIn(folder, weights.value, sentences?.value, tools);
  if (!risk.ok) return risk;
  const versions = versionsOf(config!, sentences?.value);
  const kind = sentences ? 'sentence embeddings' : `${task} model`;
  return ok({
    framework: 'transformers',
    path: folder,
    suggestedName: toName(/^(?:[0-9a-f]{40}|checkpoint-\d+)$/.test(name) ? readableName(folder) : name),
    summary: `Hugging Face ${kind} (${architecture})${versions.text}`,
    requirements: [...versions.requirements, 'torch', ...tokenizer],
    ...torchVersion(sentences?.value.torchVersion, 'config_sentence_transformers.json'),
    ...risk.value,
  });
}

/** What is no model by itself, or damaged; undefined where `config` is one to go on with. */
async function otherKind(
  folder: string,
  inner: string,
  config: configs.Fields | undefined,
): Promise<Outcome<never> | undefined> {
  const name = path.basename(folder);
  if (await isFile(path.join(folder, 'model_index.json'))) {
    return later(name, 'a model of diffusers', 'Nimbus runs models of text; images come later.');
  }
  // transformers loads one beside a whole model too: weights that nobody looked at.
  for (const place of new Set([inner, folder])) {
    const file = path.join(place, 'adapter_config.json');
    if (!(await isFile(file))) continue;
    const base = configs.textOf(await configs.readFields(file), 'base_model_name_or_path');
    return fail('model-not-supported', `${name} is an adapter (PEFT), not a whole model.`, {
      why: `It holds only what was trained on top of ${base ?? 'another model'}.`,
      next: 'Merge the two and save the result: PeftModel.from_pretrained(base, adapter).merge_and_unload().save_pretrained(folder), and its tokenizer with it. Where that was done in this very folder, remove adapter_config.json.',
    });
  }
  if (configs.isConfig(config)) return undefined;
  return fail(
    'model-damaged',
    `${path.basename(inner)} looks like a Hugging Face model, and its config.json is damaged.`,
    {
      why: 'It is not a JSON object with architectures or model_type.',
      next: 'Save the model again with save_pretrained.',
    },
  );
}

function later(name: string, kind: string, why: string): Outcome<never> {
  return fail('model-not-supported', `${name} is ${kind}, which this version of Nimbus does not run by itself.`, {
    why,
    next: 'Put it into a folder with a handler.py that defines load(path) and predict(model, input), and deploy that folder.',
  });
}

function quantization(config: configs.Fields): string | undefined {
  const found = config['quantization_config'];
  return configs.isFields(found) ? (configs.textOf(found, 'quant_method') ?? 'bitsandbytes') : undefined;
}

/** Paths of all files with weights. */
async function weightsOf(
  folder: string,
  inner: string,
  sentences: SentenceModules | undefined,
): Promise<Outcome<string[]>> {
  const files: string[] = [];
  for (const one of new Set([inner, ...(sentences?.weighted ?? [])])) {
    const found = await weightFiles(one);
    if (!found.ok) return found;
    if (found.value.length === 0) return noWeights(folder, one);
    files.push(...found.value.map((file) => path.join(one, file)));
  }
  return ok(files);
}

async function noWeights(folder: string, where: string): Promise<Outcome<never>> {
  const library = await foreignWeights(where);
  const name = path.relative(path.dirname(folder), where);
  if (library === undefined) {
    return fail('weights-missing', `${name} has no weights.`, {
      why: 'There is neither model.safetensors nor pytorch_model.bin in it.',
      next: 'Save the model again with save_pretrained, or download the missing file.',
    });
  }
  return fail('model-not-supported', `${name} has weights of ${library} only.`, {
    why: 'Nimbus loads the weights of PyTorch: model.safetensors or pytorch_model.bin.',
    next: `Load it once with from_tf=True or from_flax=True in a transformers that still can (4.x), and save it with save_pretrained.`,
  });
}

/** What loading runs: code of the repository, and what pickles of weights name. */
async function riskIn(
  folder: string,
  weights: readonly string[],
  sentences: SentenceModules | undefined,
  tools: Tools,
): Promise<Outcome<Pick<Detection, 'risk' | 'ownCode'>>> {
  const pickles: PickleFacts[] = [];
  for (const file of weights.filter((one) => one.endsWith('.bin'))) {
    const read = await readPickle(file, tools);
    if (!read.ok) return read;
    if (DAMAGE.has(read.value.error?.code ?? '')) {
      return fail('model-damaged', `${path.basename(file)} in ${path.basename(folder)} is damaged.`, {
        why: read.value.error!.message,
        next: 'Save the model again with save_pretrained, or download the file again.',
      });
    }
    pickles.push(read.value);
  }
  const names = [...pickles.flatMap((one) => one.globals), ...(sentences?.functions ?? [])];
  const globals: PickleGlobal[] = [...new Set(names)].sort().map((one) => judgeTorchGlobal(one));
  const found = riskOf(pickles, globals);
  const code = await ownCode(folder, {
    folders: sentences?.folders ?? [],
    classes: sentences?.classes ?? [],
    weights,
  });
  if (!code.ok) return code;
  // The graver of the two: an agreement to code is worth nothing where a pickle is dangerous.
  const risk = found.kind === 'none' ? (code.value ?? found) : both(found, code.value);
  return ok(code.value ? { risk, ownCode: true } : { risk });
}

/** Whatever the pickle names, code that came with the model is not agreed to by one click. */
function both(found: Risk, code: Risk | undefined): Risk {
  if (code?.kind !== 'code' || (found.kind !== 'unknown-globals' && found.kind !== 'dangerous-globals')) return found;
  const meaning = 'runs as code, which came with the model';
  const files = code.files.map((file): PickleGlobal => ({ name: file, danger: 'dangerous', meaning }));
  return { kind: 'dangerous-globals', globals: [...found.globals, ...files], hash: `${found.hash}${code.hash}` };
}

function versionsOf(
  config: configs.Fields,
  sentences: SentenceModules | undefined,
): { requirements: string[]; text: string } {
  const own = version(configs.textOf(config, 'transformers_version'));
  const requirement = (name: string, least: string | undefined): string =>
    least === undefined ? name : `${name}>=${least}`;
  // transformers reads what an older one has saved, and not always what a newer one has.
  const requirements = [requirement('transformers', own ?? version(sentences?.transformersVersion))];
  if (sentences?.plain === false)
    requirements.unshift(requirement('sentence-transformers', version(sentences.version)));
  const made = [
    ...(sentences?.version === undefined ? [] : [`sentence-transformers ${sentences.version}`]),
    ...(own === undefined ? [] : [`transformers ${own}`]),
  ];
  return { requirements, text: made.length === 0 ? '' : `, made with ${made.join(' and ')}` };
}

function version(text: string | undefined): string | undefined {
  return text !== undefined && /^\d+(?:\.\d+)+(?:(?:a|b|rc|\.dev|\.post)\d+)?$/.test(text) ? text : undefined;
}

/** A hash or `checkpoint-500` says nothing; the folder around it does. */
function readableName(folder: string): string {
  const parent = path.dirname(folder);
  const base = path.basename(path.basename(parent) === 'snapshots' ? path.dirname(parent) : parent);
  return base.replace(/^models--(?:.*--)?/, '');
}
