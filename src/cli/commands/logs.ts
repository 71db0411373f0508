import type { Command } from 'commander';
import { keyText, type DeploymentKey } from '../../shared/spec.ts';
import type { LogLine } from '../../shared/states.ts';
import { logsOf } from '../cloud-logs.ts';
import { lookedAt, statusOrExit, withDeployment } from '../context.ts';
import { wholeNumber } from '../options.ts';
import { orExit, type Terminal } from '../terminal.ts';

interface Options {
  follow?: boolean;
  request?: string;
  limit: number;
}

export function register(program: Command, terminalOf: (command: Command) => Terminal): void {
  program
    .command('logs')
    .description("show what a deployment's workers and its host wrote, or its function on AWS")
    .argument('<name>', 'a model, or MODEL/DEPLOYMENT')
    .option('--follow', 'show new lines too, until Ctrl+C')
    .option('--request <id>', 'only the lines of one request, whose id is in its answer')
    .option('--limit <lines>', 'how many of the last lines', wholeNumber(1, 100_000), 200)
    .action((name: string, options: Options, command: Command) => logs(terminalOf(command), name, options));
}

async function logs(terminal: Terminal, name: string, options: Options): Promise<void> {
  const print = (line: LogLine): void => {
    if (options.request === undefined || line.requestId === options.request)
      terminal.line(terminal.json ? JSON.stringify(line) : format(line));
  };
  const early: LogLine[] = [];
  let live = false;
  await withDeployment(
    terminal,
    name,
    async (connection, key) => {
      const status = statusOrExit(terminal, connection, key);
      if (status.target === 'lambda') {
        const { cloud } = orExit(terminal, await lookedAt(connection, status));
        if (cloud) return logsOf(terminal, cloud, options, print);
      }
      const query = {
        ...key,
        limit: options.limit,
        ...(options.request === undefined ? {} : { requestId: options.request }),
      };
      // Following begins before what there is is read: no line falls between the two.
      if (options.follow) await connection.api.follow(key);
      const before = await connection.api.logs(query);
      for (const line of before) print(line);
      if (!options.follow) {
        if (before.length === 0) terminal.note(nothing(key, options.request));
        return;
      }
      live = true;
      const seen = new Set(before.map((line) => JSON.stringify(line)));
      for (const line of early.splice(0)) if (!seen.has(JSON.stringify(line))) print(line);
      await Promise.race([
        connection.closed,
        new Promise((resolve) => terminal.signal.addEventListener('abort', resolve, { once: true })),
      ]);
    },
    { events: { log: (_key, line) => (live ? print(line) : void early.push(line)) } },
  );
}

function nothing(key: DeploymentKey, request: string | undefined): string {
  return request === undefined
    ? `${keyText(key)} has no log lines since its host started.`
    : `${keyText(key)} has no log lines of a request ${request}: it wrote none, its lines have made room for newer ones, or it was never asked here.`;
}

function format(line: LogLine): string {
  const time = new Date(line.at).toISOString().slice(11, 23);
  return `${time} ${line.source.padEnd(8)} ${line.text}`;
}
