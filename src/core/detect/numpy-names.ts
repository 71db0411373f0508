import { capturedOf } from '../environment/captured.ts';
import type { Detection } from './detection.ts';

/**
 * The major version of NumPy that wrote a pickle, which the names in it give away: NumPy 2 moved `numpy.core` to
 * `numpy._core` (https://numpy.org/doc/stable/release/2.0.0-notes.html). Nothing where it names neither.
 */
export function numpyOf(globals: readonly string[], file: string): Pick<Detection, 'captured'> {
  const told = (versions: string): Pick<Detection, 'captured'> => ({
    captured: [capturedOf('numpy', versions, `names in ${file}`)],
  });
  if (globals.some((name) => name.startsWith('numpy._core.'))) return told('>=2');
  return globals.some((name) => name.startsWith('numpy.core.')) ? told('<2') : {};
}
