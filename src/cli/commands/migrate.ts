import path from 'node:path';
import type { Command } from 'commander';
import { MODELS_FILE } from '../../core/models/document.ts';
import { migrateLegacy } from '../../core/models/edit.ts';
import { findProject } from '../../core/models/paths.ts';
import { readDocument } from '../../core/models/read.ts';
import { cancelled } from '../../shared/outcome.ts';
import { orExit, type Terminal } from '../terminal.ts';

interface Options {
  yes?: boolean;
}

export function register(program: Command, terminalOf: (command: Command) => Terminal): void {
  program
    .command('migrate')
    .description("turn an early Nimbus's bare list into today's models.json")
    .option('--yes', 'do not ask')
    .action((options: Options, command: Command) => migrate(terminalOf(command), options));
}

async function migrate(terminal: Terminal, options: Options): Promise<void> {
  const folder = findProject(process.cwd());
  const file = path.join(folder, MODELS_FILE);
  const document = await readDocument(folder);
  if (document.kind !== 'legacy') {
    terminal.document({ file, changed: false, models: [], left: [] });
    terminal.say(`There is nothing to migrate: ${file} is no bare list of an early Nimbus.`);
    return;
  }
  const models = Object.keys(document.migrated.models);
  for (const { why } of document.left) terminal.note(`One entry stays as a comment: ${why}.`);
  if (!options.yes) {
    const question = `Rewrite ${file} in today's format, with ${models.join(', ') || 'no model'}?`;
    if (!orExit(terminal, await terminal.confirm(question, '--yes'))) orExit(terminal, cancelled());
  }
  const { changed } = orExit(terminal, await migrateLegacy(folder));
  terminal.document({ file, changed, models, left: document.left });
  terminal.say(`${file} is migrated: ${models.join(', ') || 'no model'}. Deploy with: nimbus deploy PATH`);
}
