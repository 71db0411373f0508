import { openEngine, type Engine } from '../image/engine.ts';
import { formatBytes } from '../../shared/bytes.ts';
import type { Outcome } from '../../shared/outcome.ts';
import { foundBy, type Found } from './finding.ts';

export type LookedFor = Outcome<Engine>;

export async function lookForEngine(env: NodeJS.ProcessEnv): Promise<LookedFor> {
  return openEngine(env);
}

/** An engine that answers has BuildKit: `openEngine` refuses older ones. Where none is installed, models run without. */
export function checkEngine(engine: LookedFor): Found {
  if (!engine.ok) {
    const found = foundBy(engine.error, engine.error.code === 'engine-missing' ? 'absent' : 'problem');
    return { ...found, why: [found.why, 'The targets docker and lambda need one.'].filter(Boolean).join('\n') };
  }
  const { version, architecture, cpus, memoryBytes, address } = engine.value;
  return {
    state: 'ok',
    what: `${version} with BuildKit, ${architecture}, ${cpus} processors, ${formatBytes(memoryBytes)}, ${address}`,
  };
}
