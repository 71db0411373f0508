/** One prediction of a published version that does not serve yet. */
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { randomUUID } from 'node:crypto';
import type { PredictAnswer, Problem } from '../../shared/contract.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { exampleEvent, proxyAnswer } from '../host/gateway.ts';
import { abortable } from './versions.ts';

export interface Example {
  input: unknown;
  parameters?: Record<string, unknown>;
}

export interface Tried {
  functionName: string;
  /** Of the function: `7`. */
  number: string;
  /** That the model has to say it is. */
  version: string;
  stage: string;
  example: Example;
}

/** Errors: it does not start, or does not answer; it answers with a problem; it is another version of the model. */
export async function tryVersion(
  client: LambdaClient,
  { functionName, number, version, stage, example }: Tried,
  signal: AbortSignal,
): Promise<Outcome<PredictAnswer>> {
  const { InvokeCommand } = await import('@aws-sdk/client-lambda');
  const event = exampleEvent(example, { requestId: randomUUID(), arrivedMs: Date.now(), stage });
  const { FunctionError, Payload = new Uint8Array() } = await client.send(
    new InvokeCommand({ FunctionName: functionName, Qualifier: number, Payload: Buffer.from(event) }),
    abortable(signal),
  );
  const payload = Buffer.from(Payload);
  if (FunctionError !== undefined) {
    const { errorType, errorMessage } = parsed<{ errorType?: string; errorMessage?: string }>(payload) ?? {};
    return failed([errorType, errorMessage].filter(Boolean).join(': ') || FunctionError);
  }
  const answer = proxyAnswer(payload);
  if (!answer) return failed('It did not answer as the contract says.');
  if (answer.status !== 200) {
    const problem = parsed<Problem>(answer.body);
    return failed(problem ? `${problem.title}: ${problem.detail}` : `It answered with ${answer.status}.`);
  }
  const said = parsed<PredictAnswer>(answer.body);
  if (said?.version !== version) {
    return failed(`It says that it is version ${said?.version}, and not ${version}: the image is of another model.`);
  }
  return ok(said as PredictAnswer);
}

/** A function may answer anything. */
function parsed<T>(body: Buffer): Partial<T> | undefined {
  try {
    const found: unknown = JSON.parse(body.toString());
    return typeof found === 'object' && found !== null ? found : undefined;
  } catch {
    return undefined;
  }
}

function failed(why: string): Outcome<never> {
  return fail('example-failed', 'The new version does not answer the example.', {
    why,
    next: 'What serves was not touched. Correct the model, or its example, and deploy again.',
  });
}
