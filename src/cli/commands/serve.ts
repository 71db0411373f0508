import { realpathSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { hostProgram } from '../../core/host/copy.ts';
import type { HostHello } from '../../core/host/protocol.ts';
import { connectIfRunning, openProject } from '../context.ts';
import { EXIT, Exit, type Terminal } from '../terminal.ts';

export function register(program: Command, terminalOf: (command: Command) => Terminal): void {
  program
    .command('serve')
    .description("keep this project's endpoints up until Ctrl+C, rather than until 15 minutes after the last call")
    .action((_options: unknown, command: Command) => serve(terminalOf(command)));
}

/**
 * This process becomes the project's host. Where one runs already, the one that windows and commands share, it is held
 * for as long as this command runs, and left to the others at the end.
 */
async function serve(terminal: Terminal): Promise<void> {
  const { folder } = await openProject(terminal);
  const running = await connectIfRunning(folder);
  if (running) {
    say(terminal, folder, running.hello);
    await Promise.race([running.closed, ended(terminal.signal)]);
    running.close();
    // Ctrl+C is how this command ends, not how it is cancelled.
    throw new Exit(EXIT.ok);
  }
  const { runHost } = await import('../../core/host/run.ts');
  const [program] = await hostProgram();
  // Workers start from the versioned copy: an update of the package or the extension may remove this one.
  const runtime = path.join(path.dirname(program!), 'runtime');
  await runHost({
    project: realpathSync(folder),
    serve: true,
    ...(program!.endsWith('.ts') ? {} : { runtime }),
    onListening: (hello) => say(terminal, folder, hello),
  });
  // From here on the host's own signal handlers end the process.
  await new Promise(() => undefined);
}

function say(terminal: Terminal, folder: string, { url, deployments, portTaken }: HostHello): void {
  terminal.document({
    url,
    deployments: deployments.map((one) => ({
      model: one.model,
      deployment: one.deployment,
      state: one.state,
      url: one.url,
    })),
  });
  if (portTaken !== undefined) terminal.say(`The project's usual port ${portTaken} is taken by another program.`);
  terminal.say(`Serving ${folder} at ${url} until Ctrl+C`);
  for (const one of deployments) terminal.say(`  ${one.url}/predict   ${one.state}`);
  if (deployments.length === 0) terminal.say('  nothing is deployed yet: nimbus deploy PATH');
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
