import path from 'node:path';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { toName } from '../models/names.ts';
import type { Detection } from './detection.ts';
import type { Detector, Subject } from './detector.ts';
import { readBytes } from './folder.ts';

const NAME = /\.(?:txt|model|lgb|lightgbm)$/i;
/** Names of ten thousand features; the list of the trees' sizes beside them. */
const HEADER_BYTES = 4 << 20;

/** What Booster.save_model writes: text, the header first. */
export const lightgbm: Detector = {
  looksFor: 'a LightGBM model (a .txt file that save_model wrote)',
  async detect(subject) {
    if (subject.kind === 'folder' || !NAME.test(subject.path)) return undefined;
    const start = (await readBytes(subject.path, 16)).toString('latin1');
    if (!/^tree\r?\nversion=/.test(start)) return undefined;
    const { header, bytes } = await readHeader(subject);
    if (bytes === undefined) return damaged(subject, 'its header does not end');
    const missing = ['objective', 'feature_names', 'max_feature_idx'].find((name) => !header.has(name));
    if (missing === 'objective') return customObjective(subject);
    if (missing !== undefined) return damaged(subject, `it does not say ${missing}`);
    const sizes = (header.get('tree_sizes') ?? '').split(' ').filter(Boolean).map(Number);
    const whole = sizes.reduce((sum, size) => sum + size, bytes);
    if (!(whole <= subject.size)) return damaged(subject, 'it ends before its last tree');
    return ok(describe(subject, header));
  },
};

/** Lines of `name=value` up to the first empty one, and how many bytes they take: undefined where none is empty. */
async function readHeader({
  path: file,
}: Subject): Promise<{ header: Map<string, string>; bytes: number | undefined }> {
  const data = await readBytes(file, HEADER_BYTES);
  const end = /\r?\n\r?\n/.exec(data.toString('latin1'))?.index;
  const lines = data.subarray(0, end).toString('utf8').split(/\r?\n/);
  const pairs = lines.flatMap((line) => {
    const at = line.indexOf('=');
    return at > 0 ? [[line.slice(0, at), line.slice(at + 1)] as const] : [];
  });
  return { header: new Map(pairs), bytes: end };
}

function describe(subject: Subject, header: Map<string, string>): Detection {
  const objective = header.get('objective')!.split(' ')[0]!;
  const classes = Number(header.get('num_class') ?? 1);
  const features = Number(header.get('max_feature_idx')) + 1;
  const format = /^v(\d+)$/.exec(header.get('version') ?? '')?.[1];
  const of = [
    objective,
    ...(classes > 1 ? [`${classes} classes`] : []),
    `${features} ${features === 1 ? 'feature' : 'features'}`,
  ];
  return {
    framework: 'lightgbm',
    path: subject.path,
    suggestedName: toName(path.basename(subject.path).replace(NAME, '')),
    summary: `LightGBM model (${of.join(', ')})${format === undefined ? '' : `, format version ${format}`}`,
    // The file names its format, which changes with the first number of LightGBM's version.
    requirements: [format === undefined ? 'lightgbm' : `lightgbm>=${format}`],
    risk: { kind: 'none' },
  };
}

function damaged({ path: file }: Subject, why: string): Outcome<never> {
  return fail('model-damaged', `${path.basename(file)} cannot be read as a LightGBM model.`, {
    why: `As it stands ${why}.`,
    next: 'Save the model again with save_model, and deploy the new file.',
  });
}

/** With an objective of the user's own the file does not say what the numbers mean. */
function customObjective({ path: file }: Subject): Outcome<never> {
  return fail('model-not-supported', `${path.basename(file)} was trained with an objective of your own.`, {
    why: "LightGBM does not save such an objective, so nothing says what the model's numbers mean.",
    next: 'Put the file into a folder with a handler.py that makes answers of them, and deploy that folder.',
  });
}
