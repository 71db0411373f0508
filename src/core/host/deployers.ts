/** The deployer of a host: CDK in a process of its own, kept warm for a while since it takes seconds to load. */
import type { DeployerEvent, Outcome as DeployerOutcome } from '../../../infra/deployer/protocol.ts';
import { DeployerEnded, deployerProgram, startDeployer, type DeployerClient } from '../cloud/deployer.ts';
import type { Shell } from '../shell.ts';
import type { CloudAccess } from '../targets/plan.ts';
import { cancelled, fail, type Outcome } from '../../shared/outcome.ts';

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
  /** Settles when what uses it now, and all that waits, has ended. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
  }

  /** Begins to load it, so that it is warm when somebody has agreed to a plan. */
  warm(access: CloudAccess): void {
    // One that is at work may be another's: who uses it next starts it then.
    if (this.#listener) return;
    // Who uses it is told why it cannot be started.
    this.#get(access).catch(() => undefined);
  }

  /**
   * Does something of an operation. Cancelling reaches CloudFormation; a first stack that is half-made is deleted, as the plan
   * said. While another operation has its turn nothing is begun, and a cancel ends this one at once. Errors: as of the
   * deployer; it has ended, and CloudFormation goes on.
   */
  async run<T>(
    access: CloudAccess,
    stage: string,
    shell: Shell,
    work: (client: DeployerClient) => Promise<DeployerOutcome<T>>,
  ): Promise<Outcome<T>> {
    const cancellable = async (client: DeployerClient): Promise<Outcome<T>> => {
      if (shell.signal.aborted) return cancelled();
      const cancel = async (): Promise<void> => {
        const asked = await client.api.cancel({ deleteHalfMade: true });
        if (!asked.ok) shell.log(`not cancelled: ${asked.error.what}`);
      };
      const onAbort = (): void => void cancel().catch(() => undefined);
      shell.signal.addEventListener('abort', onAbort);
      try {
        const ended = await work(client);
        if (ended.ok) return isCancelled(ended.value) ? cancelled() : ended;
        const { code, what, why, next } = ended.error;
        return fail(code, what, { ...(why === undefined ? {} : { why }), next });
      } finally {
        shell.signal.removeEventListener('abort', onAbort);
      }
    };
    if (shell.signal.aborted) return cancelled();
    try {
      if (this.#listener) shell.stage(stage, { detail: 'waits for another operation on AWS' });
      return await this.#use(access, shell.signal, (event) => tellProgress(shell, stage, event), cancellable);
    } catch (error) {
      if (!(error instanceof DeployerEnded)) throw error;
      return fail('deployer-ended', 'The process that deploys has ended.', {
        next: 'What AWS was told to do goes on there: deploy again to follow it.',
      });
    }
  }

  /** One after the other: it does one thing at a time itself. */
  async #use<T>(
    access: CloudAccess,
    signal: AbortSignal,
    listener: (event: DeployerEvent) => void,
    work: (client: DeployerClient) => Promise<Outcome<T>>,
  ): Promise<Outcome<T>> {
    let hasTurn = false;
    const used = this.#turn.then(async () => {
      if (signal.aborted) return cancelled();
      hasTurn = true;
      this.#listener = listener;
      try {
        return await work(await this.#get(access));
      } finally {
        this.#listener = undefined;
        this.#rest();
      }
    });
    this.#turn = used.catch(() => undefined);
    let leave = (): void => undefined;
    const left = new Promise<Outcome<T>>((resolve) => {
      leave = () => {
        // Once it has its turn its own work says how it was cancelled.
        if (!hasTurn) resolve(cancelled());
      };
    });
    signal.addEventListener('abort', leave);
    try {
      return await Promise.race([used, left]);
    } finally {
      signal.removeEventListener('abort', leave);
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

function isCancelled(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'state' in value && value.state === 'cancelled';
}
