import path from 'node:path';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { isFile } from './folder.ts';
import type { OnnxModel } from './onnx-model.ts';
import { sentenceModules } from './sentence-transformers.ts';
import { tokenizerPackages } from './tokenizer-packages.ts';
import { architectureOf, pipelineTag, readFields, taskOf, type Task } from './transformers-config.ts';

/** What a folder with a tokenizer makes of a model that reads texts. */
export interface TextModel {
  task: Task | 'embeddings' | 'tensors';
  /** The class it was exported from, where config.json says. */
  architecture?: string;
  /** The packages that read the tokenizer. */
  tokenizer: string[];
}

/** What is made of a text. */
const MADE_INPUTS = new Set(['input_ids', 'attention_mask', 'token_type_ids', 'position_ids']);
/** Tasks that one run of a graph answers; infra/runtime/nimbus_runtime/frameworks/onnx_text.py has the same. */
const ONE_RUN = new Set<Task>([
  'text-classification',
  'zero-shot-classification',
  'token-classification',
  'question-answering',
  'fill-mask',
  'feature-extraction',
]);
/** The output in which an exporter of SentenceTransformers has pooled the token vectors already. */
const SENTENCE = 'sentence_embedding';

/** Undefined for a model that reads no text, or has no tokenizer beside it. */
export async function readTextModel(folder: string, model: OnnxModel): Promise<Outcome<TextModel> | undefined> {
  if (!model.inputs.some(({ name }) => name === 'input_ids')) return undefined;
  const config = await readFields(path.join(folder, 'config.json'));
  const architecture = config && architectureOf(config);
  const hasOwn = await isFile(path.join(folder, 'tokenizer.json'));
  const others = hasOwn ? [] : await tokenizerPackages(folder);
  if (others === undefined) return undefined;
  const task = await taskIn(folder, model);
  if (task && !task.ok) return task;
  const strange = model.inputs.find(({ name }) => !MADE_INPUTS.has(name));
  if (strange) {
    return fail('model-not-supported', `The model's input ${strange.name} is none that a tokenizer makes.`, {
      why: `Nimbus runs text models with the inputs ${[...MADE_INPUTS].join(', ')}.`,
      next: 'Export the model without it, or add a handler.py that makes it.',
    });
  }
  return ok({
    task: task?.value ?? 'tensors',
    ...(architecture === undefined ? {} : { architecture }),
    tokenizer: hasOwn ? ['tokenizers'] : ['transformers', ...others],
  });
}

/** Undefined where nothing says what the outputs mean. Errors: it is known, and is nothing that a graph alone answers. */
async function taskIn(folder: string, { outputs }: OnnxModel): Promise<Outcome<TextModel['task']> | undefined> {
  if (outputs.some(({ name }) => name === SENTENCE)) return ok('embeddings');
  const modules = await sentenceModules(folder);
  if (modules) return modules.ok ? pooled(folder, modules.value) : modules;
  const config = await readFields(path.join(folder, 'config.json'));
  const architecture = config && architectureOf(config);
  if (architecture === undefined) return undefined;
  const task = architecture.endsWith('Encoder') ? 'feature-extraction' : taskOf(config!, await pipelineTag(folder));
  if (task === undefined) return undefined;
  if (!ONE_RUN.has(task)) return generates(path.basename(folder), `${architecture}, ${task}`);
  // Of a graph whose vectors are pooled in a way of its own, nothing says which.
  return task === 'feature-extraction' && !outputs.some(({ shape }) => shape?.length === 3) ? undefined : ok(task);
}

function pooled(folder: string, { plain, weighted }: { plain: boolean; weighted: string[] }): Outcome<'embeddings'> {
  if (plain && weighted.length === 0) return ok('embeddings');
  const other = weighted.map((one) => path.basename(one)).join(', ');
  return fail('model-not-supported', `${path.basename(folder)} has modules that Nimbus does not run after a graph.`, {
    why: `Beside the graph there is ${other === '' ? 'a module, or a way of pooling, that modules.json names' : `${other}, with weights of PyTorch`}; an ONNX folder runs without PyTorch.`,
    next: `Export the model with all its modules, so that the graph has an output ${SENTENCE}, as optimum-cli export onnx does.`,
  });
}

/** It makes one token after the other, each by a run of its own: a graph alone says nothing of that. */
export function generates(name: string, why: string): Outcome<never> {
  return fail('model-not-supported', `${name} is a model that generates text, exported to ONNX.`, {
    why: `${why}: its texts are made token by token, in many runs that depend on each other; Nimbus asks an ONNX model once.`,
    next: 'Deploy the folder of the model that it was exported from (save_pretrained), which Nimbus runs with transformers. To stay with ONNX, add a handler.py that generates with ORTModelForCausalLM or ORTModelForSeq2SeqLM of optimum-onnx.',
  });
}
