import type { Command } from 'commander';
import { configOf } from '../../core/cloud/profiles.ts';
import type { DriftedPart } from '../../core/cloud/drift.ts';
import { fail } from '../../shared/outcome.ts';
import { keyText } from '../../shared/spec.ts';
import { lookedAt, statusOrExit, withDeployment } from '../context.ts';
import { resolveOnAws } from '../names.ts';
import { indent, orExit, type Terminal } from '../terminal.ts';

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
      const { cloud, seen } = status;
      if (!cloud) {
        orExit(
          terminal,
          fail('not-on-aws', `${keyText(key)} does not run on AWS.`, { next: 'nimbus parity compares answers.' }),
        );
        return;
      }
      terminal.progress('  … AWS compares');
      const { drift } = await import('../../core/cloud/drift.ts');
      const found = orExit(terminal, await drift(await configOf(cloud, process.env), cloud, terminal.signal));
      const isChanged = status.state === 'changed';
      terminal.document({ ...key, changedSinceDeploy: isChanged, isAhead: seen?.isAhead ?? false, ...found });
      if (isChanged) {
        terminal.say('The model, or what models.json says of it, has changed since it was deployed.');
        if (status.error) terminal.say(indent(status.error.what));
      }
      if (seen?.isAhead)
        terminal.say('What serves is newer than the stack says; the next update tells the stack first.');
      if (found.parts.length > 0) terminal.say('Changed by hand since it was deployed:');
      for (const part of found.parts) terminal.say(indent(describe(part)));
      if (found.unknown !== undefined) terminal.say(`What AWS could not compare: ${found.unknown}`);
      if (found.parts.length === 0 && !isChanged) terminal.say(`${keyText(key)} is as it was deployed.`);
      else
        terminal.say(
          'Deploy it again to have it as models.json says; what was changed by hand and is in the template is then overwritten where the template changes.',
        );
    },
    { resolve: resolveOnAws },
  );
}

function describe({ logicalId, type, id, kind, differences }: DriftedPart): string {
  const head = `${kind === 'deleted' ? '-' : '~'} ${logicalId} (${type}, ${id})${kind === 'deleted' ? ' was deleted' : ''}`;
  const lines = differences.map(
    ({ property, expected, actual }) => `${property}: ${expected ?? 'none'} → ${actual ?? 'none'}`,
  );
  return [head, ...lines.map((line) => `    ${line}`)].join('\n');
}
