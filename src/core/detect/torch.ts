import path from 'node:path';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { toName } from '../models/names.ts';
import type { Detection, PickleGlobal } from './detection.ts';
import type { Detector, Subject } from './detector.ts';
import { isFile, peek, readBytes } from './folder.ts';
import { aloneIn } from './markers.ts';
import { readPickle, type PickleFacts } from './pickle-reader.ts';
import { DAMAGE, dangers, riskOf } from './pickle-risk.ts';
import { torchVersion } from './torch-version.ts';
import { judgeTorchGlobal, onlyTensors } from './torch-globals.ts';

const NAME = /\.(?:pt|pth|pt2|ts|jit|torchscript|ckpt|bin)$/i;
/** Endings that other kinds of files have too: then the file itself must begin as one of PyTorch. */
const SHARED_NAME = /\.(?:ts|bin|ckpt)$/i;
const LABEL_FILES = ['labels.txt', 'labels.json'];

const ZIP = Buffer.from('PK\u0003\u0004', 'latin1');
/** How torch.save began files before PyTorch 1.6. */
const LEGACY = Buffer.from('80028a0a6cfc9c46f9206aa8', 'hex');

/** A program saved by torch.jit.save or torch.export.save; weights alone get an answer that says what they lack. */
export const torch: Detector = {
  looksFor: 'a PyTorch program (a TorchScript .pt or .ts, a torch.export .pt2)',
  async detect(subject, tools) {
    const file = await modelFile(subject);
    if (file === undefined) return undefined;
    const name = path.basename(file);
    const head = await readBytes(file, 16);
    const named = NAME.test(file) && !SHARED_NAME.test(file);
    if (head.length === 0) {
      if (!named) return undefined;
      return fail('model-empty', `${name} is empty.`, {
        why: 'It has 0 bytes: saving it did not finish, or it was never written.',
        next: 'Save the model again and deploy the new file.',
      });
    }
    const begun = head.subarray(0, 4).equals(ZIP) || head.subarray(0, LEGACY.length).equals(LEGACY);
    if (!begun && !named) return undefined;
    const read = await readPickle(file, tools);
    if (!read.ok) return read;
    // An archive of another name and of no kind that PyTorch writes is somebody else's.
    if (read.value.archive === null && !NAME.test(file)) return undefined;
    return judge(subject, file, read.value);
  },
};

/** The file itself, or the only one of PyTorch in a folder. */
async function modelFile(subject: Subject): Promise<string | undefined> {
  if (subject.kind === 'file') return subject.path;
  const name = aloneIn((await peek(subject.path)).files).find((one) => NAME.test(one));
  return name === undefined ? undefined : path.join(subject.path, name);
}

async function judge(subject: Subject, file: string, facts: PickleFacts): Promise<Outcome<Detection>> {
  const name = path.basename(file);
  const globals = [...new Set(facts.globals)].sort().map((one) => judgeTorchGlobal(one));
  if (facts.archive !== 'script' && facts.archive !== 'export') return notAProgram(file, facts, globals);
  if (DAMAGE.has(facts.error?.code ?? '')) return damaged(name, facts);
  if (facts.operators.length > 0) {
    return fail('model-not-supported', `${name} uses operators that are not part of PyTorch.`, {
      why: `They are ${facts.operators.slice(0, 5).join(', ')}; they come with another package's machine code.`,
      next: 'Put it into a folder with a handler.py that imports that package and loads the model, and deploy that folder.',
    });
  }
  const labels = await labelsBeside(subject, file);
  const kind = facts.archive === 'script' ? 'TorchScript program' : 'exported program (torch.export)';
  return ok({
    framework: 'torch',
    path: labels === 'taken' ? path.dirname(file) : file,
    suggestedName: toName(
      labels === 'taken' || subject.kind === 'folder' ? path.basename(path.dirname(file)) : name.replace(NAME, ''),
    ),
    summary: `PyTorch ${kind}${LABELS[labels]}`,
    requirements: ['torch'],
    // TorchScript does not say.
    ...torchVersion(facts.versions['torch_version'], `torch_version in ${name}`),
    risk: riskOf([facts], globals),
  });
}

