import type { ModelCard } from '../../shared/contract.ts';
import { send, type RequestOptions } from './request.ts';

/** The model card of an endpoint; undefined where it does not answer. Reaches no worker. */
export async function fetchCard(url: string, options: RequestOptions = {}): Promise<ModelCard | undefined> {
  const answer = await send('GET', `${url}/`, undefined, options);
  return answer.problem ? undefined : (answer.body as ModelCard);
}
