import type { Command } from 'commander';
import { awsConfig } from '../../core/cloud/aws.ts';
import type { RollbackPlan } from '../../core/targets/plan.ts';
import { cancelled, fail } from '../../shared/outcome.ts';
import { keyText } from '../../shared/spec.ts';
import type { RolledBack } from '../../shared/states.ts';
import { table } from '../answer.ts';
import { connect, lookedAt, openProject, statusOrExit } from '../context.ts';
import { accountFor } from '../../core/cloud/account.ts';
import { resolveOnAws } from '../names.ts';
import { createOperationFeed } from '../operation.ts';
import { orExit, type Terminal } from '../terminal.ts';

interface Options {
  to?: string;
  list?: boolean;
  profile?: string;
  yes?: boolean;
}

export function register(program: Command, terminalOf: (command: Command) => Terminal): void {
  program
    .command('rollback')
    .description('let a version that was deployed to AWS before serve again')
    .argument('<name>', 'a model, or MODEL/DEPLOYMENT')
    .option(
      '--to <version>',
      'version of the function, as --list shows it (default: the one before, with another image)',
    )
    .option('--list', 'show the versions that are kept, and change nothing')
    .option('--profile <name>', 'profile of the AWS configuration')
    .option('--yes', 'do not ask')
    .action((name: string, options: Options, command: Command) => rollback(terminalOf(command), name, options));
}

async function rollback(terminal: Terminal, name: string, options: Options): Promise<void> {
  const project = await openProject(terminal);
  const key = orExit(terminal, resolveOnAws(project, name));
  const feed = createOperationFeed();
  const connection = await connect(terminal, project.folder, { operation: feed.onOperation });
  try {
    const { cloud } = orExit(terminal, await lookedAt(connection, statusOrExit(terminal, connection, key)));
    if (!cloud) {
      orExit(
        terminal,
        fail('not-on-aws', `${keyText(key)} does not run on AWS.`, { next: 'Deploy the version that it should be.' }),
      );
      return;
    }
    const declared = project.models[key.model]?.deployments?.[key.deployment];
    const account = orExit(
      terminal,
      await accountFor(options.profile === undefined ? {} : { profile: options.profile }, declared, process.env),
    );
    if (options.list) {
      const { versionsOf } = await import('../../core/cloud/versions.ts');
      const versions = orExit(
        terminal,
        await versionsOf(await awsConfig(account.region, account.variables), cloud, terminal.signal),
      );
      terminal.document({ versions });
      const rows = versions.map(({ number, version, publishedAt, live }) => [
        number,
        version?.slice(0, 7) ?? 'unknown',
        publishedAt,
        live ? 'serves' : '',
      ]);
      terminal.say(table(rows, ['VERSION', 'MODEL', 'PUBLISHED', '']));
      return;
    }
    if (!options.yes) {
      const which = options.to === undefined ? 'the last version with another image' : `version ${options.to}`;
      const question = `Let ${which} of ${cloud.functionName} serve, with the configuration that it had? nimbus rollback ${keyText(key)} --list shows them.`;
      if (!orExit(terminal, await terminal.confirm(question, '--yes'))) orExit(terminal, cancelled());
    }
    const plan: RollbackPlan = {
      ...key,
      kind: 'rollback',
      project: project.folder,
      cloud: account,
      ...(options.to === undefined ? {} : { to: options.to }),
    };
    const { result } = orExit(terminal, await feed.run(terminal, connection, plan));
    const { number, before, version } = result as RolledBack;
    terminal.document({ ...key, ...(result as RolledBack) });
    terminal.say(
      `${keyText(key)} serves version ${number} again (model ${version.slice(0, 7)}), in the place of ${before}`,
    );
  } finally {
    connection.close();
  }
}
