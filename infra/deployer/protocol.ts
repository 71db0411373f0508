/** What the deployer and who started it say to each other, by birpc over the channel of a forked process. */
import type { DeploymentDescription, RepositoryDescription } from '../app/description.ts';
import type { Assembly } from '../app/synthesise.ts';

export type Described =
  | { kind: 'deployment'; description: DeploymentDescription }
  | { kind: 'repository'; description: RepositoryDescription };

/** Where a stack is, and with which profile of the AWS configuration one gets there. Default: the SDK's own choice. */
export interface Place {
  account: string;
  region: string;
  profile?: string;
  /** How often a stack is looked at, in ms. Default: 1,000. */
  pollMs?: number;
}

export interface StackPlace extends Place {
  stackName: string;
}

export interface DeployRequest extends Pick<Place, 'profile' | 'pollMs'> {
  what: Described;
  /** Values of the environment variables by name. One that is left out keeps the value that the stack has. */
  variables?: Readonly<Record<string, string>>;
  /** A first stack that could not be made may be deleted, with all that is left of it: ask before. */
  replaceFailed?: boolean;
}

/** What serves, where it came to be outside of the stack; `src/core/cloud/level.ts` says when a stack needs it. */
export interface LevelRequest extends StackPlace {
  /** `sha256:…` */
  digest: string;
  /** Of the model: 64 hexadecimal digits. */
  version: string;
  /** A new one, so that the stack publishes a version of its own. */
  revision: string;
}

/** Another API key in the place of the one that there is. */
export interface KeyRequest extends StackPlace {
  /** Of the stack's parameter `KeyRevision`, another than it has: `-m9x2k1`. */
  keyRevision: string;
}

export type Stage = 'synthesise' | 'look' | 'change-set' | 'create' | 'update' | 'roll-back' | 'delete' | 'bootstrap';

export type DeployerEvent =
  | { kind: 'stage'; stage: Stage }
  | {
      kind: 'progress';
      /** Resources that are ready, of `total` where that is known. */
      done: number;
      total?: number;
      /** The resource in hand: its latest news. */
      resource: { logicalId: string; type: string; status: string };
    }
  /** A line of the log: never the value of a variable. */
  | { kind: 'log'; line: string };

export type FailureCode =
  | 'busy'
  | 'invalid-description'
  | 'missing-variable'
  | 'no-credentials'
  | 'expired-credentials'
  | 'wrong-account'
  | 'denied'
  | 'not-bootstrapped'
  | 'in-progress'
  | 'create-failed-before'
  | 'stuck'
  | 'create-failed'
  | 'update-failed'
  | 'delete-failed'
  | 'no-stack'
  | 'no-parameter'
  | 'nothing-to-cancel'
  | 'would-delete'
  | 'too-late'
  | 'unexpected';

export interface Failure {
  code: FailureCode;
  what: string;
  why?: string;
  next: string;
  /** The first that failed, where a stack did. */
  resource?: { logicalId: string; type: string; reason: string };
  /** How CloudFormation left the stack: `UPDATE_ROLLBACK_COMPLETE`. */
  stackStatus?: string;
}

export type Outcome<T> = { ok: true; value: T } | { ok: false; error: Failure };

/** How a stack ended up. */
export type Ended =
  | { state: 'deployed' | 'unchanged'; stackId: string; outputs: Record<string, string> }
  /** By `cancel`, or by somebody in the console. `stack` says what is there now. */
  | { state: 'cancelled'; stack: 'none' | 'as-before' }
  /** `absent`: there was none. */
  | { state: 'deleted' | 'absent' };

/** In milliseconds and bytes. */
export interface Warmth {
  importMs: number;
  /** The first synthesis, of a made-up deployment; those after it take a twentieth. */
  synthesisMs: number;
  /** The first use of the toolkit. */
  toolkitMs: number;
  residentBytes: number;
}

/** Operations run one at a time; a second one fails with `busy`. */
export interface DeployerApi {
  /** Ends when all is loaded. It begins by itself when the process starts. */
  warm(): Promise<Warmth>;
  /** Writes the assembly into a folder. */
  synthesise(what: Described, outdir: string): Promise<Outcome<Assembly>>;
  /** Makes what deploys of CDK need once per account and region: a bucket and roles. */
  bootstrap(place: Place): Promise<Outcome<'made' | 'unchanged'>>;
  deploy(request: DeployRequest): Promise<Outcome<Ended>>;
  /**
   * Tells a stack what serves: its template and all else stay as they are. It publishes a version of that image with its
   * own configuration, which then serves.
   */
  level(request: LevelRequest): Promise<Outcome<Ended>>;
  /** Has the stack replace its API key: all else stays as it is. The one before is deleted once the new one is there. */
  rotateKey(request: KeyRequest): Promise<Outcome<Ended>>;
  /** Finds what runs on a stack, or ran last, and says how it ended. */
  follow(place: StackPlace): Promise<Outcome<Ended>>;
  destroy(place: StackPlace): Promise<Outcome<Ended>>;
  /**
   * Ends the operation that runs; its own outcome says how. A first deploy can only be cancelled by deleting the half-made
   * stack, which has to be agreed to.
   */
  cancel(agreed: { deleteHalfMade: boolean }): Promise<Outcome<'cancelling'>>;
}

export interface DeployerEvents {
  event(event: DeployerEvent): void;
}
