import type { PlaygroundInput } from '../../shared/playground.ts';
import { send, type Answer, type RequestOptions } from './request.ts';

export type { Access, Answer, RequestOptions } from './request.ts';

/** One prediction. `url` is the endpoint's base. Never rejects; see `Answer`. */
export function predict(url: string, body: PlaygroundInput, options: RequestOptions = {}): Promise<Answer> {
  return send('POST', `${url}/predict`, body, options);
}

/** One `/batch` request of at most 1,000 inputs and 6 MB; `body` of the answer is a `BatchAnswer`. Never rejects. */
export function postBatch(
  url: string,
  inputs: readonly unknown[],
  { parameters, ...options }: RequestOptions & { parameters?: Record<string, unknown> } = {},
): Promise<Answer> {
  return send('POST', `${url}/batch`, { inputs, ...(parameters ? { parameters } : {}) }, options);
}
