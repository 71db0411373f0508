import type { Command } from 'commander';
import { awsConfig } from '../../core/cloud/aws.ts';
import { fail } from '../../shared/outcome.ts';
import { keyText } from '../../shared/spec.ts';
import { table } from '../answer.ts';
import { openProject, type Project } from '../context.ts';
import { accountFor } from '../../core/cloud/account.ts';
import { orExit, type Terminal } from '../terminal.ts';

interface Options {
  region?: string;
  profile?: string;
}

export function register(program: Command, terminalOf: (command: Command) => Terminal): void {
  program
    .command('adopt')
    .description('show deployments in the AWS account that models.json does not have, or take one over into it')
    .argument('[stack]', 'a CloudFormation stack; without it all are shown')
    .option('--region <region>', 'region of AWS (default: that of AWS_REGION or of the profile)')
    .option('--profile <name>', 'profile of the AWS configuration')
    .action((stack: string | undefined, options: Options, command: Command) =>
      adopt(terminalOf(command), stack, options),
    );
}

async function adopt(terminal: Terminal, stack: string | undefined, options: Options): Promise<void> {
  const project = await openProject(terminal);
  const account = orExit(terminal, await accountFor(options, undefined, process.env));
  const { ghosts } = await import('../../core/cloud/status.ts');
  const config = await awsConfig(account.region, account.variables);
  const found = orExit(terminal, await ghosts(config, declaredStacks(project)));
  if (stack === undefined) {
    terminal.document({ account: account.account, region: account.region, deployments: found });
    if (found.length === 0)
      terminal.say(`${account.account}, ${account.region} has none that models.json does not have.`);
    else {
      const rows = found.map((one) => [
        one.stack,
        `${one.model}/${one.deployment}`,
        one.stackStatus,
        one.createdAt ?? '',
      ]);
      terminal.say(table(rows, ['STACK', 'DEPLOYMENT', 'STATUS', 'MADE']));
      terminal.say("\nThey may be a colleague's, or of another project. Take one over with: nimbus adopt STACK");
    }
    return;
  }
  const ghost = found.find((one) => one.stack === stack);
  if (!ghost) {
    const next =
      found.length === 0 ? 'There is none to adopt.' : `There are: ${found.map((one) => one.stack).join(', ')}.`;
    orExit(terminal, fail('no-ghost', `${stack} is no deployment that models.json lacks.`, { next }));
    return;
  }
  const { adopt: takeOver } = await import('../../core/cloud/adopt.ts');
  orExit(terminal, await takeOver(ghost, account, project));
  const { model, deployment } = ghost;
  terminal.document({ model, deployment, stack });
  terminal.say(
    `${keyText(ghost)} is in models.json. nimbus status ${keyText(ghost)} says what it is, nimbus remove ${keyText(ghost)} removes it.`,
  );
}

function declaredStacks({ models }: Project): string[] {
  const all = Object.values(models).flatMap(({ deployments = {} }) => Object.values(deployments));
  return all.flatMap(({ stack }) => (stack === undefined ? [] : [stack]));
}
