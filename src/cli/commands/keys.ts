import type { Command } from 'commander';
import { fail } from '../../shared/outcome.ts';
import { keyHeaders, lookedAt, statusOrExit, withDeployment } from '../context.ts';
import { resolveOnAws } from '../names.ts';
import { paragraphs } from '../options.ts';
import { orExit, type Terminal } from '../terminal.ts';

const AFTER = `The key is made by API Gateway. It is in no file of the project: nimbus predict asks AWS for it once, and keeps it in a file that only you can read. It meters its callers and does not identify them. Whoever has it may call at your cost: to end one that got lost, deploy with --auth iam or remove the deployment.`;

export function register(program: Command, terminalOf: (command: Command) => Terminal): void {
  program
    .command('keys')
    .description('say where the API key of a deployment on AWS is kept')
    .argument('<name>', 'a model, or MODEL/DEPLOYMENT')
    .option('--show', 'print the key too')
    .addHelpText('after', paragraphs(AFTER))
    .action((name: string, options: { show?: boolean }, command: Command) => keys(terminalOf(command), name, options));
}

async function keys(terminal: Terminal, name: string, { show }: { show?: boolean }): Promise<void> {
  await withDeployment(
    terminal,
    name,
    async (connection, key) => {
      const status = orExit(terminal, await lookedAt(connection, statusOrExit(terminal, connection, key)));
      const { cloud } = status;
      if (cloud?.keyId === undefined) {
        const what =
          cloud === undefined ? `${name} does not run on AWS.` : `${name} asks for no key: its auth is ${cloud.auth}.`;
        return orExit(terminal, fail('no-key', what, { next: 'Call it without one.' }));
      }
      const { keyFile } = await import('../../core/cloud/keys.ts');
      const { account, region, keyId } = cloud;
      const value = show ? orExit(terminal, await keyHeaders(status))['x-api-key'] : undefined;
      const file = keyFile();
      terminal.document({ ...key, keyId, account, region, file, ...(value === undefined ? {} : { key: value }) });
      terminal.note(`API key ${keyId} of account ${account}, ${region}, is kept in ${file} once it was used.`);
      if (value === undefined) terminal.note(`nimbus keys ${name} --show prints it.`);
      else terminal.say(value);
    },
    { resolve: resolveOnAws },
  );
}
