import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { CloudFormationValidatePlugin, Validations } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { CfnResource, IPolicyValidationPlugin, Stack } from 'aws-cdk-lib/core';
import { deploymentApp, repositoryApp, type Program } from '../../../infra/app/synthesise.ts';
import { AUTHS, deployed, DEPLOYMENT, newFolder, REPOSITORY, repositoryStack } from './deployments.ts';

/**
 * The rules of cdk-nag's AwsSolutions that a stack breaks on purpose, each with the reason. One that it no longer breaks
 * has to go from here.
 * https://github.com/cdklabs/cdk-nag/blob/main/RULES.md
 */
const ACCEPTED: Record<string, { auths: readonly string[]; reason: string }> = {
  'AwsSolutions-APIG1': {
    auths: AUTHS,
    reason:
      'Access logs need a role that is a setting of the whole account and region, which one stack must not change.',
  },
  'AwsSolutions-APIG2': {
    auths: AUTHS,
    reason: 'The handler validates, on every target alike; the gateway would answer the same faults in other words.',
  },
  'AwsSolutions-APIG3': {
    auths: AUTHS,
    reason:
      'A web ACL costs a monthly fee each. Whoever wants one attaches it to the stage; its refusals are problem JSON.',
  },
  'AwsSolutions-APIG4': {
    auths: ['key', 'none'],
    reason: 'A key meters and identifies nobody, and none is open: what the user chose, with iam to choose instead.',
  },
  'AwsSolutions-APIG6': {
    auths: AUTHS,
    reason: 'As APIG1. The function logs every failure, and does not log what users send, as the gateway would.',
  },
  'AwsSolutions-COG4': {
    auths: AUTHS,
    reason: 'Callers are programs with a key or a signature by IAM, not people who sign in to a user pool.',
  },
};

function broken(stack: Stack): string[] {
  return new AwsSolutionsChecks().validateScope(stack).violations.map(({ ruleName }) => ruleName);
}

describe('rules for stacks on AWS', () => {
  for (const auth of AUTHS) {
    it(`${auth}: none of AwsSolutions is broken but on purpose`, () => {
      const expected = Object.keys(ACCEPTED).filter((rule) => ACCEPTED[rule]!.auths.includes(auth));
      assert.deepEqual(broken(deployed({ auth }).stack).sort(), expected.sort());
    });
  }

  it('the repository breaks none', () => {
    assert.deepEqual(broken(repositoryStack().stack), []);
  });

  describe('of CloudFormation', function () {
    this.timeout(60_000);
    // Its engine is nine megabytes of WebAssembly: seconds to start, but once for all.
    const check = new CloudFormationValidatePlugin() as IPolicyValidationPlugin;

    /** What CloudFormation's schemas and rules say of a stack; CDK takes it for warnings and goes on. */
    function faults({ app }: Program): string[] {
      Validations.of(app).addPlugins(check);
      const { directory } = app.synth();
      const report = JSON.parse(readFileSync(path.join(directory, 'validation-report.json'), 'utf8'));
      const violations = report.pluginReports.flatMap((each: any) => each.violations);
      return violations.map((each: any) => `${each.ruleName} ${each.description}`);
    }

    it('everything that can be asked for is what it takes', () => {
      const everything = {
        ...DEPLOYMENT,
        env: ['HF_TOKEN'],
        corsOrigins: ['https://a.example', 'https://b.example'],
        provisionedConcurrency: 2,
        ephemeralStorageMb: 10_240,
        logRetentionDays: 3653,
        quota: { requests: 1, per: 'month' },
      } as const;
      assert.deepEqual(faults(deploymentApp(everything, newFolder())), []);
      assert.deepEqual(faults(deploymentApp({ ...DEPLOYMENT, auth: 'iam' }, newFolder())), []);
      assert.deepEqual(faults(deploymentApp({ ...DEPLOYMENT, auth: 'none' }, newFolder())), []);
      assert.deepEqual(faults(repositoryApp(REPOSITORY, newFolder())), []);
    });

    it('would say what it does not take', () => {
      const program = deploymentApp(DEPLOYMENT, newFolder());
      const log = program.stack.node.findChild('Log').node.defaultChild as CfnResource;
      log.addPropertyOverride('RetentionInDays', 2);
      assert.match(faults(program).join('\n'), /RetentionInDays: 2 is not one of/);
    });
  });
});
