import path from 'node:path';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import { lastLines, run } from '../process.ts';
import { runtimeFolder } from '../runtime-folder.ts';
import type { Tools } from './detector.ts';

/** What infra/runtime/pickle_reader.py says of a file. */
export interface PickleFacts {
  kind: 'pickle' | 'joblib' | 'torch';
  /** What a file of PyTorch holds; null for other files. `legacy`: tensors or a module, as before PyTorch 1.6. */
  archive: 'tensors' | 'script' | 'export' | 'compiled' | 'package' | 'legacy' | null;
  /** Operators of TorchScript code that are not PyTorch's own: `torchvision.nms`. */
  operators: string[];
  compression: string;
  /** Every global that loading would import: `module.name`. */
  globals: string[];
  /** Version attributes inside of it, e.g. `_sklearn_version`. */
  versions: Record<string, string>;
  /** Class of the outermost object, where it is one. */
  root: string | null;
  /** Classes of the objects in an outermost dict or tuple, by key or position. */
  holds: Record<string, string>;
  /** Of the whole file, as it is on the disk. */
  sha256: string;
  /** Why it could not be read to its end. */
  error?: { code: string; message: string };
}

/** Code of the error that says that the interpreter, not the file, is at fault. */
export const NOT_INSPECTED = 'model-not-inspected';

/** Reading is sequential: a gigabyte takes some seconds. */
const DEADLINE_MS = 120_000;

/** Reads a pickle without running any of it. Errors: no interpreter, cancelled, the reader itself failed. */
export async function readPickle(file: string, tools: Tools): Promise<Outcome<PickleFacts>> {
  const python = await tools.findPython();
  if (python === undefined) {
    return fail('python-missing', 'No Python was found on this machine.', {
      why: `Looking into ${path.basename(file)} without running it needs Python 3.9 or newer.`,
      next: 'Install Python from python.org or your system, or select an interpreter.',
    });
  }
  const result = await run([python, '-I', '-S', path.join(runtimeFolder(), 'pickle_reader.py'), file], {
    deadlineMs: DEADLINE_MS,
    outputLimit: 16 * 1024 * 1024,
    ...(tools.signal ? { signal: tools.signal } : {}),
  });
  if (result.kind === 'aborted') return cancelled();
  if (result.kind === 'exited') {
    try {
      return ok(JSON.parse(result.stdout) as PickleFacts);
    } catch {
      // No answer: what follows says what it printed instead.
    }
  }
  return fail(NOT_INSPECTED, `${path.basename(file)} could not be looked into.`, {
    why: whyNot(result, python),
    next: 'Select another Python interpreter (3.9 or newer) and try again.',
  });
}

function whyNot(result: Exclude<Awaited<ReturnType<typeof run>>, { kind: 'aborted' }>, python: string): string {
  if (result.kind === 'not-started') return `${python} does not start: ${result.error.message}`;
  if (result.kind === 'timed-out') return `Reading took more than ${DEADLINE_MS / 1000} s.`;
  return lastLines(result.stderr) || `${python} ended with exit code ${result.code ?? result.killedBy}.`;
}
