/** The image of a deployment goes elsewhere: to a registry, or to a folder that builds it. */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { modelPath } from '../models/paths.ts';
import type { PushRequest, WithName } from '../image/push.ts';
import type { Shell } from '../shell.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { keyText, type DeploymentKey } from '../../shared/spec.ts';
import type { CloudStatus, EjectedFolder, PushedImage } from '../../shared/states.ts';
import type { EjectPlan, PushPlan } from '../targets/plan.ts';
import type { Deployment, Surroundings } from './deployment.ts';
import { isWithin } from './files.ts';
import { limitsOf } from './function-file.ts';
import type { Leftovers } from './leftovers.ts';
import type { DeploymentRecord, ImageRecord, StateFile } from './state.ts';

export const PUSH_STAGES = ['credentials', 'layers', 'manifest'] as const;
export const EJECT_STAGES = ['lock', 'image', 'folder'] as const;

export interface ShippingPorts {
  around: Surroundings;
  state: StateFile;
  leftovers: Leftovers;
  deployments: ReadonlyMap<string, Deployment>;
  onChange(deployment: Deployment): void;
}

type WithImage = DeploymentRecord & { image: ImageRecord };

/** Tags without a name of their own say which version it is; this many digits tell versions apart. */
const VERSION_DIGITS = 12;

export class Shipping {
  readonly #ports: ShippingPorts;
  /** Names that the engine has for a push. */
  readonly #pushing = new Set<string>();

  constructor(ports: ShippingPorts) {
    this.#ports = ports;
  }

  /**
   * Errors: it has no image; `to` is no name; credentials, as of `findLogin`; the engine; another push to the same name;
   * as of `pushImage`.
   */
  async push(plan: PushPlan, shell: Shell): Promise<Outcome<PushedImage>> {
    const { around } = this.#ports;
    shell.stage('credentials');
    const record = this.#recordOf(plan);
    if (!record.ok) return record;
    const [{ parsePushTarget }, { findLogin }] = await Promise.all([
      import('../image/push-target.ts'),
      import('../image/credentials.ts'),
    ]);
    const { image, version } = record.value;
    const target = parsePushTarget(plan.to, version.slice(0, VERSION_DIGITS));
    if (!target.ok) return target;
    const login = await findLogin(target.value.registry, around.env, shell.signal);
    if (!login.ok) return login;
    shell.stage('credentials', { detail: login.value.from ?? `none for ${target.value.registry}` });
    const pushed = await this.send({ image: image.id, target: target.value, login: login.value }, shell);
    if (pushed.ok) await this.#keep(plan, pushed.value);
    return pushed;
  }

  /** Errors: the engine; another push to the same name; as of `pushImage`. */
  async send(request: PushRequest, shell: Shell): Promise<Outcome<PushedImage>> {
    const { around, leftovers } = this.#ports;
    const { repository, tag } = request.target;
    const [engine, { pushImage }] = await Promise.all([around.containers.engine(), import('../image/push.ts')]);
    if (!engine.ok) return engine;
    const name = `${repository}:${tag}`;
    shell.stage('layers', { detail: name });
    // Else what a push before it left there would be taken for the user's own.
    await leftovers.tidy();
    if (this.#pushing.has(name)) {
      return fail('operation-running', `Another push to ${name} is under way.`, {
        why: 'On the engine one name is one image: the registry would get the same one twice.',
        next: 'Wait until it has ended, or push under another tag.',
      });
    }
    this.#pushing.add(name);
    try {
      const withName: WithName = (lent, work) => leftovers.withName(engine.value, lent, work);
      return await pushImage(request, engine.value, withName, shell);
    } finally {
      this.#pushing.delete(name);
    }
  }

  /** Errors: it has no image; the folder is not empty, or in the model; another lock; as of `ejectImage`. */
  async eject(plan: EjectPlan, shell: Shell): Promise<Outcome<EjectedFolder>> {
    const { around, leftovers } = this.#ports;
    shell.stage('lock');
    const record = this.#recordOf(plan);
    if (!record.ok) return record;
    const { image, spec, lock, cloud } = record.value;
    const model = modelPath(plan.project, spec);
    if (isWithin(await realPathOf(model), await realPathOf(plan.folder))) {
      return fail('eject-inside-model', `${plan.folder} lies in the model.`, {
        why: 'The model would be another one with it.',
        next: 'Name a folder elsewhere.',
      });
    }
    const [{ locksOf }, { checkEmpty, ejectImage }] = await Promise.all([
      import('../image/plan.ts'),
      import('../image/eject.ts'),
    ]);
    // One in the folder would keep it from being empty.
    await leftovers.tidy();
    const empty = await checkEmpty(plan.folder);
    if (!empty.ok) return empty;
    const locks = await locksOf(image, lock);
    if (!locks.ok) return locks;
    const engine = await around.containers.engine();
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
        runtime: around.runtime,
        settings,
        packages,
        ...(cloud === undefined ? {} : { cdk: await cdkOf(plan, { ...record.value, cloud }) }),
      },
      engine.value,
      (temporary, work) => leftovers.withFolder(temporary, work),
      shell,
    );
  }

  async #keep(key: DeploymentKey, image: PushedImage): Promise<void> {
    const { state, deployments, onChange } = this.#ports;
    const deployment = deployments.get(keyText(key));
    if (!deployment?.record) return;
    deployment.record.pushed = image;
    await state.flush();
    onChange(deployment);
  }

  #recordOf(key: DeploymentKey): Outcome<WithImage> {
    const record = this.#ports.deployments.get(keyText(key))?.record;
    if (record?.isAnotherServed) {
      return fail('another-serves', `${keyText(key)} serves another version than the image that is here.`, {
        next: 'Deploy the model first, or push and eject the deployment in Docker.',
      });
    }
    if (record?.image) return ok(record as WithImage);
    return fail('no-image', `${keyText(key)} runs no image.`, {
      next: 'Deploy the model with --target docker or lambda (in the editor: Where), and choose that deployment.',
    });
  }
}

/** The CDK project of what is deployed. Its revision is a new one: deployed from there, the stack publishes a version. */
async function cdkOf(plan: DeploymentKey, record: WithImage & { cloud: CloudStatus }): Promise<Record<string, string>> {
  const [{ cdkProject }, { descriptionOf }] = await Promise.all([
    import('../cloud/cdk-project.ts'),
    import('./cloud-change.ts'),
  ]);
  const { cloud, deploymentSpec: declared } = record;
  return cdkProject(descriptionOf({ plan, cloud, declared, record, stack: cloud.stack }, cloud.digest));
}

/** Through all links; of what is not there yet, those above it. */
async function realPathOf(place: string): Promise<string> {
  try {
    return await realpath(place);
  } catch {
    const above = path.dirname(place);
    return above === place ? place : path.join(await realPathOf(above), path.basename(place));
  }
}
