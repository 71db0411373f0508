import type { Command } from 'commander';
import { forgetConsents, readConsents } from '../../core/consent.ts';
import type { Consent } from '../../core/detect/detection.ts';
import { findProject } from '../../core/models/paths.ts';
import { cancelled } from '../../shared/outcome.ts';
import { orExit, type Terminal } from '../terminal.ts';

interface Options {
  remove?: boolean;
  yes?: boolean;
}

export function register(program: Command, terminalOf: (command: Command) => Terminal): void {
  program
    .command('trust')
    .description('show what you agreed to run of this project, or take it back')
    .option('--remove', 'take all of it back: the next deploy asks again')
    .option('--yes', 'do not ask')
    .action((options: Options, command: Command) => trust(terminalOf(command), options));
}

async function trust(terminal: Terminal, options: Options): Promise<void> {
  const folder = findProject(process.cwd());
  const consents = readConsents(folder);
  if (!options.remove || consents.length === 0) {
    terminal.document({ project: folder, consents });
    terminal.say(consents.length === 0 ? `Nothing was agreed to in ${folder}.` : `Agreed to in ${folder}:`);
    for (const consent of consents) terminal.say(`  ${describe(consent)}`);
    return;
  }
  if (!options.yes) {
    const question = `Take back what was agreed to in ${folder} (${consents.map(describe).join('; ')})?`;
    if (!orExit(terminal, await terminal.confirm(question, '--yes'))) orExit(terminal, cancelled());
  }
  const removed = await forgetConsents(folder);
  terminal.document({ project: folder, removed });
  terminal.say(`The next deploy in ${folder} asks again.`);
  terminal.say('What is deployed already runs on until you remove it: nimbus remove NAME');
}

function describe(consent: Consent): string {
  if (consent.kind === 'code') {
    return consent.hash === undefined ? "this project's own code" : `code of a model: ${consent.names?.join(', ')}`;
  }
  const what = consent.kind === 'dangerous-globals' ? 'one file that names what is dangerous' : 'pickles that name';
  return `${what}${consent.kind === 'dangerous-globals' ? ':' : ''} ${consent.names?.join(', ') ?? consent.hash.slice(0, 7)}`;
}
