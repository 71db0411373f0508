/**
 * The REST API of a deployment. `/predict` and `/batch` reach the function, `/health` and `/` are answered by the gateway
 * itself. All four ask for the same authorisation: a card has a model's examples, and each call of either is billed.
 */
import { CfnParameter, Duration, Fn, Size, type Stack } from 'aws-cdk-lib/core';
import {
  ApiKey,
  AuthorizationType,
  ContentHandling,
  EndpointType,
  LambdaIntegration,
  MockIntegration,
  PassthroughBehavior,
  Period,
  ResponseType,
  RestApi,
  type IResource,
  type IntegrationResponse,
  type MethodOptions,
} from 'aws-cdk-lib/aws-apigateway';
import { cardTemplate, gatewayProblems, healthTemplate, problemTemplate, VERSION_VARIABLE } from './bodies.ts';
import { crossOrigin, type CrossOrigin } from './cross-origin.ts';
import { DEFAULTS, type DeploymentDescription, type Quota } from './description.ts';
import type { DeployedFunction } from './function.ts';
import { PARAMETERS } from './parameters.ts';

/**
 * The most that a Regional REST API waits for an integration, unless AWS raised it for the account.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
 */
export const GATEWAY_SECONDS = 29;

/** Below this an answer is one network packet anyway; the same as of the runtime and of the local host. */
export const GZIP_FROM_BYTES = 1024;

const PERIODS = { day: Period.DAY, week: Period.WEEK, month: Period.MONTH } as const satisfies Record<
  Quota['per'],
  Period
>;

export interface DeployedApi {
  api: RestApi;
  /** Where `auth` is `key`. */
  key: ApiKey | undefined;
}

/**
 * `*\/*` as binary type, since the function compresses its answers, and a body that a function returns as base64 is
 * decoded only for callers whose first Accept header matches a binary type
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings.html). Its price: requests
 * reach the function as base64, a third longer, of which 6 MB hold 4.5 MB of JSON. API Gateway compresses what is not
 * compressed already, so the card too, from the same size on
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-receive-response-with-compressed-payload.html).
 */
export function addApi(
  stack: Stack,
  { alias, version }: Pick<DeployedFunction, 'alias' | 'version'>,
  description: DeploymentDescription,
): DeployedApi {
  const { model, deployment, stackName, auth, card } = description;
  const throttle = description.throttle ?? DEFAULTS.throttle;
  const api = new RestApi(stack, 'Api', {
    restApiName: stackName,
    description: `Nimbus: ${model}/${deployment}`,
    endpointTypes: [EndpointType.REGIONAL],
    binaryMediaTypes: ['*/*'],
    minCompressionSize: Size.bytes(GZIP_FROM_BYTES),
    // A role for logs is a setting of the whole account and region, which is not this stack's to change.
    cloudWatchRole: false,
    deployOptions: {
      stageName: deployment,
      variables: { [VERSION_VARIABLE]: version },
      // With a key its usage plan has the throttle.
      ...(auth === 'key' ? {} : { throttlingRateLimit: throttle.ratePerSecond, throttlingBurstLimit: throttle.burst }),
    },
    defaultMethodOptions:
      auth === 'key'
        ? { apiKeyRequired: true }
        : { authorizationType: auth === 'iam' ? AuthorizationType.IAM : AuthorizationType.NONE },
  });
  // The stack names its outputs itself.
  api.node.tryRemoveChild('Endpoint');

  const cors = crossOrigin(description.corsOrigins ?? []);
  const lambda = new LambdaIntegration(alias, { allowTestInvoke: false, timeout: Duration.seconds(GATEWAY_SECONDS) });
  for (const path of ['predict', 'batch']) {
    const resource = api.root.addResource(path);
    resource.addMethod('POST', lambda);
    addPreflight(resource, 'POST', cors);
  }
  const health = api.root.addResource('health');
  addAnswer(health, healthTemplate(description), cors);
  addAnswer(api.root, cardTemplate(card), cors);
  addProblems(api, auth, cors);
  return { api, key: auth === 'key' ? addKey(stack, api, description) : undefined };
}

/**
 * With binary types the gateway takes text for binary and fails with 500, unless each step of an answer of its own says
 * that it is text: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html
 * and https://repost.aws/questions/QUcGyz1u8GSqqXNbjdCqx5Eg. A GET with a content type that is not JSON gets 415.
 */
