import type { Outcome } from '../../shared/outcome.ts';
import type { Prunable, PruneItem, PruneResult } from '../../shared/prune.ts';
import type { DeploymentKey } from '../../shared/spec.ts';
import type { StartKind } from '../../shared/contract.ts';
import type { DeploymentStatus, LogLine, Operation } from '../../shared/states.ts';
import type { SweepReport } from '../../shared/sweep.ts';
import type { DeployPlan, Plan } from '../targets/plan.ts';

/** Grows only: a newer host understands older clients. */
export const PROTOCOL = 1;

export interface ClientHello {
  protocol: number;
  /** Version of Nimbus. */
  version: string;
  /** An editor's lease keeps the host for 60 s after it ends, a CLI's for 15 min. */
  kind: 'editor' | 'cli';
}

export interface HostHello {
  protocol: number;
  version: string;
  pid: number;
  /** `http://127.0.0.1:<port>`. */
  url: string;
  /** Set where the project's usual port was taken. */
  portTaken?: number;
  deployments: DeploymentStatus[];
  operations: Operation[];
}

export interface LogQuery extends DeploymentKey {
  requestId?: string;
  /** Last lines at most. */
  limit?: number;
}

/** What a client asks of the host, over its socket. */
export interface HostApi {
  hello(client: ClientHello): Promise<HostHello>;
  /** Starts an operation and answers with it at once; refused while another runs for the same deployment. */
  execute(plan: Plan): Promise<Outcome<Operation>>;
  cancel(operationId: string): Promise<Outcome<void>>;
  /** Asks AWS what a deployment there is now, with the caller's `AWS_` variables; `deployment` events tell what changed. */
  look(key: DeploymentKey, variables: Record<string, string>): Promise<Outcome<DeploymentStatus>>;
  /**
   * The plan of a rehearsal, of a window that was loaded anew meanwhile. Undefined where it is not known, or it was rehearsed
   * again since.
   */
  rehearsedPlan(key: DeploymentKey, rehearsal: string): Promise<DeployPlan | undefined>;
  /** What a request took that a client sent past this host, in ms: `deployment` events tell it on. */
  observe(key: DeploymentKey, start: StartKind, totalMs: number): Promise<void>;
  start(key: DeploymentKey): Promise<Outcome<DeploymentStatus>>;
  stop(key: DeploymentKey): Promise<Outcome<DeploymentStatus>>;
  /** Ends the workers: the next request is cold. Running requests finish first. */
  cold(key: DeploymentKey): Promise<Outcome<DeploymentStatus>>;
  /** Values of variables that a deployment `needs`, by name; kept in memory only. */
  provide(key: DeploymentKey, values: Record<string, string>): Promise<void>;
  /** The last memory sweep of a model. */
  sweep(model: string): Promise<SweepReport | undefined>;
  logs(query: LogQuery): Promise<LogLine[]>;
  /** From now on this connection gets `log` events of the deployment. */
  follow(key: DeploymentKey): Promise<void>;
  /** What Nimbus made and nothing uses any more. */
  prunable(): Promise<Prunable>;
  /** Removes those of it that are still unused. Refused while an operation runs, which may need what no record names. */
  prune(items: PruneItem[]): Promise<Outcome<PruneResult>>;
  /** Ends when neither an operation nor a request runs, else says why not. */
  shutdown(): Promise<Outcome<void>>;
}

/** What the host tells every connected client, unasked. */
export interface HostEvents {
  deployment(status: DeploymentStatus): void;
  removed(key: DeploymentKey): void;
  operation(operation: Operation): void;
  log(key: DeploymentKey, line: LogLine): void;
}
