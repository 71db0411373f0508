// What each call of AWS needs of IAM, and on what: Nimbus's own things and no others, as far as IAM can tell them apart.
// Names and resource types are those of the service authorization reference
// (https://docs.aws.amazon.com/service-authorization/latest/reference/).

/** Roles of CDK's bootstrap: https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html */
const cdkRole = (name) => `arn:aws:iam::*:role/cdk-hnb659fds-${name}-role-*`;
const stack = (name) => `arn:aws:cloudformation:*:*:stack/${name}/*`;
const OWN_STACKS = [stack('nimbus-*')];
const FUNCTIONS = ['arn:aws:lambda:*:*:function:nimbus-*'];
const IMAGES = ['arn:aws:ecr:*:*:repository/nimbus'];
const LOGS = ['arn:aws:logs:*:*:log-group:/aws/lambda/nimbus-*'];
const EVERYTHING = ['*'];

/** What AWS allows to anybody: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html */
export const ALLOWED_TO_ANYBODY = new Set(['sts:GetCallerIdentity']);

/** Operations whose action has another name: https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html */
export const RENAMED = {
  'lambda:Invoke': 'lambda:InvokeFunction',
  'lambda:InvokeWithResponseStream': 'lambda:InvokeFunction',
};

/**
 * `operations` are those of the SDK; what no source calls is left out. `all`: with them nothing is named, so that all things
 * of their kind have to be allowed. Without `resources` they are those of the operation's own path (API Gateway).
 * `actions` are of what others call for Nimbus, for as long as the text `because` is in the source.
 * @typedef {object} Statement
 * @property {string} sid Its purpose.
 * @property {readonly string[]} [operations]
 * @property {boolean} [all]
 * @property {readonly string[]} [actions]
 * @property {{ file: string, text: string }} [because]
 * @property {readonly string[]} [resources]
 * @property {Readonly<Record<string, unknown>>} [condition]
 */

