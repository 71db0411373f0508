// What CDK's bootstrap needs of who runs it: once per account and region, by Nimbus or by `cdk bootstrap`. CloudFormation
// makes the resources with the rights of the caller.
const BUCKETS = ['arn:aws:s3:::cdk-hnb659fds-assets-*'];
const REPOSITORIES = ['arn:aws:ecr:*:*:repository/cdk-hnb659fds-container-assets-*'];
const ROLES = ['arn:aws:iam::*:role/cdk-hnb659fds-*'];
const PARAMETERS = ['arn:aws:ssm:*:*:parameter/cdk-bootstrap/hnb659fds/*'];

/** Calls of CDK's toolkit for the stack itself. */
export const BOOTSTRAP_CALLS = [
  'cloudformation:CreateChangeSet',
  'cloudformation:DeleteChangeSet',
  'cloudformation:DeleteStack',
  'cloudformation:DescribeChangeSet',
  'cloudformation:DescribeStackEvents',
  'cloudformation:DescribeStacks',
  'cloudformation:ExecuteChangeSet',
  'cloudformation:GetTemplate',
];

/**
 * By type of resource what CloudFormation calls to make, read, change and remove it: the handlers' permissions of each type's
 * schema (https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html).
 * @type {Readonly<Record<string, { actions: readonly string[], resources: readonly string[] }>>}
 */
export const BOOTSTRAP_RESOURCES = {
  'AWS::S3::Bucket': {
    actions: [
      's3:CreateBucket',
      's3:DeleteBucket',
      's3:GetBucketPublicAccessBlock',
      's3:GetBucketTagging',
      's3:GetBucketVersioning',
      's3:GetEncryptionConfiguration',
      's3:GetLifecycleConfiguration',
      's3:ListBucket',
      's3:PutBucketPublicAccessBlock',
      's3:PutBucketTagging',
      's3:PutBucketVersioning',
      's3:PutEncryptionConfiguration',
      's3:PutLifecycleConfiguration',
    ],
    resources: BUCKETS,
  },
  'AWS::S3::BucketPolicy': {
    actions: ['s3:DeleteBucketPolicy', 's3:GetBucketPolicy', 's3:PutBucketPolicy'],
    resources: BUCKETS,
  },
  'AWS::ECR::Repository': {
    actions: [
      'ecr:CreateRepository',
      'ecr:DeleteRepository',
      'ecr:DescribeRepositories',
      'ecr:GetLifecyclePolicy',
      'ecr:GetRepositoryPolicy',
      'ecr:ListTagsForResource',
      'ecr:PutImageTagMutability',
      'ecr:PutLifecyclePolicy',
      'ecr:SetRepositoryPolicy',
      'ecr:TagResource',
    ],
    resources: REPOSITORIES,
  },
  'AWS::IAM::Role': {
    actions: [
      'iam:AttachRolePolicy',
      'iam:CreateRole',
      'iam:DeleteRole',
      'iam:DetachRolePolicy',
      'iam:GetRole',
      'iam:ListAttachedRolePolicies',
      'iam:ListRolePolicies',
      'iam:TagRole',
      'iam:UpdateAssumeRolePolicy',
    ],
    resources: ROLES,
  },
  'AWS::IAM::Policy': {
    actions: ['iam:DeleteRolePolicy', 'iam:GetRolePolicy', 'iam:PutRolePolicy'],
    resources: ROLES,
  },
  'AWS::SSM::Parameter': {
    actions: [
      'ssm:AddTagsToResource',
      'ssm:DeleteParameter',
      'ssm:GetParameter',
      'ssm:GetParameters',
      'ssm:PutParameter',
    ],
    resources: PARAMETERS,
  },
};

/** Types that the bootstrap makes only where it is asked for: a key of one's own, a boundary of permissions. */
export const BOOTSTRAP_OPTIONS = ['AWS::KMS::Alias', 'AWS::KMS::Key', 'AWS::IAM::ManagedPolicy'];

export const BOOTSTRAP_STACK = ['arn:aws:cloudformation:*:*:stack/CDKToolkit/*'];
