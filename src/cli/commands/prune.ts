import { InvalidArgumentError, Option, type Command } from 'commander';
import { formatBytes } from '../../shared/bytes.ts';
import { didYouMean } from '../../shared/nearest.ts';
import { cancelled, fail } from '../../shared/outcome.ts';
import { bytesOf, PRUNE_KINDS, PRUNE_TITLES, type PruneItem, type PruneKind } from '../../shared/prune.ts';
import { connect, openProject } from '../context.ts';
import { EXIT, Exit, orExit, type Terminal } from '../terminal.ts';

interface Options {
  yes?: boolean;
  dryRun?: boolean;
  only?: PruneKind[];
}

export function register(program: Command, terminalOf: (command: Command) => Terminal): void {
  program
    .command('prune')
    .description('free what Nimbus made and no deployment uses any more, after saying how much that is')
    .addOption(
      new Option('--only <kinds>', `some kinds, with commas between them: ${PRUNE_KINDS.join(', ')}`).argParser(
        kindsOf,
      ),
    )
    .option('--dry-run', 'only say what would be removed')
    .option('--yes', 'do not ask')
    .action((options: Options, command: Command) => prune(terminalOf(command), options));
}

function kindsOf(text: string): PruneKind[] {
  const given = text.split(',').map((one) => one.trim());
  const unknown = given.find((one) => !(PRUNE_KINDS as readonly string[]).includes(one));
  if (unknown !== undefined)
    throw new InvalidArgumentError(
      `There is no kind ${unknown}. ${didYouMean(unknown, PRUNE_KINDS)}There are: ${PRUNE_KINDS.join(', ')}.`,
    );
  return given as PruneKind[];
}

async function prune(terminal: Terminal, { yes, dryRun, only = [...PRUNE_KINDS] }: Options): Promise<void> {
  const project = await openProject(terminal);
  if (project.absent) {
    orExit(
      terminal,
      fail('no-project', `There is no models.json at or above ${project.folder}.`, {
        why: 'The host of a project cleans up: that of this one, and what you have of Nimbus beside it.',
        next: "Change to any project's folder.",
      }),
    );
  }
  const connection = await connect(terminal, project.folder);
  try {
    const { items: all, remarks } = await connection.api.prunable();
    const items = all.filter(({ kind }) => only.includes(kind));
    for (const remark of remarks) terminal.warn(remark);
    if (dryRun) terminal.document({ items, bytes: bytesOf(items) });
    for (const line of linesOf(items)) terminal.say(line);
    if (dryRun) return;
    if (items.length > 0 && !yes) {
      const question = `Remove ${items.length === 1 ? 'it' : `all ${items.length}`}, and free up to ${formatBytes(bytesOf(items))}?`;
      if (!orExit(terminal, await terminal.confirm(question, '--yes'))) orExit(terminal, cancelled());
    }
    const { removed, failed } =
      items.length === 0 ? { removed: [], failed: [] } : orExit(terminal, await connection.api.prune(items));
    terminal.document({ removed, failed, bytes: bytesOf(removed) });
    if (removed.length > 0)
      terminal.say(`Removed ${removed.length}, which frees up to ${formatBytes(bytesOf(removed))}.`);
    for (const { item, why } of failed) terminal.warn(`${item.name} stays: ${why}`);
    if (failed.length > 0) throw new Exit(EXIT.failed);
  } finally {
    connection.close();
  }
}

/** Of each kind, those that are named; the largest first. */
const NAMED = 10;

function linesOf(items: readonly PruneItem[]): string[] {
  if (items.length === 0) return ['There is nothing to clean up.'];
  return PRUNE_KINDS.flatMap((kind) => {
    const ours = items.filter((one) => one.kind === kind);
    if (ours.length === 0) return [];
    const rest = ours.slice(NAMED);
    const row = (bytes: number, name: string): string => `  ${formatBytes(bytes).padStart(9)}  ${name}`;
    return [
      `${PRUNE_TITLES[kind]}: ${ours.length}, up to ${formatBytes(bytesOf(ours))}`,
      ...ours
        .slice(0, NAMED)
        .map(({ bytes, name, detail }) => row(bytes, detail === undefined ? name : `${name} (${detail})`)),
      ...(rest.length > 0 ? [row(bytesOf(rest), `${rest.length} more`)] : []),
    ];
  });
}