/** What the summary says of labels beside a program. */
const LABELS = {
  none: '',
  taken: ', with labels',
  left: '; the labels beside it are not used, since other models or folders are there too: put both into a folder of their own',
} as const;

/**
 * Whether labels lie beside a program. Then its folder is the model, where nothing but the program lies in it: a folder
 * with other models must not be copied with each of them.
 */
async function labelsBeside(subject: Subject, file: string): Promise<keyof typeof LABELS> {
  const folder = path.dirname(file);
  let labels = false;
  for (const name of LABEL_FILES) labels ||= await isFile(path.join(folder, name));
  if (!labels) return 'none';
  if (subject.kind === 'folder') return 'taken';
  const { files, folders, more } = await peek(folder);
  const models = files.filter((name) => /\.(?:pt|pth|pt2|ts|jit|onnx|safetensors|joblib|pkl|bin)$/i.test(name));
  return models.length === 1 && folders.length === 0 && !more ? 'taken' : 'left';
}

async function notAProgram(file: string, facts: PickleFacts, globals: PickleGlobal[]): Promise<Outcome<never>> {
  const name = path.basename(file);
  const dangerous = dangers(globals);
  if (dangerous !== undefined) {
    return fail('model-dangerous', `${name} is no program of PyTorch, and loading it would be dangerous.`, {
      why: `It names ${dangerous}. Nothing of it was run.`,
      next: 'Do not load this file. Ask where it came from.',
    });
  }
  if (facts.archive === 'compiled' || facts.archive === 'package') {
    const kind =
      facts.archive === 'compiled' ? 'compiled by AOTInductor for one machine' : 'a package of torch.package';
    return fail('model-not-supported', `${name} is ${kind}, which Nimbus does not run.`, {
      why: `It holds ${facts.archive === 'compiled' ? 'machine code' : 'Python code'}, which cannot be looked into.`,
      next: 'Save the model with torch.export.save or torch.jit.save instead.',
    });
  }
  if (facts.error) return damaged(name, facts);
  return withoutArchitecture(file, globals);
}

/** A state_dict, a checkpoint or a pickled module. */
async function withoutArchitecture(file: string, globals: PickleGlobal[]): Promise<Outcome<never>> {
  const name = path.basename(file);
  const folder = path.dirname(file);
  const hasHandler = await isFile(path.join(folder, 'handler.py'));
  const next = hasHandler
    ? `Deploy the folder ${path.basename(folder)}: its handler.py says how to load the model.`
    : `Put a handler.py beside it and deploy the folder, or save the model with torch.jit.save or torch.export.save. For example:\n\n${handlerFor(name)}`;
  if (onlyTensors(globals)) {
    return fail('weights-only', `${name} holds weights without an architecture.`, {
      why: 'A state_dict has the numbers of a model; the code of the model, which uses them, is not in the file.',
      next,
    });
  }
  const classes = globals.filter(({ name: one, danger }) => danger === 'unknown' || one.startsWith('torch.nn.'));
  return fail('module-pickled', `${name} is a pickled module, which is loaded with the code of its classes.`, {
    why: `It names ${classes
      .slice(0, 8)
      .map((one) => one.name)
      .join(', ')}${classes.length > 8 ? ', …' : ''}.`,
    next,
  });
}

function handlerFor(name: string): string {
  return `import torch
from my_model import Net  # your class, in my_model.py in the same folder


def load(path):
    net = Net()
    net.load_state_dict(torch.load(f"{path}/${name}", map_location="cpu", weights_only=True))
    return net.eval()


def predict(model, input):
    with torch.inference_mode():
        return model(torch.tensor(input)).tolist()
`;
}

function damaged(name: string, facts: PickleFacts): Outcome<never> {
  return fail('model-damaged', `${name} cannot be read.`, {
    why: facts.error!.message,
    next: 'Save the model again with torch.jit.save or torch.export.save, and deploy the new file.',
  });
}
