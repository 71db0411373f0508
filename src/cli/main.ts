import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { ConnectionClosed } from '../core/host/rpc.ts';
import { register as adopt } from './commands/adopt.ts';
import { register as batch } from './commands/batch.ts';
import { register as build } from './commands/build.ts';
import { register as cost } from './commands/cost.ts';
import { register as deploy } from './commands/deploy.ts';
import { register as diff } from './commands/diff.ts';
import { register as doctor } from './commands/doctor.ts';
import { register as keys } from './commands/keys.ts';
import { register as lifecycle } from './commands/lifecycle.ts';
import { register as list } from './commands/list.ts';
import { register as lock } from './commands/lock.ts';
import { register as logs } from './commands/logs.ts';
import { register as parity } from './commands/parity.ts';
import { register as predict } from './commands/predict.ts';
import { register as migrate } from './commands/migrate.ts';
import { register as prune } from './commands/prune.ts';
import { register as push } from './commands/push.ts';
import { register as report } from './commands/report.ts';
import { register as rollback } from './commands/rollback.ts';
import { register as sweep } from './commands/sweep.ts';
import { register as serve } from './commands/serve.ts';
import { paragraphs } from './options.ts';
import { CANCELLED } from '../shared/outcome.ts';
import { register as trust } from './commands/trust.ts';
import { createTerminal, EXIT, Exit, problemOf, sayError, type Interrupts, type Terminal } from './terminal.ts';

const JSON_OPTION = ['--json', 'print one JSON document on stdout and nothing else'] as const;

const FIRST_STEPS = `Begin with: nimbus deploy PATH, then nimbus predict NAME "some text". NAME is a model or, where it has several deployments, MODEL/DEPLOYMENT. Options and details of a command: nimbus COMMAND --help`;

/** In the order of the help, and of its page. */
const GROUPS = [
  ['Models and their endpoints:', [deploy, list, predict, batch, parity, logs, lifecycle, serve]],
  ['Images:', [build, report, sweep, push]],
  ['AWS:', [cost, diff, rollback, adopt, keys]],
  ['Project and upkeep:', [doctor, lock, trust, migrate, prune]],
] as const;

/** Those without an option of their own for it. */
const ASKS_AWS = new Set(['predict', 'batch', 'parity', 'logs', 'status', 'diff', 'keys']);
const PROFILE_OPTION = ['--profile <name>', 'profile of the AWS configuration, of a deployment on AWS'] as const;

/** `deploy <path>`. */
function termOf(command: Command): string {
  const names = command.registeredArguments.map((one) => (one.required ? `<${one.name()}>` : `[${one.name()}]`));
  return [command.name(), ...names].join(' ');
}

const CANCELLED_PROBLEM = { code: CANCELLED, what: 'Cancelled.' };

/** The whole command, ready to parse. `silent` keeps commander's own messages off stderr. */
export function createProgram(terminalOf: () => Terminal, silent = false): Command {
  const program = new Command('nimbus')
    .description('Give a trained model an HTTP endpoint, on this machine and on AWS')
    .version(packageJson.version)
    .option(...JSON_OPTION)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => silent || write(text) })
    // That nearly all have options says nothing; what there is to name does.
    .configureHelp({ subcommandTerm: termOf })
    .addHelpText('after', paragraphs(FIRST_STEPS));
  for (const [title, commands] of GROUPS) {
    program.commandsGroup(title);
    for (const register of commands) register(program, terminalOf);
  }
  for (const command of program.commands) {
    command.exitOverride().option(...JSON_OPTION);
    if (ASKS_AWS.has(command.name())) command.option(...PROFILE_OPTION);
  }
  program.hook('preAction', (_, command) => {
    const { profile } = command.opts<{ profile?: string }>();
    if (profile !== undefined) process.env['AWS_PROFILE'] = profile;
  });
  return program;
}

/** Runs one command line (without the program's name) and answers with its exit code: 0, 1 failed, 2 wrong usage, 130 cancelled. */
export async function runCli(argv: string[]): Promise<number> {
  const abort = new AbortController();
  const interrupts: Interrupts = {};
  const onSignal = (): void => abort.abort();
  const onInterrupt = async (): Promise<void> => {
    const { ask } = interrupts;
    // While it asks, a second one cancels.
    delete interrupts.ask;
    if (!ask || (await ask())) abort.abort();
    else interrupts.ask ??= ask;
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onSignal);
  process.stdout.on('error', onBrokenPipe);
  // What stands after `--` is no option, whatever it looks like.
  const end = argv.indexOf('--');
  const json = argv.slice(0, end === -1 ? undefined : end).includes('--json');
  let terminal: Terminal | undefined;
  const program = createProgram(() => (terminal ??= createTerminal(json, abort.signal, interrupts)), json);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return abort.signal.aborted ? EXIT.cancelled : EXIT.ok;
  } catch (error) {
    if (error instanceof Exit) return error.code;
    if (error instanceof CommanderError) {
      if (error.exitCode !== 0 && json)
        process.stdout.write(`${JSON.stringify(problemOf({ code: 'usage', what: error.message }))}\n`);
      return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    }
    if (abort.signal.aborted) {
      if (json) process.stdout.write(`${JSON.stringify(problemOf(CANCELLED_PROBLEM))}\n`);
      return EXIT.cancelled;
    }
    if (error instanceof ConnectionClosed && terminal) {
      sayError(terminal, {
        code: 'host-ended',
        what: 'The host of this project ended.',
        next: 'Run the command again.',
      });
      return EXIT.failed;
    }
    process.stderr.write(`This is a bug in Nimbus: ${(error as Error).stack}\n`);
    if (json) process.stdout.write(`${JSON.stringify(problemOf({ code: 'bug', what: (error as Error).message }))}\n`);
    return EXIT.failed;
  } finally {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onSignal);
  }
}

/** `nimbus logs | head` closes the pipe: that ends the command and is no failure. */
function onBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
}
