/** Workers that are containers: what they share with the engine, and with a host that was killed before it could tidy up. */
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { ContainerInfo } from 'dockerode';
import type { LogLine } from '../../shared/states.ts';
import type { DeploymentKey } from '../../shared/spec.ts';
import type { Engine } from '../image/engine.ts';
import type { BuiltImage } from '../image/image.ts';
import type { Outcome } from '../../shared/outcome.ts';
import { marksOn, ofThisMachine } from '../machine.ts';
import { projectId } from '../places.ts';
import { containerTransport } from './container-transport.ts';
import { limitsOf, namedVariables } from './function-file.ts';
import { functionName } from '../models/function-name.ts';
import type { HostSettings } from './settings.ts';
import type { DeploymentRecord } from './state.ts';
import { Worker } from './worker.ts';

/** Carried by all that a host starts: the project's mark on this machine, the same for each of its hosts, and the host's own. */
export const PROJECT_LABEL = 'nimbus.project';
export const HOST_LABEL = 'nimbus.host';
/** Where an image's own Python is, by kind of base. */
const PYTHON = 'python3';

export interface ContainerParts {
  key: DeploymentKey;
  image: BuiltImage;
  spec: DeploymentRecord['spec'];
  /** Values of the variables that the spec names. */
  env: Record<string, string>;
  isolated: boolean;
  /** Size of /tmp in MB; where left out, as the host's settings say. */
  storageMb?: number | undefined;
  since?: number;
}

/** The engine, opened when it is first needed and again when it had not answered. */
export class Containers {
  readonly #markPrefix: string;
  readonly #projectId: string;
  readonly #settings: HostSettings;
  readonly #hostEnv: NodeJS.ProcessEnv;
  readonly #relay: string;
  readonly #id = randomUUID();
  #engine: Promise<Outcome<Engine>> | undefined;

  constructor(options: {
    project: string;
    markPrefix: string;
    settings: HostSettings;
    env: NodeJS.ProcessEnv;
    runtime: string;
  }) {
    this.#markPrefix = options.markPrefix;
    this.#projectId = projectId(options.project);
    this.#settings = options.settings;
    this.#hostEnv = options.env;
    this.#relay = path.join(options.runtime, 'relay.py');
  }

  /** Errors: as of `openEngine`. */
  async engine(): Promise<Outcome<Engine>> {
    // The engine's client is large, and most hosts need none.
    this.#engine ??= import('../image/engine.ts').then(({ openEngine }) => openEngine(this.#hostEnv));
    const engine = await this.#engine;
    if (!engine.ok) this.#engine = undefined;
    return engine;
  }

  /** The project's mark, and what tells its own containers from those of other hosts of the project. */
  get labels(): { mark: string; hostId: string } {
    return { mark: this.#markPrefix, hostId: this.#id };
  }

  /** Errors: as of `openEngine`. Whether the container itself starts its worker tells. */
  async start(
    { key, image, spec, env: given, isolated, storageMb = this.#settings.storageMb, since }: ContainerParts,
    onLine: (line: LogLine) => void,
  ): Promise<Outcome<Worker>> {
    const opened = await this.engine();
    if (!opened.ok) return opened;
    const engine = opened.value;
    const { env, missing } = namedVariables(spec, given, this.#hostEnv);
    if (missing.length > 0) {
      onLine({ at: Date.now(), source: 'host', text: `not set in the environment: ${missing.join(', ')}` });
    }
    const { memoryMb, timeoutSeconds } = limitsOf(spec);
    const { containerNetwork, consentedNetwork, initTimeoutMs } = this.#settings;
    const start = containerTransport({
      docker: engine.docker,
      image: image.id,
      python: PYTHON,
      entrypoint: image.entrypoint,
      functionName: functionName(key),
      env,
      labels: {
        [PROJECT_LABEL]: ofThisMachine(this.#markPrefix),
        [HOST_LABEL]: this.#id,
        'nimbus.deployment': `${key.model}/${key.deployment}`,
      },
      memoryMb,
      timeoutSeconds,
      storageMb,
      network: containerNetwork && (!isolated || consentedNetwork),
      isolated: isolated && !consentedNetwork,
      engineCpus: engine.cpus,
      relay: this.#relay,
    });
    const worker = new Worker({ start, initTimeoutMs, onLine, ...(since === undefined ? {} : { since }) });
    return { ok: true, value: worker };
  }

  /**
   * Removes the images of a deployment but for one, which has its name again where another one got it meanwhile; none
   * where the engine does not answer.
   */
  async tidy(key: DeploymentKey, keep?: Pick<BuiltImage, 'id' | 'reference'>): Promise<void> {
    const engine = await this.engine();
    if (!engine.ok) return;
    const { docker } = engine.value;
    const { nameImage, referencePrefix, repositoriesOn } = await import('../image/image.ts');
    const repositories = repositoriesOn(engine.value, this.#projectId);
    const images = await docker.listImages({ filters: { reference: repositories } });
    const prefixes = repositories.map((one) => referencePrefix(one, key));
    const names = images.flatMap(({ Id, RepoTags }) =>
      (RepoTags ?? [])
        .filter((name) => prefixes.some((prefix) => name.startsWith(prefix)))
        .map((name) => ({ name, isKept: Id === keep?.id })),
    );
    // One that a container still runs stays: it goes with the next version.
    const free = async (some: typeof names): Promise<boolean[]> =>
      Promise.all(
        some.map(({ name }) =>
          docker
            .getImage(name)
            .remove()
            .then(
              () => true,
              () => false,
            ),
        ),
      );
    const others = names.filter(({ isKept }) => !isKept);
    const freed = await free(others);
    const kept = names.filter(({ isKept }) => isKept);
    if (!keep || kept.length === 0) return;
    const isTaken = others.some(({ name }, at) => name === keep.reference && !freed[at]);
    if (isTaken) return;
    if (!kept.some(({ name }) => name === keep.reference)) await nameImage(docker, keep.id, keep.reference);
    await free(kept.filter(({ name }) => name !== keep.reference));
  }

  /** Removes the containers of a host of this project that was killed; how many. */
  async sweep(): Promise<number> {
    const engine = await this.engine();
    if (!engine.ok) return 0;
    const marks = marksOn(engine.value, this.#markPrefix);
    const all = await Promise.all(marks.map((mark) => containersWith(engine.value, PROJECT_LABEL, mark)));
    return removeAll(
      engine.value,
      all.flat().filter(({ Labels }) => Labels[HOST_LABEL] !== this.#id),
    );
  }

  /** Removes its own that are left, as of workers that end by themselves. */
  async end(): Promise<void> {
    // It has none where no engine was opened.
    const engine = await this.#engine;
    if (engine?.ok) await removeAll(engine.value, await containersWith(engine.value, HOST_LABEL, this.#id));
  }
}

async function containersWith({ docker }: Engine, label: string, value: string): Promise<ContainerInfo[]> {
  return docker.listContainers({ all: true, filters: { label: [`${label}=${value}`] } });
}

/** How many. */
async function removeAll({ docker }: Engine, containers: readonly ContainerInfo[]): Promise<number> {
  await Promise.all(
    containers.map(({ Id }) =>
      docker
        .getContainer(Id)
        .remove({ force: true, v: true })
        .catch(() => undefined),
    ),
  );
  return containers.length;
}
