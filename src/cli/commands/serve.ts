import type { Command } from 'commander';
import { connect, openProject } from '../context.ts';
import { orExit, type Terminal } from '../terminal.ts';

export function register(program: Command, terminalOf: (command: Command) => Terminal): void {
  program
    .command('serve')
    .description("keep this project's endpoints up until Ctrl+C")
    .action((_options: unknown, command: Command) => serve(terminalOf(command)));
}

/**
 * Holds a lease on the project's host, so that it never goes idle, and starts it again should it end. The host stays
 * the one that every window and command shares.
 */
async function serve(terminal: Terminal): Promise<void> {
  const { folder } = await openProject(terminal);
  while (!terminal.signal.aborted) {
    const connection = await connect(terminal, folder);
    const { url, deployments, portTaken } = connection.hello;
    terminal.document({
      url,
      deployments: deployments.map(({ model, deployment, state, url: endpoint }) => ({
        model,
        deployment,
        state,
        url: endpoint,
      })),
    });
    if (portTaken !== undefined) terminal.say(`The project's usual port ${portTaken} is taken by another program.`);
    terminal.say(`Serving ${folder} at ${url} until Ctrl+C`);
    for (const one of deployments) terminal.say(`  ${one.url}/predict   ${one.state}`);
    if (deployments.length === 0) terminal.say('  nothing is deployed yet: nimbus deploy PATH');
    const aborted = new Promise<void>((resolve) =>
      terminal.signal.addEventListener('abort', () => resolve(), { once: true }),
    );
    await Promise.race([connection.closed, aborted]);
    if (terminal.signal.aborted) orExit(terminal, await connection.api.shutdown());
    connection.close();
  }
}
