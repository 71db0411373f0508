/** Lets another version serve, and the API say so. */
import type { AliasConfiguration, LambdaClient } from '@aws-sdk/client-lambda';
import { VERSION_VARIABLE } from '../../../infra/app/bodies.ts';
import { ALIAS } from '../../../infra/app/published.ts';
import { fail, ok, type Outcome, type UserError } from '../../shared/outcome.ts';
import type { AwsConfig } from './aws.ts';
import { asking } from './errors.ts';
import { isConflict } from './function-errors.ts';
import { liveAlias } from './versions.ts';

/** A deployment's stage, whose card and health say the version that serves. */
export interface ApiStage {
  apiId: string;
  stage: string;
}

/** Environments that AWS Lambda keeps initialised for `live`. */
export interface Provisioned {
  wanted: number;
  ready: number;
  /** `IN_PROGRESS` until all are of the version that serves now: what comes until then may start cold. */
  status: string;
  /** Why they are not made: `status` is `FAILED`. */
  why?: string;
}

export interface Switched {
  /** Why card and health still say the version before. What answers is the new one. */
  unsaid?: UserError;
  provisioned?: Provisioned;
}

/**
 * Moves `live` to a version: from then on it gets every request, and shares none with another. `alias` is as it was looked
 * at before; rejects with a conflict where somebody moved it since.
 */
export async function moveAlias(
  client: LambdaClient,
  functionName: string,
  number: string,
  alias: AliasConfiguration,
): Promise<void> {
  const { UpdateAliasCommand } = await import('@aws-sdk/client-lambda');
  try {
    await client.send(
      new UpdateAliasCommand({
        FunctionName: functionName,
        Name: ALIAS,
        FunctionVersion: number,
        RevisionId: alias.RevisionId,
        ...(alias.RoutingConfig ? { RoutingConfig: { AdditionalVersionWeights: {} } } : {}),
      }),
    );
  } catch (error) {
    // The SDK tries again after an answer that was lost, and then it is its own first try that came before.
    if (isConflict(error) && (await liveAlias(client, functionName)).FunctionVersion === number) return;
    throw error;
  }
}

/** What follows once `live` has moved. Nothing of it changes what answers, so nothing of it fails what was done. */
export async function afterSwitch(
  config: AwsConfig,
  client: LambdaClient,
  { functionName, api, version }: { functionName: string; api: ApiStage; version: string | undefined },
): Promise<Switched> {
  const [said, provisioned] = await Promise.all([
    version === undefined ? unknownVersion() : sayVersion(config, api, version),
    provisionedOf(client, functionName),
  ]);
  return { ...(said.ok ? {} : { unsaid: said.error }), ...(provisioned ? { provisioned } : {}) };
}

/** Sets the variable of the stage that its templates name: no new deployment of the API is needed. */
export function sayVersion(config: AwsConfig, { apiId, stage }: ApiStage, version: string): Promise<Outcome<void>> {
  return asking(async () => {
    const { APIGatewayClient, UpdateStageCommand } = await import('@aws-sdk/client-api-gateway');
    await new APIGatewayClient(config).send(
      new UpdateStageCommand({
        restApiId: apiId,
        stageName: stage,
        patchOperations: [{ op: 'replace', path: `/variables/${VERSION_VARIABLE}`, value: version }],
      }),
    );
    return ok(undefined);
  });
}

/** What card and health say. */
export async function saidVersion(config: AwsConfig, { apiId, stage }: ApiStage): Promise<string | undefined> {
  const { APIGatewayClient, GetStageCommand } = await import('@aws-sdk/client-api-gateway');
  const found = await new APIGatewayClient(config).send(new GetStageCommand({ restApiId: apiId, stageName: stage }));
  return found.variables?.[VERSION_VARIABLE];
}

/**
 * AWS Lambda makes them anew for the version that the alias went to; meanwhile it starts environments on demand.
 * https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
 */
async function provisionedOf(client: LambdaClient, functionName: string): Promise<Provisioned | undefined> {
  const { GetProvisionedConcurrencyConfigCommand } = await import('@aws-sdk/client-lambda');
  const found = await client
    .send(new GetProvisionedConcurrencyConfigCommand({ FunctionName: functionName, Qualifier: ALIAS }))
    // There are none, or who deploys may not look: then nothing can be said.
    .catch(() => undefined);
  if (!found) return undefined;
  return {
    wanted: found.RequestedProvisionedConcurrentExecutions ?? 0,
    ready: found.AvailableProvisionedConcurrentExecutions ?? 0,
    status: found.Status ?? '',
    ...(found.StatusReason ? { why: found.StatusReason } : {}),
  };
}

/** What callers may notice of it: nothing where all are ready, or there are none. */
export function provisionedText(provisioned: Provisioned | undefined): string[] {
  if (!provisioned || provisioned.status === 'READY') return [];
  const { wanted, ready, status, why } = provisioned;
  if (status === 'FAILED') {
    return [`provisioned concurrency failed, so requests may start cold: ${why ?? 'AWS Lambda does not say why'}`];
  }
  return [`${ready} of ${wanted} provisioned environments are ready: until all are requests may start cold`];
}

async function unknownVersion(): Promise<Outcome<void>> {
  return fail('version-unknown', 'Nothing says which version of the model this is.', {
    why: 'Somebody published it outside of Nimbus.',
    next: 'Deploy again: card and health then say the version.',
  });
}
