/** What pushing and ejecting the image of a deployment does. Never asks: the plan has all answers. */
import path from 'node:path';
import { limitsOf } from '../host/function-file.ts';
import type { DeploymentRecord, ImageRecord } from '../host/state.ts';
import type { Engine } from '../image/engine.ts';
import { modelPath } from '../models/paths.ts';
import type { Shell } from '../shell.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { keyText, type DeploymentKey } from '../../shared/spec.ts';
import type { EjectedFolder, PushedImage } from '../../shared/states.ts';
import type { EjectPlan, PushPlan } from './plan.ts';

export const PUSH_STAGES = ['credentials', 'layers', 'manifest'] as const;
export const EJECT_STAGES = ['lock', 'image', 'folder'] as const;

/** What executing needs of the host that it runs in. */
export interface ImageHost {
  record(key: DeploymentKey): DeploymentRecord | undefined;
  engine(): Promise<Outcome<Engine>>;
  env: NodeJS.ProcessEnv;
  /** Folder of worker.py. */
  runtime: string;
  /** An image of the deployment is in a registry. */
  pushed(key: DeploymentKey, image: PushedImage): Promise<void>;
}

type WithImage = DeploymentRecord & { image: ImageRecord };

/** Tags without a name of their own say which version it is; this many digits tell versions apart. */
const VERSION_DIGITS = 12;

export async function executePush(plan: PushPlan, host: ImageHost, shell: Shell): Promise<Outcome<PushedImage>> {
  shell.stage('credentials');
  const record = recordWithImage(plan, host);
  if (!record.ok) return record;
  const [{ parsePushTarget }, { findLogin }, { pushImage }] = await Promise.all([
    import('../image/push-target.ts'),
    import('../image/credentials.ts'),
    import('../image/push.ts'),
  ]);
  const { image, version } = record.value;
  const target = parsePushTarget(plan.to, version.slice(0, VERSION_DIGITS));
  if (!target.ok) return target;
  const login = await findLogin(target.value.registry, host.env, shell.signal);
  if (!login.ok) return login;
  shell.stage('credentials', { detail: login.value.from ?? `none for ${target.value.registry}` });
  const engine = await host.engine();
  if (!engine.ok) return engine;
  shell.stage('layers', { detail: `${target.value.repository}:${target.value.tag}` });
  const pushed = await pushImage({ image: image.id, target: target.value, login: login.value }, engine.value, shell);
  if (pushed.ok) await host.pushed(plan, pushed.value);
  return pushed;
}

export async function executeEject(plan: EjectPlan, host: ImageHost, shell: Shell): Promise<Outcome<EjectedFolder>> {
  shell.stage('lock');
  const record = recordWithImage(plan, host);
  if (!record.ok) return record;
  const { image, spec, lock } = record.value;
  const model = modelPath(plan.project, spec);
  if (isWithin(model, plan.folder)) {
    return fail('eject-inside-model', `${plan.folder} lies in the model.`, {
      why: 'The model would be another one with it.',
      next: 'Name a folder elsewhere.',
    });
  }
  const [{ locksOf }, { checkEmpty, ejectImage }] = await Promise.all([
    import('../image/plan.ts'),
    import('../image/eject.ts'),
  ]);
  const empty = await checkEmpty(plan.folder);
  if (!empty.ok) return empty;
  const locks = await locksOf(image, lock);
  if (!locks.ok) return locks;
  const engine = await host.engine();
  if (!engine.ok) return engine;
  const { memoryMb, timeoutSeconds } = limitsOf(spec);
  const { model: name, deployment, folder, settings, packages } = plan;
  return ejectImage(
    {
      model: name,
      deployment,
      folder,
      image,
      locks: locks.value,
      env: spec.env ?? [],
      memoryMb,
      timeoutSeconds,
      runtime: host.runtime,
      settings,
      packages,
    },
    engine.value,
    shell,
  );
}

function recordWithImage(key: DeploymentKey, host: ImageHost): Outcome<WithImage> {
  const record = host.record(key);
  if (record?.image) return ok(record as WithImage);
  return fail('no-image', `${keyText(key)} runs no image.`, {
    next: 'Deploy the model with --target docker (in the editor: Where, Docker), and choose that deployment.',
  });
}

function isWithin(folder: string, file: string): boolean {
  const relative = path.relative(folder, file);
  return relative === '' || !(relative.startsWith('..') || path.isAbsolute(relative));
}
