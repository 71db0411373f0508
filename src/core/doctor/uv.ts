import { findUv } from '../environment/uv.ts';
import { run } from '../process.ts';
import type { Found } from './finding.ts';

const ANSWER_MS = 5000;

/** Without it there is no lock, and without a lock no image; a plain local deploy does without. */
export async function checkUv(env: NodeJS.ProcessEnv): Promise<Found> {
  const uv = await findUv(env);
  if (uv === undefined) {
    return {
      state: 'warning',
      what: 'It is not on the PATH.',
      why: 'It resolves the exact packages of an image (nimbus.lock). One that is installed in the Python of the model is used too.',
      next: 'Install it: pip install uv, or https://docs.astral.sh/uv.',
    };
  }
  const asked = await run([uv, '--version'], { env, deadlineMs: ANSWER_MS });
  if (asked.kind === 'exited' && asked.code === 0) {
    return { state: 'ok', what: `${/\d[\w.]*/.exec(asked.stdout)?.[0] ?? asked.stdout.trim()}, ${uv}` };
  }
  return { state: 'problem', what: `${uv} does not run.`, next: 'Install it again, or take it off the PATH.' };
}
