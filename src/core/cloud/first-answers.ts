/** A stack that is complete does not serve yet: a deploy ends when its endpoint has answered. */
import { setTimeout as delay } from 'node:timers/promises';
import { exampleInput } from '../invoke/example.ts';
import { predict } from '../invoke/predict.ts';
import { send, type Answer } from '../invoke/request.ts';
import type { Shell } from '../shell.ts';
import type { ModelCard } from '../../shared/contract.ts';
import { formatMs } from '../../shared/latency.ts';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { ModelSpec } from '../../shared/spec.ts';
import type { CloudDeployed, CloudStatus } from '../../shared/states.ts';
import type { AwsConfig } from './aws.ts';
import { predictThroughInvoke } from './invoke.ts';
import { readKey } from './keys.ts';

/**
 * A key counts only after a while, and a new API's name has to reach the resolvers; neither is told. No figure of AWS is
 * known; a minute is far more than either was ever seen to take.
 */
const SETTLE_MS = 60_000;
const AGAIN_MS = 1000;
/** The first answer, which is cold, and one that is warm. */
const ANSWERS = 2;

export interface Asked {
  config: AwsConfig;
  cloud: CloudStatus;
  spec: Pick<ModelSpec, 'examples' | 'framework'>;
  card: ModelCard;
  /** What it answered when it was rehearsed. */
  probe: { input: unknown } | undefined;
  version: string;
}

/**
 * Sends what it answered on this machine; what a custom model without examples takes nobody knows, so that its health is asked
 * for only. Errors: the key cannot be read; it does not answer, or another version does.
 */
export async function firstAnswers(
  { config, cloud, spec, card, probe, version }: Asked,
  shell: Shell,
): Promise<Outcome<Pick<CloudDeployed, 'answers' | 'result'>>> {
  const { url } = cloud;
  const key = await readKey(config, cloud);
  if (!key.ok) return key;
  const headers: Record<string, string> = key.value === undefined ? {} : { 'x-api-key': key.value };
  const { signal } = shell;
  // Where calls are signed the gateway answers only who signs.
  if (cloud.auth !== 'iam') {
    const health = await settled(() => send('GET', `${url}/health`, undefined, { signal, headers }), version, shell);
    if (!health.ok) return health;
  }
  const known = spec.examples?.length || spec.framework !== 'custom';
  if (!known) {
    shell.stage('first answer', { detail: 'models.json has no example of it', state: 'skipped' });
    return ok({ answers: [] });
  }
  const { input } = spec.examples?.[0] ?? probe ?? { input: exampleInput(card) };
  const answers: CloudDeployed['answers'] = [];
  let result: unknown;
  for (let at = 0; at < ANSWERS; at += 1) {
    const ask = (): Promise<Answer> =>
      cloud.auth === 'iam'
        ? predictThroughInvoke(config, cloud, { input }, { signal })
        : predict(url, { input }, { signal, headers });
    const answer = await settled(ask, version, shell);
    if (!answer.ok) return answer;
    const { phases, start, body } = answer.value;
    const { initMs, handlerMs } = (body as { timings?: { initMs?: number; handlerMs?: number } }).timings ?? {};
    answers.push({
      totalMs: phases.totalMs,
      ...(start === undefined ? {} : { start }),
      ...(initMs === undefined ? {} : { initMs }),
      ...(handlerMs === undefined ? {} : { handlerMs }),
    });
    result ??= (body as { result?: unknown }).result;
  }
  shell.stage('first answer', {
    detail: answers.map(({ start = '', totalMs }) => `${start} ${formatMs(totalMs, 'en')}`.trim()).join(', '),
  });
  return ok({ answers, result });
}

/** Asks again while the gateway may just not know the key, the API or the new version yet. */
async function settled(ask: () => Promise<Answer>, version: string, shell: Shell): Promise<Outcome<Answer>> {
  const until = performance.now() + SETTLE_MS;
  for (;;) {
    const answer = await ask();
    if (shell.signal.aborted) return cancelled();
    if (answer.status === 200 && (answer.body as { version?: unknown }).version === version) return ok(answer);
    const { problem, status, retryAfterMs } = answer;
    const maySettle =
      status === 0 ||
      status === 200 ||
      status === 403 ||
      status === 404 ||
      status === 504 ||
      status === 503 ||
      retryAfterMs !== undefined;
    if (!maySettle || performance.now() > until) {
      return fail('no-first-answer', 'It is deployed, and does not answer.', {
        why: problem ? `${problem.status} ${problem.title}: ${problem.detail}` : 'Another version answers.',
        next: 'Read its log, correct the model, and deploy again; or remove it.',
      });
    }
    await delay(AGAIN_MS);
  }
}
