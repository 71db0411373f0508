/** The deployer of a host: CDK in a process of its own, kept warm for a while since it takes seconds to load. */
import type { DeployerEvent } from '../../../infra/deployer/protocol.ts';
import { deployerProgram, startDeployer, type DeployerClient } from '../cloud/deployer.ts';
import type { Shell } from '../shell.ts';
import type { CloudAccess } from '../targets/plan.ts';

/** It has hundreds of megabytes: without work it ends after this long. */
const IDLE_MS = 5 * 60_000;

interface Started {
  /** What it was started with: it reads all of it from its environment. */
  access: string;
  client: Promise<DeployerClient>;
}

export class Deployers {
  readonly #env: NodeJS.ProcessEnv;
  #started: Started | undefined;
  #listener: ((event: DeployerEvent) => void) | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
  }

  /** Begins to load it, so that it is warm when somebody has agreed to a plan. */
  warm(access: CloudAccess): void {
    // Who uses it is told why it cannot be started.
    this.#get(access).catch(() => undefined);
  }

  /** One at a time: it does one thing at a time itself. */
  async use<T>(
    access: CloudAccess,
    listener: (event: DeployerEvent) => void,
    work: (client: DeployerClient) => Promise<T>,
  ): Promise<T> {
    while (this.#listener) await new Promise((resolve) => setTimeout(resolve, 100));
    this.#listener = listener;
    try {
      return await work(await this.#get(access));
    } finally {
      this.#listener = undefined;
      this.#rest();
    }
  }

  async end(): Promise<void> {
    clearTimeout(this.#idle);
    const started = this.#started;
    this.#started = undefined;
    await started?.client.then(
      (client) => client.kill(),
      () => undefined,
    );
  }

  async #get({ region, variables }: CloudAccess): Promise<DeployerClient> {
    const access = JSON.stringify([region, Object.entries(variables).sort()]);
    if (this.#started?.access !== access) {
      await this.end();
      const own = Object.fromEntries(Object.entries(this.#env).filter(([name]) => !name.startsWith('AWS_')));
      const env = { ...own, ...variables, AWS_REGION: region };
      const client = startDeployer({ program: deployerProgram(), env, onEvent: (event) => this.#listener?.(event) });
      const started = { access, client };
      this.#started = started;
      const forget = (): void => {
        if (this.#started === started) this.#started = undefined;
      };
      void client.then(({ ended }) => ended.then(forget), forget);
    }
    this.#rest();
    return this.#started!.client;
  }

  #rest(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      if (!this.#listener) void this.end();
    }, IDLE_MS).unref();
  }
}

const SAID: Partial<Record<Extract<DeployerEvent, { kind: 'stage' }>['stage'], string>> = {
  synthesise: 'writing the template',
  'change-set': 'CloudFormation compares',
  'roll-back': 'rolling back',
};

/** What the deployer tells, as the detail of an operation's stage and in its log. */
export function tellProgress(shell: Shell, stage: string, event: DeployerEvent): void {
  if (event.kind === 'log') return shell.log(event.line);
  if (event.kind === 'stage') {
    const said = SAID[event.stage];
    if (said !== undefined) shell.stage(stage, { detail: said });
    return;
  }
  const { done, total, resource } = event;
  const of = total === undefined ? '' : ` of ${total}`;
  shell.stage(stage, {
    detail: `${done}${of} · ${resource.logicalId} ${resource.status.toLowerCase().replaceAll('_', ' ')}`,
  });
}