/** @type {readonly Statement[]} */
export const STATEMENTS = [
  {
    sid: 'DeployAsTheRolesOfCdk',
    actions: ['sts:AssumeRole'],
    because: { file: 'infra/deployer/change-set.ts', text: 'new Toolkit(' },
    resources: [cdkRole('deploy'), cdkRole('file-publishing'), cdkRole('lookup')],
  },
  {
    sid: 'LookAtStacks',
    operations: ['cloudformation:DescribeStacks', 'cloudformation:DescribeStackEvents', 'cloudformation:GetTemplate'],
    resources: [...OWN_STACKS, stack('CDKToolkit')],
  },
  {
    // DescribeStacks without a name needs ListStacks too: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
    sid: 'FindStacksThatNobodyNames',
    operations: ['cloudformation:DescribeStacks'],
    all: true,
    actions: ['cloudformation:ListStacks'],
    resources: EVERYTHING,
  },
  {
    // The rights that a search for drift asks of the caller:
    // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/detect-drift-stack.html
    sid: 'FindDrift',
    operations: [
      'cloudformation:DescribeStackDriftDetectionStatus',
      'cloudformation:DescribeStackResourceDrifts',
      'cloudformation:DetectStackDrift',
    ],
    actions: ['cloudformation:BatchDescribeTypeConfigurations', 'cloudformation:DetectStackResourceDrift'],
    resources: EVERYTHING,
  },
  {
    // What is compared is read with the rights of the caller.
    sid: 'ReadWhatMayDrift',
    actions: [
      'apigateway:GET',
      'iam:GetRole',
      'iam:GetRolePolicy',
      'iam:ListAttachedRolePolicies',
      'iam:ListRolePolicies',
      'lambda:GetAlias',
      'lambda:GetFunction',
      'lambda:GetFunctionCodeSigningConfig',
      'lambda:GetPolicy',
      'lambda:GetProvisionedConcurrencyConfig',
      'lambda:ListTags',
      'lambda:ListVersionsByFunction',
      'logs:DescribeLogGroups',
      'logs:ListTagsForResource',
    ],
    because: { file: 'src/core/cloud/drift.ts', text: 'DetectStackDriftCommand(' },
    resources: [
      'arn:aws:apigateway:*::/restapis/*',
      'arn:aws:apigateway:*::/usageplans/*',
      'arn:aws:iam::*:role/nimbus-*',
      ...FUNCTIONS,
      'arn:aws:logs:*:*:log-group:*',
    ],
  },
  { sid: 'CancelUpdates', operations: ['cloudformation:CancelUpdateStack'], resources: OWN_STACKS },
  { sid: 'LogInToTheRegistry', operations: ['ecr:GetAuthorizationToken'], resources: EVERYTHING },
  {
    // What the engine calls as it pushes: https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html
    sid: 'PushImages',
    actions: [
      'ecr:BatchCheckLayerAvailability',
      'ecr:BatchGetImage',
      'ecr:CompleteLayerUpload',
      'ecr:InitiateLayerUpload',
      'ecr:PutImage',
      'ecr:UploadLayerPart',
    ],
    because: { file: 'src/core/host/cloud-push.ts', text: 'shipping.send(' },
    // And Nimbus itself, of what a push will send.
    operations: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage'],
    resources: IMAGES,
  },
  {
    sid: 'KeepImagesTidy',
    operations: ['ecr:DescribeRepositories', 'ecr:DescribeImages', 'ecr:ListImages', 'ecr:BatchDeleteImage'],
    resources: IMAGES,
  },
  {
    sid: 'LookAtFunctions',
    operations: [
      'lambda:GetAlias',
      'lambda:GetFunction',
      'lambda:GetFunctionConfiguration',
      'lambda:GetProvisionedConcurrencyConfig',
      'lambda:ListAliases',
      'lambda:ListProvisionedConcurrencyConfigs',
      'lambda:ListVersionsByFunction',
    ],
    resources: FUNCTIONS,
  },
  {
    // Of APIs whose callers sign. Their ARNs have ids, no names.
    sid: 'CallAsWhoSigns',
    actions: ['execute-api:Invoke'],
    because: { file: 'src/core/cloud/sign.ts', text: "signingName: 'execute-api'" },
    resources: ['arn:aws:execute-api:*:*:*/*/GET/', 'arn:aws:execute-api:*:*:*/*/POST/batch'],
  },
  { sid: 'Predict', operations: ['lambda:Invoke', 'lambda:InvokeWithResponseStream'], resources: FUNCTIONS },
  {
    sid: 'UpdateFunctions',
    operations: [
      'lambda:DeleteFunction',
      'lambda:PublishVersion',
      'lambda:PutProvisionedConcurrencyConfig',
      'lambda:UpdateAlias',
      'lambda:UpdateFunctionCode',
      'lambda:UpdateFunctionConfiguration',
    ],
    resources: FUNCTIONS,
  },
  {
    // Keys have no names in their ARNs. CloudFormation hands on the tags of a stack to its keys.
    sid: 'ReadKeys',
    operations: ['apigateway:GetApiKey'],
    condition: { Null: { 'aws:ResourceTag/nimbus:model': 'false' } },
  },
  { sid: 'LookAtStages', operations: ['apigateway:GetStage'] },
  { sid: 'UpdateStages', operations: ['apigateway:UpdateStage'] },
  {
    sid: 'ReadLogs',
    operations: ['logs:FilterLogEvents', 'logs:GetLogEvents', 'logs:StartLiveTail', 'logs:StartQuery'],
    resources: LOGS,
  },
  { sid: 'ReadMetrics', operations: ['cloudwatch:GetMetricData'], resources: EVERYTHING },
  {
    sid: 'LookAtLimits',
    operations: [
      'lambda:GetAccountSettings',
      'servicequotas:GetServiceQuota',
      'servicequotas:ListServiceQuotas',
      'servicequotas:GetAWSDefaultServiceQuota',
    ],
    resources: EVERYTHING,
  },
  {
    // Of roles there is no variable with which a policy could mean its own.
    sid: 'TellPermissions',
    operations: ['iam:GetRole', 'iam:SimulatePrincipalPolicy'],
    resources: ['arn:aws:iam::*:user/${aws:username}', 'arn:aws:iam::*:role/*'],
  },
];
