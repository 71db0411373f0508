import type { Command } from 'commander';
import { configOf } from '../../core/cloud/profiles.ts';
import { fail } from '../../shared/outcome.ts';
import { keyText } from '../../shared/spec.ts';
import { lookedAt, statusOrExit, withDeployment } from '../context.ts';
import { resolveOnAws } from '../names.ts';
import { orExit, type Terminal } from '../terminal.ts';

export function register(program: Command, terminalOf: (command: Command) => Terminal): void {
  program
    .command('diff')
    .description('say what on AWS is not as it was deployed, and whether the model has changed since')
    .argument('<name>', 'a model, or MODEL/DEPLOYMENT')
    .action((name: string, _options: unknown, command: Command) => diff(terminalOf(command), name));
}

async function diff(terminal: Terminal, name: string): Promise<void> {
  await withDeployment(
    terminal,
    name,
    async (connection, key) => {
      const status = orExit(terminal, await lookedAt(connection, statusOrExit(terminal, connection, key), true));
      if (status.state === 'gone' && status.error) orExit(terminal, { ok: false, error: status.error });
      const { cloud, seen } = status;
      if (!cloud) {
        orExit(
          terminal,
          fail('not-on-aws', `${keyText(key)} does not run on AWS.`, { next: 'nimbus parity compares answers.' }),
        );
        return;
      }
      terminal.progress('  … AWS compares');
      const { drift, driftTexts } = await import('../../core/cloud/drift.ts');
      const found = orExit(terminal, await drift(await configOf(cloud, process.env), cloud, terminal.signal));
      const isChanged = status.state === 'changed';
      const isAhead = seen?.isAhead ?? false;
      terminal.document({ ...key, changedSinceDeploy: isChanged, isAhead, ...found });
      for (const text of driftTexts(key, found, { isChanged, isAhead, why: status.error?.what })) terminal.say(text);
    },
    { resolve: resolveOnAws },
  );
}
