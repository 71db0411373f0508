import assert from 'node:assert/strict';
import { Match } from 'aws-cdk-lib/assertions';
import { deployed, DEPLOYMENT, resource, resources } from './deployments.ts';

describe('the function of a stack on AWS', () => {
  it('runs the image by the digest that is a parameter without a default', () => {
    const made = deployed();
    made.template.hasParameter('ImageDigest', {
      Type: 'String',
      AllowedPattern: '^sha256:[0-9a-f]{64}$',
      Default: Match.absent(),
    });
    made.template.hasResourceProperties('AWS::Lambda::Function', {
      PackageType: 'Image',
      Code: { ImageUri: { 'Fn::Join': ['', Match.arrayWith(['/nimbus@', { Ref: 'ImageDigest' }])] } },
    });
    assert.ok(!JSON.stringify(made.template.toJSON()).includes(DEPLOYMENT.image.digest));
  });

  it('has what the description says', () => {
    const made = deployed({ memoryMb: 3008, timeoutSeconds: 12, architecture: 'arm64', ephemeralStorageMb: 2048 });
    made.template.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'nimbus-sentiment-prod',
      MemorySize: 3008,
      Timeout: 12,
      Architectures: ['arm64'],
      EphemeralStorage: { Size: 2048 },
    });
    deployed().template.hasResourceProperties('AWS::Lambda::Function', {
      MemorySize: 1769,
      Timeout: 29,
      Architectures: ['x86_64'],
      EphemeralStorage: { Size: 512 },
      Environment: Match.absent(),
    });
  });

  it('gives values of environment variables as parameters that nobody is shown', () => {
    const made = deployed({ env: ['HF_TOKEN', 'HFTOKEN'] });
    const { Variables } = resource(made, 'AWS::Lambda::Function').Properties.Environment;
    assert.deepEqual(Object.keys(Variables).sort(), ['HFTOKEN', 'HF_TOKEN']);
    const names = Object.values(Variables).map((value: any) => value.Ref);
    assert.equal(new Set(names).size, 2);
    for (const name of names) made.template.hasParameter(name, { NoEcho: true, Default: Match.absent() });
  });

  it('logs into a group of its own, which goes with the stack', () => {
    const group = resource(deployed(), 'AWS::Logs::LogGroup');
    assert.equal(group.Properties.LogGroupName, '/aws/lambda/nimbus-sentiment-prod');
    assert.equal(group.Properties.RetentionInDays, 14);
    assert.equal(group.DeletionPolicy, 'Delete');
    deployed().template.hasResourceProperties('AWS::Lambda::Function', {
      LoggingConfig: { LogGroup: { Ref: group.id } },
    });
    assert.equal(resource(deployed({ logRetentionDays: 90 }), 'AWS::Logs::LogGroup').Properties.RetentionInDays, 90);
  });

  it('may write to its own log and nothing else', () => {
    const made = deployed({ env: ['HF_TOKEN'], corsOrigins: ['*'] });
    const role = resource(made, 'AWS::IAM::Role');
    assert.deepEqual(role.Properties.ManagedPolicyArns, undefined);
    assert.deepEqual(resources(made, 'AWS::IAM::Policy'), []);
    assert.deepEqual(
      role.Properties.Policies.flatMap((policy: any) => policy.PolicyDocument.Statement),
      [
        {
          Effect: 'Allow',
          Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          Resource: { 'Fn::GetAtt': [resource(made, 'AWS::Logs::LogGroup').id, 'Arn'] },
        },
      ],
    );
    assert.deepEqual(
      role.Properties.AssumeRolePolicyDocument.Statement.map((statement: any) => statement.Principal),
      [{ Service: 'lambda.amazonaws.com' }],
    );
    made.template.hasResourceProperties('AWS::Lambda::Function', { Role: { 'Fn::GetAtt': [role.id, 'Arn'] } });
  });

  it('keeps provisioned environments on the alias, where that is asked', () => {
    deployed({ provisionedConcurrency: 3 }).template.hasResourceProperties('AWS::Lambda::Alias', {
      ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 3 },
    });
    deployed().template.hasResourceProperties('AWS::Lambda::Alias', { ProvisionedConcurrencyConfig: Match.absent() });
  });
});

describe('versions of a function on AWS', () => {
  const versionOf = (made = deployed()) => resource(made, 'AWS::Lambda::Version');

  it('are replaced when only parameters change: they hold them in a property that cannot be updated', () => {
    assert.deepEqual(versionOf().Properties.Description, {
      'Fn::Join': ['', [{ Ref: 'ImageDigest' }, ' ', { Ref: 'Revision' }, ' ', { Ref: 'Version' }]],
    });
  });

  it('can be published for an image that is there already: a revision changes the configuration', () => {
    deployed().template.hasResourceProperties('AWS::Lambda::Function', {
      Description: { 'Fn::Join': ['', ['Nimbus: sentiment/prod, revision ', { Ref: 'Revision' }]] },
    });
  });

  it('are replaced when the configuration changes', () => {
    const ids = [
      {},
      { memoryMb: 2048 },
      { timeoutSeconds: 28 },
      { ephemeralStorageMb: 1024 },
      { architecture: 'arm64' } as const,
      { env: ['HF_TOKEN'] },
      { corsOrigins: ['https://app.example'] },
    ].map((changes) => versionOf(deployed(changes)).id);
    assert.equal(new Set(ids).size, ids.length);
  });

  it('stay when the API alone changes', () => {
    const changes = { throttle: { ratePerSecond: 1, burst: 1 }, auth: 'none', logRetentionDays: 1 } as const;
    assert.equal(versionOf(deployed(changes)).id, versionOf().id);
  });

  it('are kept to go back to, but for one that an update rolled back', () => {
    assert.equal(versionOf().UpdateReplacePolicy, 'Retain');
    assert.equal(versionOf().DeletionPolicy, 'RetainExceptOnCreate');
  });

  it('serve by the alias live', () => {
    deployed().template.hasResourceProperties('AWS::Lambda::Alias', {
      Name: 'live',
      FunctionVersion: { 'Fn::GetAtt': [versionOf().id, 'Version'] },
    });
  });

  it('come with an update of the parameters alone: image, version and revision are not in the template', () => {
    const version = 'c3'.repeat(32);
    const next = deployed({
      version,
      card: { ...DEPLOYMENT.card, version },
      image: { repository: 'nimbus', digest: `sha256:${'d4'.repeat(32)}` },
      revision: 'second',
    });
    assert.equal(JSON.stringify(next.template.toJSON()), JSON.stringify(deployed().template.toJSON()));
  });
});
