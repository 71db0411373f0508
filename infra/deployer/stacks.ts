/** CloudFormation's own calls: look at a stack, begin, cancel, delete, and follow it by its events until it is at rest. */
import {
  CancelUpdateStackCommand,
  CloudFormationClient,
  DeleteChangeSetCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  type DescribeStackEventsCommandOutput,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
  type Stack,
  type StackEvent,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { fromNodeProviderChain, fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { setTimeout as delay } from 'node:timers/promises';
import { Activity, begins, isOfStack } from './activity.ts';
import type { DeployerEvent, Place } from './protocol.ts';

/** CloudFormation's calls are throttled per account and region; CDK's own command asks every two seconds. */
const POLL_MS = 1000;

/** New values of some of a stack's parameters and tags, by their names. */
export interface StackChange {
  parameters: ReadonlyMap<string, string>;
  tags: ReadonlyMap<string, string>;
}

/** A stack at rest. */
export interface Rest {
  status: string;
  stack: Stack | undefined;
  activity: Activity;
}

export function credentials({ profile, region }: Place): ReturnType<typeof fromNodeProviderChain> {
  return fromNodeProviderChain({ ...(profile === undefined ? {} : { profile }), clientConfig: { region } });
}

export class Stacks {
  readonly #own: CloudFormationClient;
  readonly #deploy: CloudFormationClient;
  readonly #pollMs: number;

  private constructor(own: CloudFormationClient, deploy: CloudFormationClient, pollMs = POLL_MS) {
    this.#own = own;
    this.#deploy = deploy;
    this.#pollMs = pollMs;
  }

  /**
   * By the role that CDK's bootstrap made for deploys, as CDK itself does: who deploys needs no rights but to assume it. Where
   * that fails, with the caller's own.
   */
  static async of(place: Place): Promise<Stacks> {
    const { account, region, pollMs } = place;
    const own = credentials(place);
    // Says what is wrong with the credentials themselves, which must not be taken for a role that is not there.
    await own();
    const assumed = fromTemporaryCredentials({
      masterCredentials: own,
      params: {
        RoleArn: `arn:${partition(region)}:iam::${account}:role/cdk-hnb659fds-deploy-role-${account}-${region}`,
        RoleSessionName: 'nimbus',
      },
      clientConfig: { region },
    });
    const client = new CloudFormationClient({ region, credentials: own });
    const may = await assumed().then(
      () => true,
      () => false,
    );
    return new Stacks(client, may ? new CloudFormationClient({ region, credentials: assumed }) : client, pollMs);
  }

  /** `undefined` where there is none. A deleted one is found by its id only. */
  async describe(stack: string): Promise<Stack | undefined> {
    try {
      const { Stacks: found } = await this.#deploy.send(new DescribeStacksCommand({ StackName: stack }));
      return found?.[0];
    } catch (error) {
      if ((error as Error).name === 'ValidationError' && /does not exist/.test((error as Error).message))
        return undefined;
      throw error;
    }
  }

  async execute(stackId: string, changeSet: string): Promise<void> {
    await this.#deploy.send(new ExecuteChangeSetCommand({ StackName: stackId, ChangeSetName: changeSet }));
  }

  /** Begins an update of some parameters and tags. All else stays as it is, the values that nobody is shown included. */
  async update({ StackId, Parameters = [], Tags = [], Capabilities }: Stack, changed: StackChange): Promise<void> {
    await this.#deploy.send(
      new UpdateStackCommand({
        StackName: StackId,
        UsePreviousTemplate: true,
        Parameters: Parameters.map(({ ParameterKey = '' }) => {
          const value = changed.parameters.get(ParameterKey);
          return value === undefined
            ? { ParameterKey, UsePreviousValue: true }
            : { ParameterKey, ParameterValue: value };
        }),
        Tags: Tags.map(({ Key = '', Value = '' }) => ({ Key, Value: changed.tags.get(Key) ?? Value })),
        Capabilities,
      }),
    );
  }

  async deleteChangeSet(stackId: string, changeSet: string): Promise<void> {
    await this.#deploy.send(new DeleteChangeSetCommand({ StackName: stackId, ChangeSetName: changeSet }));
  }

  /** The role for deploys may not do it, so the caller needs the right (`cloudformation:CancelUpdateStack`). */
  async cancelUpdate(stackId: string): Promise<void> {
    await this.#own.send(new CancelUpdateStackCommand({ StackName: stackId }));
  }

  async delete(stackId: string): Promise<void> {
    await this.#deploy.send(new DeleteStackCommand({ StackName: stackId }));
  }

  /** The latest event, to follow from. */
  async latest(stackId: string): Promise<string | undefined> {
    const { StackEvents: [event] = [] } = await this.#deploy.send(
      new DescribeStackEventsCommand({ StackName: stackId }),
    );
    return event?.EventId;
  }

  /**
   * Tells the events of a stack until it is at rest: those after the event `since`, or of the operation that runs or ran
   * last. `moved` hears each status that the stack was in.
   */
  async follow(
    stackId: string,
    options: { since?: string | undefined; total?: number | undefined; moved?: (status: string) => void },
    tell: (event: DeployerEvent) => void,
  ): Promise<Rest> {
    const activity = new Activity(options.total);
    let { since } = options;
    for (;;) {
      // First the status, then the events: what led to a status is among the events that are read after it.
      const stack = await this.describe(stackId);
      const status = stack?.StackStatus ?? 'DELETE_COMPLETE';
      for (const event of await this.#eventsAfter(stackId, since)) {
        since = event.EventId;
        const said = activity.take(event);
        if (said) tell(said);
        if (isOfStack(event)) options.moved?.(event.ResourceStatus ?? '');
      }
      if (!inProgress(status)) return { status, stack, activity };
      await delay(this.#pollMs);
    }
  }

  /** In the order of time; the answer begins with the latest. */
  async #eventsAfter(stackId: string, since: string | undefined): Promise<StackEvent[]> {
    const events: StackEvent[] = [];
    let token: string | undefined;
    do {
      const page: DescribeStackEventsCommandOutput = await this.#deploy.send(
        new DescribeStackEventsCommand({ StackName: stackId, NextToken: token }),
      );
      for (const event of page.StackEvents ?? []) {
        if (since !== undefined && event.EventId === since) return events.reverse();
        events.push(event);
        if (since === undefined && begins(event)) return events.reverse();
      }
      token = page.NextToken;
    } while (token !== undefined);
    return events.reverse();
  }
}

export function inProgress(status: string): boolean {
  return status.endsWith('_IN_PROGRESS') && status !== 'REVIEW_IN_PROGRESS';
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html */
function partition(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

export function outputsOf(stack: Stack | undefined): Record<string, string> {
  return Object.fromEntries(
    (stack?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
  );
}
