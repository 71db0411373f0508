/** A new version proves itself on the model's own examples before it serves. */
import { isDeepStrictEqual } from 'node:util';
import type { ModelCard, Problem } from '../../shared/contract.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { Example, ModelSpec } from '../../shared/spec.ts';
import { exampleInput } from '../invoke/example.ts';
import { askWorker, type Asked } from './ask.ts';
import { proxyAnswer } from './gateway.ts';
import type { Failure } from './problems.ts';
import { describeError } from './python-error.ts';
import type { Worker } from './worker.ts';

/** More examples would make each reload wait. */
const EXAMPLES = 10;

/** An input that was made from a model's card: no text of a user. */
export interface Probe {
  input: unknown;
}

/**
 * Has a ready worker prove itself: on the examples of models.json, else on what the version before answered, else on
 * an input made from its card, which it may fail. A custom model is asked nothing that nobody wrote: what it does with
 * a request is known only to itself. Errors: it does not answer, or not as expected.
 */
export async function firstAnswer(
  worker: Worker,
  { spec, card, probe }: { spec: Pick<ModelSpec, 'examples' | 'framework'>; card: ModelCard; probe: Probe | undefined },
  asked: Asked,
): Promise<Outcome<{ detail: string; isSkipped?: boolean; probe?: Probe; firstMs?: number }>> {
  if (spec.examples?.length) {
    const tried = await tryExamples(worker, spec.examples, asked);
    if (!tried.ok) return tried;
    return ok({ detail: `${tried.value.answered} answered`, firstMs: tried.value.firstMs });
  }
  if (spec.framework === 'custom') return ok({ detail: 'models.json has no example of it', isSkipped: true });
  const made = probe ?? { input: exampleInput(card) };
  const tried = await tryExamples(worker, [made], asked);
  if (tried.ok) {
    return ok({ detail: 'answered an input made from its card', probe: made, firstMs: tried.value.firstMs });
  }
  if (!probe) return ok({ detail: 'models.json has no example of it', isSkipped: true });
  return fail('example-failed', 'It does not answer what the version before answered.', {
    why: `${JSON.stringify(made.input)}: ${tried.error.why ?? tried.error.what}`,
    next: 'Redeploy the model if it is meant to take other inputs now.',
  });
}

/** Sends the examples to a ready worker; none, none sent. Errors: one is not answered, or not as `expect` says. */
async function tryExamples(
  worker: Worker,
  examples: readonly Example[],
  asked: Asked,
): Promise<Outcome<{ answered: number; firstMs: number }>> {
  const since = performance.now();
  let firstMs = 0;
  for (const [index, example] of examples.slice(0, EXAMPLES).entries()) {
    const answer = await askWorker(worker, { input: example.input }, asked);
    const which = `Example ${index + 1}`;
    if (index === 0) firstMs = performance.now() - since;
    if (answer.kind === 'failure') return notAnswered(which, whyOf(answer.failure));
    if (answer.kind === 'error') return notAnswered(which, describeError(answer.payload));
    const read = proxyAnswer(answer.payload);
    const body = read && (JSON.parse(read.body.toString()) as Problem & { result?: unknown });
    if (!read || read.status !== 200)
      return notAnswered(which, body?.detail ?? 'The handler returned no proxy answer.');
    if (example.expect !== undefined && !includes(body!.result, example.expect)) {
      return fail('example-unexpected', `${which} is answered differently than models.json expects.`, {
        why: `Expected ${shorten(example.expect)}, got ${shorten(body!.result)}.`,
        next: 'Correct "expect" in models.json, or the model.',
      });
    }
  }
  return ok({ answered: Math.min(examples.length, EXAMPLES), firstMs });
}

/** Whether each field that `part` names is equal in `whole`; lists must be equal in length. */
export function includes(whole: unknown, part: unknown): boolean {
  if (Array.isArray(part)) {
    return Array.isArray(whole) && whole.length === part.length && part.every((one, at) => includes(whole[at], one));
  }
  if (typeof part === 'object' && part !== null) {
    if (typeof whole !== 'object' || whole === null) return false;
    return Object.entries(part).every(
      ([name, value]) => Object.hasOwn(whole, name) && includes((whole as Record<string, unknown>)[name], value),
    );
  }
  return isDeepStrictEqual(whole, part);
}

export function whyOf(failure: Failure): string {
  return [failure.detail, ...(failure.lastLines ?? [])].join('\n');
}

function notAnswered(which: string, why: string): Outcome<never> {
  return fail('example-failed', `${which} is not answered.`, { why, next: 'Correct the model or its example.' });
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
