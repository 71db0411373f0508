/** What the events of a stack say: how far it is, and what went wrong first. */
import type { StackEvent } from '@aws-sdk/client-cloudformation';
import type { DeployerEvent } from './protocol.ts';

/** One operation on one stack, its events in the order of time. */
export class Activity {
  readonly #done = new Set<string>();
  #cause: { logicalId: string; type: string; reason: string } | undefined;
  #byUser = false;
  readonly #total: number | undefined;

  constructor(total?: number) {
    this.#total = total;
  }

  /** The first resource that failed by itself. */
  get cause(): { logicalId: string; type: string; reason: string } | undefined {
    return this.#cause;
  }

  /** Somebody cancelled the update. */
  get cancelledByUser(): boolean {
    return this.#byUser && this.#cause === undefined;
  }

  /** Takes the next event; says what is worth telling. */
  take(event: StackEvent): DeployerEvent | undefined {
    const { LogicalResourceId = '', ResourceType = '', ResourceStatus = '', ResourceStatusReason = '' } = event;
    const failed = ResourceStatus.endsWith('_FAILED');
    if (isOfStack(event)) {
      if (ResourceStatus.endsWith('ROLLBACK_IN_PROGRESS') && /user initiated/i.test(ResourceStatusReason))
        this.#byUser = true;
      // Where no resource failed the stack itself says why: an output that could not be made, a limit of the account.
      if (failed) this.#fail(LogicalResourceId, ResourceType, ResourceStatusReason);
      return undefined;
    }
    if (failed) this.#fail(LogicalResourceId, ResourceType, ResourceStatusReason);
    if (/^(CREATE|UPDATE|DELETE|IMPORT)_(COMPLETE|SKIPPED)$/.test(ResourceStatus)) this.#done.add(LogicalResourceId);
    return {
      kind: 'progress',
      done: this.#done.size,
      ...(this.#total === undefined ? {} : { total: Math.max(this.#total, this.#done.size) }),
      resource: { logicalId: LogicalResourceId, type: ResourceType, status: ResourceStatus },
    };
  }

  /** Resources in work when another failed are cancelled, which CloudFormation calls a failure of theirs too. */
  #fail(logicalId: string, type: string, said: string): void {
    if (this.#cause || said === '' || /^Resource (creation|update|deletion) cancell?ed/i.test(said)) return;
    this.#cause = { logicalId, type, reason: plain(said) };
  }
}

/** The text of the service itself, without what CloudFormation's handlers wrap around it. */
export function plain(reason: string): string {
  const wrapped =
    /^Resource handler returned message: "([^]*)" \((?:RequestToken: [^)]*|HandlerErrorCode: [^)]*)\)$/.exec(
      reason.trim(),
    );
  return (wrapped?.[1] ?? reason).replace(/ \(Service: [^)]*\)(?: \(SDK Attempt Count: \d+\))?$/, '').trim();
}

export function isOfStack(event: StackEvent): boolean {
  return event.ResourceType === 'AWS::CloudFormation::Stack' && event.PhysicalResourceId === event.StackId;
}

/**
 * What began the operation that an event of the stack belongs to: the request of a user or of a change set, never what
 * CloudFormation does of itself, as a roll-back. REVIEW_IN_PROGRESS is what a change set makes of a stack that is none yet.
 */
export function begins(event: StackEvent): boolean {
  return isOfStack(event) && /^(CREATE|UPDATE|DELETE|IMPORT|REVIEW)_IN_PROGRESS$/.test(event.ResourceStatus ?? '');
}
