import path from 'node:path';
import { rememberConsents } from '../core/consent.ts';
import { prepareDeploy } from '../core/deploy.ts';
import type { Consent } from '../core/detect/detection.ts';
import { madeWith } from '../core/environment/captured.ts';
import { interpretersOf } from '../core/interpreters.ts';
import { buildPlanOf, type BuildPlan } from '../core/targets/plan.ts';
import { fail, ok, type Outcome } from '../shared/outcome.ts';
import { keyText, type DeploymentKey, type ModelSpec } from '../shared/spec.ts';
import { askConsent, askTrust } from './consent.ts';
import { connectIfRunning } from './context.ts';
import { packagesOf } from './options.ts';
import { orExit, type Terminal } from './terminal.ts';

export interface BuildOptions {
  python?: string;
  indexUrl?: string;
  trust?: boolean;
}

export interface BuildWish {
  /** Absolute path of the project's folder, and of the model. */
  folder: string;
  path: string;
  /** Where they are known. */
  model?: string;
  deployment?: string;
}

/** What an image is built from, with the questions that a deploy to Docker asks. Remembers what was agreed to. */
export async function prepareBuild(
  terminal: Terminal,
  { folder, path: model, model: name, deployment }: BuildWish,
  options: BuildOptions,
): Promise<{ plan: BuildPlan; lockFile: string }> {
  const trusted = orExit(terminal, await askTrust(terminal, folder, options));
  const host = await connectIfRunning(folder);
  host?.close();
  const prepared = orExit(
    terminal,
    await prepareDeploy({
      project: folder,
      path: model,
      target: 'docker',
      trustedProject: trusted,
      packages: packagesOf(options),
      signal: terminal.signal,
      current: interpretersOf(host?.hello.deployments ?? []),
      ...(name === undefined ? {} : { name }),
      ...(deployment === undefined ? {} : { deployment }),
      ...(options.python === undefined ? {} : { interpreter: path.resolve(options.python) }),
    }),
  );
  terminal.say(prepared.detection.summary);
  const made = madeWith(prepared.captured);
  if (made !== '') terminal.say(`  made with ${made}`);
  const consent = orExit(terminal, await askConsent(terminal, prepared, options));
  const given: Consent[] = [...(trusted ? [{ kind: 'code' } as const] : []), ...consent];
  await rememberConsents(folder, given);
  return { plan: buildPlanOf(prepared.plan({ consent })), lockFile: prepared.lock.file };
}

/**
 * The deployment whose image a model's is: the one that is named, else the only one that runs an image, else one that
 * is called as a deploy to Docker calls it. Errors: there are several, or the named one runs no image.
 */
export function imageDeployment(
  model: string,
  spec: Pick<ModelSpec, 'deployments'> | undefined,
  named: string | undefined,
): Outcome<DeploymentKey> {
  const all = Object.entries(spec?.deployments ?? {});
  if (named !== undefined) {
    const key = { model, deployment: named };
    const declared = all.find(([name]) => name === named)?.[1];
    if (declared === undefined || declared.target === 'docker') return ok(key);
    return fail('usage', `${keyText(key)} runs no image.`, {
      next: `Deploy ${model} with --target docker, and name that deployment.`,
    });
  }
  const images = all.filter(([, { target }]) => target === 'docker').map(([name]) => name);
  if (images.length <= 1) return ok({ model, deployment: images[0] ?? 'docker' });
  return fail('usage', `${model} has several deployments that run an image.`, {
    next: `Name one: ${images.map((name) => keyText({ model, deployment: name })).join(', ')}.`,
  });
}
