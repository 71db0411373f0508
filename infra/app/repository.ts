/**
 * The repository of the images, a stack of its own: it is there before the first push, and no deployment's end may take
 * the images of another.
 *
 * There is one per account and region. A function can only run an image of its own region, and layers are shared within
 * a repository, so that base and framework are pushed and stored once for all models. A repository per project would
 * need a name of the project that all its checkouts agree on, and models.json has none. What belongs to which deployment
 * say the tags: each pushes its images under tags of its own, and removes only these. An image goes with the last of its
 * tags (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchDeleteImage.html).
 */
import { ArnFormat, RemovalPolicy, type Stack } from 'aws-cdk-lib/core';
import { Repository, RepositoryEncryption, TagMutability } from 'aws-cdk-lib/aws-ecr';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { RepositoryDescription } from './description.ts';

/**
 * - No lifecycle policy: such a rule knows age and number, but not which digests the kept versions of a function run.
 * - Tags may move: functions run digests, which nothing can change, and a push that was interrupted is repeated under
 *   the same tag, which an immutable one refuses even for the same digest
 *   (https://github.com/aws/containers-roadmap/issues/2179).
 * - Scanned at each push by ECR's basic scanning, which costs nothing; where the registry has its own rules these count
 *   (https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning.html).
 * - AWS Lambda pulls by the repository's policy. Without this statement it would add one itself, that is, whoever deploys
 *   would need the right to change policies (https://repost.aws/knowledge-center/lambda-ecr-image, which has the condition
 *   too). The condition keeps functions of other accounts out.
 */
export function addRepository(stack: Stack, description: RepositoryDescription): Repository {
  const repository = new Repository(stack, 'Images', {
    repositoryName: description.repository,
    imageTagMutability: TagMutability.MUTABLE,
    imageScanOnPush: description.scanOnPush ?? true,
    encryption: RepositoryEncryption.AES_256,
    removalPolicy: RemovalPolicy.DESTROY,
    emptyOnDelete: true,
  });
  repository.addToResourcePolicy(
    new PolicyStatement({
      sid: 'LambdaPulls',
      principals: [new ServicePrincipal('lambda.amazonaws.com')],
      actions: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
      conditions: {
        StringLike: {
          'aws:SourceArn': stack.formatArn({
            service: 'lambda',
            resource: 'function',
            resourceName: '*',
            arnFormat: ArnFormat.COLON_RESOURCE_NAME,
          }),
        },
      },
    }),
  );
  return repository;
}