function mock(answer: Omit<IntegrationResponse, 'contentHandling'>): MockIntegration {
  return new MockIntegration({
    contentHandling: ContentHandling.CONVERT_TO_TEXT,
    passthroughBehavior: PassthroughBehavior.NEVER,
    requestTemplates: { 'application/json': `{"statusCode":${answer.statusCode}}` },
    integrationResponses: [{ ...answer, contentHandling: ContentHandling.CONVERT_TO_TEXT }],
  });
}

/** Headers as the local host sends them; `vary` tells caches that there is a compressed answer too. */
function addAnswer(resource: IResource, template: string, cors: CrossOrigin | undefined): void {
  const headers = {
    'cache-control': "'no-store'",
    'x-request-id': 'context.requestId',
    vary: cors?.varies ? "'accept-encoding, origin'" : "'accept-encoding'",
    ...cors?.answerHeaders,
  };
  resource.addMethod(
    'GET',
    mock({
      statusCode: '200',
      responseTemplates: { 'application/json': (cors?.template ?? '') + template },
      responseParameters: prefixed('method.response.header.', headers),
    }),
    { methodResponses: [{ statusCode: '200', responseParameters: declared(headers) }] },
  );
  addPreflight(resource, 'GET', cors);
}

/** A browser asks before it calls, without credentials. */
function addPreflight(resource: IResource, method: string, cors: CrossOrigin | undefined): void {
  if (!cors) return;
  const headers = cors.preflightHeaders(method);
  const open: MethodOptions = { apiKeyRequired: false, authorizationType: AuthorizationType.NONE };
  resource.addMethod(
    'OPTIONS',
    mock({
      statusCode: '204',
      responseTemplates: { 'application/json': cors.template },
      responseParameters: prefixed('method.response.header.', headers),
    }),
    { ...open, methodResponses: [{ statusCode: '204', responseParameters: declared(headers) }] },
  );
}

function addProblems(api: RestApi, auth: DeploymentDescription['auth'], cors: CrossOrigin | undefined): void {
  for (const [type, one] of Object.entries(gatewayProblems(auth))) {
    api.addGatewayResponse(type, {
      type: ResponseType.of(type),
      statusCode: String(one.status),
      responseHeaders: {
        'Content-Type': "'application/problem+json'",
        'x-request-id': 'context.requestId',
        ...(type === 'THROTTLED' ? { 'retry-after': "'1'" } : {}),
        ...cors?.problemHeaders,
      },
      templates: { 'application/json': problemTemplate(one) },
    });
  }
}

/**
 * The key's text is made by API Gateway, and is in no template and no output. It cannot be changed: CloudFormation replaces a
 * key whose name changes, and then what ties it to its plan
 * (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-apikey.html). The name ends
 * with a parameter, which deploys do not give: it keeps its value until the key is rotated (`DeployerApi.rotateKey`).
 */
function addKey(stack: Stack, api: RestApi, description: DeploymentDescription): ApiKey {
  const { model, deployment, stackName } = description;
  const { requests, per } = description.quota ?? DEFAULTS.quota;
  const { ratePerSecond, burst } = description.throttle ?? DEFAULTS.throttle;
  const revision = new CfnParameter(stack, PARAMETERS.keyRevision, {
    description: 'End of the name of the API key: a new one replaces the key',
    default: '',
    allowedPattern: '^(-[A-Za-z0-9]{1,64})?$',
  }).valueAsString;
  const key = new ApiKey(stack, 'Key', {
    apiKeyName: Fn.join('', [stackName, revision]),
    description: `Nimbus: ${model}/${deployment}`,
  });
  const plan = api.addUsagePlan('Plan', {
    name: stackName,
    throttle: { rateLimit: ratePerSecond, burstLimit: burst },
    quota: { limit: requests, period: PERIODS[per] },
    apiStages: [{ stage: api.deploymentStage }],
  });
  plan.addApiKey(key);
  return key;
}

function prefixed(prefix: string, headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [prefix + name, value]));
}

/** A method must declare the headers that its answers set. */
function declared(headers: Readonly<Record<string, string>>): Record<string, boolean> {
  return Object.fromEntries(Object.keys(headers).map((name) => [`method.response.header.${name}`, true]));
}
