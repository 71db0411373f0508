/** A stack that is complete does not serve yet: a deploy ends when its endpoint has answered. */
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
import { untilSettled, type Settling } from './settle.ts';

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
): Promise<Outcome<Pick<CloudDeployed, 'answers' | 'input' | 'result'>>> {
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
  return ok({ answers, input, result });
}

/** Asks again while the gateway may just not know the key, the API or the new version yet. */
async function settled(ask: () => Promise<Answer>, version: string, { signal }: Shell): Promise<Outcome<Answer>> {
  const asked = await untilSettled(ask, (answer) => judged(answer, version), signal);
  if (!asked) return cancelled();
  const { answer, isThere } = asked;
  if (isThere) return ok(answer);
  const { problem } = answer;
  return fail('no-first-answer', 'It is deployed, and does not answer.', {
    why: problem ? `${problem.status} ${problem.title}: ${problem.detail}` : 'Another version answers.',
    next: 'Read its log, correct the model, and deploy again; or remove it.',
  });
}

function judged({ status, body, retryAfterMs }: Answer, version: string): Settling {
  if (status === 200) return (body as { version?: unknown }).version === version ? 'there' : 'not-yet';
  return MAY_SETTLE.has(status) || retryAfterMs !== undefined ? 'not-yet' : 'never';
}

/** 0: there was no answer. */
const MAY_SETTLE: ReadonlySet<number> = new Set([0, 403, 404, 503, 504]);
