import path from 'node:path';
import { fail, ok } from '../../shared/outcome.ts';
import { toName } from '../models/names.ts';
import type { Detector, Subject } from './detector.ts';
import { isFile, peek, readStart } from './folder.ts';
import { parseRequirements } from './requirements.ts';

const HANDLER = 'handler.py';
const SOURCE_LIMIT = 1024 * 1024;

/** A folder whose handler.py says how to load and ask the model. */
export const custom: Detector = {
  looksFor: 'a custom model (a folder with handler.py that defines load(path) and predict(model, input))',
  async detect(subject) {
    const folder = handlerFolder(subject);
    if (folder === undefined || !(await isFile(path.join(folder, HANDLER)))) return undefined;
    const source = await readStart(path.join(folder, HANDLER), SOURCE_LIMIT);
    const missing = ['load', 'predict'].filter((name) => !defines(source, name));
    if (missing.length > 0) {
      return fail(
        'handler-incomplete',
        `${HANDLER} in ${path.basename(folder)} does not define ${missing.join(' and ')}.`,
        {
          why: `A custom model has two functions: load(path) returns the model, predict(model, input) answers one input.${otherwise(source)}`,
          next: remedy(source, missing),
        },
      );
    }
    const { requirements, skipped } = await requirementsOf(folder);
    const description = docstring(source);
    const left = skipped.length === 1 ? '1 line' : `${skipped.length} lines`;
    return ok({
      framework: 'custom',
      path: folder,
      suggestedName: toName(path.basename(folder)),
      summary: `custom model (${HANDLER})${skipped.length > 0 ? `; ${left} of requirements.txt not used: ${skipped.join(' · ')}` : ''}`,
      ...(description === undefined ? {} : { description }),
      requirements,
      risk: { kind: 'code', files: [HANDLER, ...(await otherModules(folder))] },
    });
  },
};

/** What other servers call, by a name that only they use. */
const FOREIGN: readonly { name: string; of: string }[] = [
  { name: 'model_fn', of: 'SageMaker' },
  { name: 'predict_fn', of: 'SageMaker' },
  { name: 'lambda_handler', of: 'AWS Lambda' },
];

/** The class of a handler whose method `predict` was meant. */
function classOf(source: string): string | undefined {
  return /^class[ \t]+(\w+)[^\n]*:(?:(?!^\S)[^])*?^[ \t]+(?:async[ \t]+)?def[ \t]+predict[ \t]*\(/m.exec(source)?.[1];
}

/** A sentence on what is there instead of the functions; '' where nothing is recognised. */
function otherwise(source: string): string {
  const name = classOf(source);
  if (name !== undefined) return ` Here predict is a method of the class ${name}, which nothing makes.`;
  const foreign = FOREIGN.find((one) => defines(source, one.name));
  return foreign ? ` ${foreign.name} is what ${foreign.of} calls.` : '';
}

function remedy(source: string, missing: readonly string[]): string {
  const name = classOf(source);
  const body: Record<string, string> = {
    load: name === undefined ? 'def load(path)' : `def load(path): return ${name}(…)`,
    predict:
      name === undefined ? 'def predict(model, input)' : 'def predict(model, input): return model.predict(input)',
  };
  return `Add ${missing.map((one) => body[one]).join(' and ')} to ${HANDLER}.`;
}

function handlerFolder(subject: Subject): string | undefined {
  if (subject.kind === 'folder') return subject.path;
  return path.basename(subject.path) === HANDLER ? path.dirname(subject.path) : undefined;
}

/**
 * Whether Python source gives a module a name: a function, an assignment or an import at the start of a line. It is
 * tolerant (a name inside of a text counts too): the worker says for certain.
 */
export function defines(source: string, name: string): boolean {
  const own = new RegExp(String.raw`^(?:async[ \t]+)?def[ \t]+${name}[ \t]*\(|^${name}[ \t]*(?::[^=\n]+)?=[^=]`, 'm');
  if (own.test(source)) return true;
  const imports = source.matchAll(/^from[ \t]+\S+[ \t]+import[ \t]+(?:\(([^)]*)\)|(.*))$/gm);
  return [...imports].some((match) => {
    const names = (match[1] ?? match[2] ?? '').replaceAll(/#.*/g, '').split(',');
    return names.some(
      (one) =>
        one.trim() === '*' ||
        one
          .trim()
          .split(/\s+as\s+/)
          .at(-1) === name,
    );
  });
}

/** The first line of a module's docstring. */
function docstring(source: string): string | undefined {
  const found = /^(?:\s|#.*\n)*[rR]?("""|''')\s*([^\n]*?)\s*(?:\1|\n)/.exec(source)?.[2];
  return found || undefined;
}

async function requirementsOf(folder: string): Promise<{ requirements: string[]; skipped: string[] }> {
  const file = path.join(folder, 'requirements.txt');
  return (await isFile(file))
    ? parseRequirements(await readStart(file, SOURCE_LIMIT))
    : { requirements: [], skipped: [] };
}

async function otherModules(folder: string): Promise<string[]> {
  return (await peek(folder)).files.filter((name) => name.endsWith('.py') && name !== HANDLER);
}
