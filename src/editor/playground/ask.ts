import { predict, type Answer } from '../../core/invoke/predict.ts';
import type { Beforehand, Through } from '../../shared/latency.ts';
import { ok, type Outcome } from '../../shared/outcome.ts';
import type { PlaygroundInput } from '../../shared/playground.ts';
import type { DeploymentStatus } from '../../shared/states.ts';
import type { Wait } from '../../shared/waits.ts';
import { awsEnvironment, headersOf, withWayOut } from '../cloud/account.ts';
import type { Editor } from '../editor.ts';

export interface Asked {
  editor: Editor;
  /** Folder of the project. */
  project: string;
  status: Pick<DeploymentStatus, 'url' | 'cloud'>;
  /** Counts on AWS. */
  through: Through;
}

export interface Reply extends Pick<
  Answer,
  'status' | 'body' | 'problem' | 'phases' | 'start' | 'version' | 'requestId'
> {
  through?: Through;
  /** Unset where there was nothing. */
  beforehand?: Beforehand;
}

/** One prediction. Errors: as of `predictOnAws`; what the endpoint fails with is in the reply. */
export async function ask(
  { editor, project, status: { cloud, url }, through }: Asked,
  input: PlaygroundInput,
  options: { signal: AbortSignal; onWait(wait: Wait | undefined): void },
): Promise<Outcome<Reply>> {
  if (!cloud) return ok(await predict(url, input, { signal: options.signal }));
  const { beforehandOf, predictOnAws } = await import('../../core/cloud/predict.ts');
  const env = awsEnvironment(editor, project);
  const headers = () => headersOf(editor, project, { cloud });
  const answer = await predictOnAws(cloud, { through, env, headers }, input, options);
  if (!answer.ok) {
    const { AWS_PROFILE: profile } = env;
    return { ok: false, error: withWayOut(answer.error, { project, ...(profile ? { profile } : {}) }) };
  }
  const { retries: _, wokenMs: __, publishedMs: ___, report: ____, liveVersion: _____, ...reply } = answer.value;
  const beforehand = beforehandOf(answer.value);
  return ok(beforehand ? { ...reply, beforehand } : reply);
}
