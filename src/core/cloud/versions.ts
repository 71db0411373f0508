/** The published versions of a function, and which of them serves. */
import type { AliasConfiguration, FunctionConfiguration, LambdaClient } from '@aws-sdk/client-lambda';
import { ALIAS, NO_REVISION, readPublished } from '../../../infra/app/published.ts';
import { ok, type Outcome } from '../../shared/outcome.ts';
import type { AwsConfig } from './aws.ts';
import { askingFunction } from './function-errors.ts';

export interface FunctionVersion {
  /** As AWS Lambda counts: `7`. */
  number: string;
  /** `sha256:…` of the image. */
  digest: string;
  /** Of the model, 64 hexadecimal digits. Unknown where somebody published it by hand. */
  version?: string;
  /** Who published it; unknown as above. */
  by?: 'stack' | 'update';
  /** ISO 8601. */
  publishedAt: string;
  /** Whether it serves. */
  live: boolean;
}

/**
 * All that there are, the newest first; `pruneImages` says which are kept. A version is image and configuration, memory and
 * environment variables included: who goes back to one goes back to both. Errors: as of `askingFunction`.
 */
export function versionsOf(
  config: AwsConfig,
  { functionName }: { functionName: string },
  signal?: AbortSignal,
): Promise<Outcome<FunctionVersion[]>> {
  return askingFunction(functionName, signal, async () => {
    const { LambdaClient } = await import('@aws-sdk/client-lambda');
    const client = new LambdaClient(config);
    const { alias, versions } = await published(client, functionName, signal);
    return ok(await describe(client, versions, alias, signal));
  });
}

/** What there is to serve, the oldest first, and what serves. */
export async function published(
  client: LambdaClient,
  functionName: string,
  signal?: AbortSignal,
): Promise<{ alias: AliasConfiguration; versions: FunctionConfiguration[] }> {
  const [alias, versions] = await Promise.all([
    liveAlias(client, functionName, signal),
    listVersions(client, functionName, signal),
  ]);
  return { alias, versions };
}

export async function liveAlias(
  client: LambdaClient,
  functionName: string,
  signal?: AbortSignal,
): Promise<AliasConfiguration> {
  const { GetAliasCommand } = await import('@aws-sdk/client-lambda');
  return client.send(new GetAliasCommand({ FunctionName: functionName, Name: ALIAS }), abortable(signal));
}

/** Published ones, the oldest first, as AWS Lambda lists them. */
export async function listVersions(
  client: LambdaClient,
  functionName: string,
  signal?: AbortSignal,
): Promise<FunctionConfiguration[]> {
  const { paginateListVersionsByFunction } = await import('@aws-sdk/client-lambda');
  const found: FunctionConfiguration[] = [];
  const pages = paginateListVersionsByFunction({ client }, { FunctionName: functionName }, abortable(signal));
  for await (const { Versions: page = [] } of pages) found.push(...page);
  return found.filter(({ Version }) => Version !== '$LATEST');
}

export async function describe(
  client: LambdaClient,
  versions: readonly FunctionConfiguration[],
  alias: AliasConfiguration,
  signal?: AbortSignal,
): Promise<FunctionVersion[]> {
  const described = versions.map(async (one): Promise<FunctionVersion> => {
    const { FunctionName = '', Version: number = '', Description, LastModified = '' } = one;
    const published = readPublished(Description);
    return {
      number,
      digest: published?.digest ?? (await imageOf(client, FunctionName, number, signal)).digest,
      ...(published ? { version: published.version, by: published.revision === NO_REVISION ? 'update' : 'stack' } : {}),
      publishedAt: LastModified === '' ? '' : new Date(LastModified).toISOString(),
      live: number === alias.FunctionVersion,
    };
  });
  return (await Promise.all(described)).reverse();
}

/** What a version, or `$LATEST`, runs. AWS Lambda says it itself, whatever a description says. */
export async function imageOf(
  client: LambdaClient,
  functionName: string,
  qualifier: string,
  signal?: AbortSignal,
): Promise<{ digest: string; uri: string }> {
  const { GetFunctionCommand } = await import('@aws-sdk/client-lambda');
  const { Code } = await client.send(
    new GetFunctionCommand({ FunctionName: functionName, Qualifier: qualifier }),
    abortable(signal),
  );
  return readImage(Code?.ResolvedImageUri ?? Code?.ImageUri);
}

export function readImage(uri = ''): { digest: string; uri: string } {
  return { digest: uri.slice(uri.indexOf('@') + 1), uri };
}

/** The SDK does not take an option that is undefined. */
export function abortable(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal ? { abortSignal: signal } : {};
}
