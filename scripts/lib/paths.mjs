// Where things are in a checkout.
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** The checkout's folder. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
/** What set-up makes and keeps; ignored by git. */
export const cache = path.join(root, '.cache');
/** Logs, reports and pictures of the last run; ignored by git. */
export const artifacts = path.join(root, 'artifacts');

export const windows = process.platform === 'win32';

/** The interpreter that the samples are trained with, the tests run on and the benchmark measures. */
export const python = path.join(cache, 'python', windows ? 'Scripts/python.exe' : 'bin/python');
/** The interpreter with the large frameworks (torch, transformers, onnxruntime, …), for their examples and tests. */
export const frameworksPython = path.join(cache, 'frameworks', windows ? 'Scripts/python.exe' : 'bin/python');
/** The interpreter that has the emulator of AWS. */
export const awsPython = path.join(cache, 'aws', windows ? 'Scripts/python.exe' : 'bin/python');
/** Node of the version in package.json: runs TypeScript unbundled, whatever Node started the script. */
export const node = path.join(root, 'node_modules/node/bin', windows ? 'node.exe' : 'node');

/** True where `url` (an `import.meta.url`) is the file that Node was started with. */
export function isMain(url) {
  return process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(url);
}
