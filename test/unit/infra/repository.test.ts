import assert from 'node:assert/strict';
import { Match } from 'aws-cdk-lib/assertions';
import { repositoryStack, resource } from './deployments.ts';

describe('the repository of images on AWS', () => {
  it('goes with its stack, with all that is in it', () => {
    const { Properties, DeletionPolicy } = resource(repositoryStack(), 'AWS::ECR::Repository');
    assert.equal(Properties.RepositoryName, 'nimbus');
    assert.equal(Properties.EmptyOnDelete, true);
    assert.equal(DeletionPolicy, 'Delete');
  });

  it('lets nothing expire by itself, lets tags move, and scans what is pushed', () => {
    repositoryStack().template.hasResourceProperties('AWS::ECR::Repository', {
      LifecyclePolicy: Match.absent(),
      ImageTagMutability: 'MUTABLE',
      ImageScanningConfiguration: { ScanOnPush: true },
    });
  });

  it('lets functions of this account and region pull, and nobody else', () => {
    const { Statement } = resource(repositoryStack(), 'AWS::ECR::Repository').Properties.RepositoryPolicyText;
    assert.deepEqual(Statement, [
      {
        Sid: 'LambdaPulls',
        Effect: 'Allow',
        Principal: { Service: 'lambda.amazonaws.com' },
        Action: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
        Condition: { StringLike: { 'aws:SourceArn': 'arn:aws:lambda:eu-west-1:123456789012:function:*' } },
      },
    ]);
  });

  it('says where to push', () => {
    repositoryStack().template.hasOutput('RepositoryUri', {});
    repositoryStack().template.hasOutput('RepositoryName', {});
  });
});
