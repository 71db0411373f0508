import { capturedOf } from '../environment/captured.ts';
import type { Detection } from './detection.ts';

const RELEASE = /^(\d+\.\d+(?:\.\d+)*)(?:\+[a-z0-9.]+)?$/i;

/**
 * The PyTorch that a file says it was written with. What stands behind the `+` names the machine's build (`+cu132`),
 * which another machine need not have; what is no release (`2.9.0a0+git1234`) cannot be installed again.
 */
export function torchVersion(said: string | undefined, from: string): Pick<Detection, 'captured'> {
  const release = RELEASE.exec(said ?? '')?.[1];
  return release === undefined ? {} : { captured: [capturedOf('torch', `==${release}`, from)] };
}
