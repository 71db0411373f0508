/**
 * The function with its log, its role, a published version and the alias `live` that the API calls.
 *
 * How a version is published. A version is a copy of code and configuration that never changes, so CloudFormation
 * replaces an `AWS::Lambda::Version` only where one of the resource's own properties or its logical id changes
 * (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-version.html). CDK's
 * `currentVersion` hashes the function's configuration into the logical id, but of a parameter it sees the name, never
 * the value: a stack that is updated by its parameters alone would go on serving the old image. Therefore
 *
 * 1. the version's description holds the parameters `ImageDigest`, `Revision` and `Version` (`published.ts`); a new
 *    description replaces it. What has another `Version` is another image, since it is written into the image;
 * 2. the function's description holds `Revision` too. AWS Lambda refuses to publish where neither code nor configuration
 *    differs from the version that was published last (https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html),
 *    and CloudFormation then fails with "A version for this Lambda function exists"
 *    (https://github.com/serverless/serverless/issues/8392). After an update outside of the stack (UpdateFunctionCode,
 *    PublishVersion, UpdateAlias), that is so for the stack's update that levels it: the code is there already. Its new
 *    revision is a change of configuration, so the version can be published. An update outside of the stack must leave
 *    the function's configuration alone, its description above all.
 * 3. values of environment variables are parameters that must not be shown; with them, too, `Revision` changes.
 *
 * Versions that the stack leaves behind stay (UpdateReplacePolicy, DeletionPolicy), so that one can go back to them; with
 * the function all of its versions are deleted (https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunction.html).
 * `RetainExceptOnCreate` lets a version go that an update made and then rolled back: it would be in the way of the next.
 */
import { CfnParameter, Duration, Fn, RemovalPolicy, Size, type Stack } from 'aws-cdk-lib/core';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Alias,
  Architecture,
  Code,
  Function as LambdaFunction,
  Handler,
  Runtime,
  type CodeConfig,
  type IFunction,
  type IVersion,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { DEFAULTS, type DeploymentDescription } from './description.ts';
import { environmentParameter, PARAMETERS } from './parameters.ts';
import { ALIAS, publishedText } from './published.ts';

export interface DeployedFunction {
  alias: IFunction;
  name: string;
  /** What the parameter says, as text of the template. */
  version: string;
  logGroup: LogGroup;
}

export function addFunction(stack: Stack, description: DeploymentDescription): DeployedFunction {
  const { model, deployment, stackName, image, memoryMb, timeoutSeconds, architecture } = description;
  const digest = new CfnParameter(stack, PARAMETERS.imageDigest, {
    description: 'Digest of the image that the function runs',
    allowedPattern: '^sha256:[0-9a-f]{64}$',
  }).valueAsString;
  const revision = new CfnParameter(stack, PARAMETERS.revision, {
    description: 'A new one publishes a new version of the function',
    allowedPattern: '^[A-Za-z0-9-]{1,64}$',
  }).valueAsString;
  const version = new CfnParameter(stack, PARAMETERS.version, {
    description: 'Version of the function, as the card and the health say it',
    allowedPattern: '^[0-9a-f]{64}$',
  }).valueAsString;
  const repository = Repository.fromRepositoryName(stack, 'Images', image.repository);
  const logGroup = new LogGroup(stack, 'Log', {
    logGroupName: `/aws/lambda/${stackName}`,
    retention: description.logRetentionDays ?? DEFAULTS.logRetentionDays,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const fn = new LambdaFunction(stack, 'Function', {
    functionName: stackName,
    description: Fn.join('', [`Nimbus: ${model}/${deployment}, revision `, revision]),
    code: new ImageByDigest(repository.repositoryUriForDigest(digest)),
    handler: Handler.FROM_IMAGE,
    runtime: Runtime.FROM_IMAGE,
    architecture: architecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64,
    memorySize: memoryMb,
    timeout: Duration.seconds(timeoutSeconds),
    ephemeralStorageSize: Size.mebibytes(description.ephemeralStorageMb ?? DEFAULTS.ephemeralStorageMb),
    environment: environment(stack, description),
    logGroup,
    role: role(stack, logGroup),
    currentVersionOptions: {
      description: publishedText({ digest, revision, version }),
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    },
  });
  const alias = new Alias(stack, 'Live', {
    aliasName: ALIAS,
    version: fn.currentVersion as IVersion,
    ...(description.provisionedConcurrency === undefined
      ? {}
      : { provisionedConcurrentExecutions: description.provisionedConcurrency }),
  });
  // CDK is not written for `exactOptionalPropertyTypes`: its classes do not fit its own interfaces under it.
  return { alias: alias as IFunction, name: fn.functionName, version, logGroup };
}

/**
 * May write to its own log and nothing else: neither AWSLambdaBasicExecutionRole, which may make any log group, nor a
 * right to make this one, so that a late line cannot bring back a log that was removed with its stack. The image is
 * pulled by AWS Lambda itself, which the repository's policy allows.
 */
function role(scope: Construct, logGroup: LogGroup): Role {
  return new Role(scope, 'Role', {
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    inlinePolicies: {
      log: new PolicyDocument({
        statements: [
          new PolicyStatement({
            actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
            resources: [logGroup.logGroupArn],
          }),
        ],
      }),
    },
  });
}

/** Values come as parameters that CloudFormation shows nobody (NoEcho); no file of the assembly holds one. */
function environment(stack: Stack, { env = [], corsOrigins = [] }: DeploymentDescription): Record<string, string> {
  const values = env.map((name) => {
    const parameter = new CfnParameter(stack, environmentParameter(name), {
      description: `Value of the environment variable ${name}`,
      noEcho: true,
    });
    return [name, parameter.valueAsString] as const;
  });
  // Answers of the function pass the gateway as they are: only the function can add the header that a browser wants.
  const origins = corsOrigins.length === 0 ? [] : [['NIMBUS_CORS_ORIGINS', corsOrigins.join(',')] as const];
  return Object.fromEntries([...values, ...origins]);
}

/** CDK's own `EcrImageCode` takes a digest only where its text is known at synthesis. */
class ImageByDigest extends Code {
  readonly isInline = false;
  readonly #uri: string;

  constructor(uri: string) {
    super();
    this.#uri = uri;
  }

  override bind(): CodeConfig {
    return { image: { imageUri: this.#uri } };
  }
}
