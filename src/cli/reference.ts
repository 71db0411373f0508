import type { Command } from 'commander';
import { BATCH_FILES, BATCH_RUN } from './commands/batch.ts';
import { PARITY_RULES } from './commands/parity.ts';
import { createProgram } from './main.ts';

const INTRODUCTION = `# The \`nimbus\` command

The same core as the editor's, without the editor. Type \`nimbus\` in VS Code's integrated terminal, where it is there
once the extension is installed; \`npx nimbus\` in a clone after \`npm start\`; and \`nimbus\` anywhere after
\`npm install --global .\` in the clone. It works on the nearest folder upward that holds models.json, else on the current
one; \`deploy\` on the model's own where the current folder has none. Your home folder becomes a project only after a
question, and its models.json is for nothing below it.

A deployment is named MODEL/DEPLOYMENT. A model's bare name means its only deployment; of several, the one called
\`local\`, so that what calls \`MODEL\` goes on when a second one joins; for \`report\`, \`cost\`, \`push\` and \`eject\` the
only one in Docker. Only \`remove\` asks which one is meant.

While models.json cannot be read, what is deployed goes on: \`predict\`, \`status\`, \`list\`, \`logs\`, \`start\`, \`stop\` and
\`cold\` go by the last good state and warn on stderr.

\`--json\` prints one JSON document (JSON lines where it streams) on stdout and nothing else; a failure prints the
problem JSON. Exit codes: 0, 1 failed, 2 wrong usage, 130 cancelled. Without a terminal, a question that \`--yes\` or
\`--trust\` does not answer is an error that names the flag.

In \`list\` and \`status\`, \`state\` is \`not-deployed\` (declared, but nobody deployed it on this machine), \`idle\`,
\`starting\`, \`serving\`, \`stopped\`, \`failed\`, \`changed\`, \`refused\`, or \`needs-newer-nimbus\` (an entry of models.json
that this version does not know; of a whole model, \`path\` is null).
`;

/** docs/cli.md, made from the commands themselves. */
export function commandReference(): string {
  const program = createProgram(() => {
    throw new Error('the reference runs no command');
  });
  return [INTRODUCTION, ...program.commands.map(section)].join('\n');
}

/** What a table of flags cannot say, by command. */
const NOTES: Record<string, string> = { batch: `${BATCH_FILES}\n\n${BATCH_RUN}`, parity: PARITY_RULES };

function section(command: Command): string {
  const names = command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
  );
  const rows = [
    ...command.registeredArguments.map((argument) => [`\`${argument.name()}\``, argument.description]),
    ...command.options.map((option) => [
      `\`${option.flags}\``,
      option.description + (option.defaultValue === undefined ? '' : ` (default: ${String(option.defaultValue)})`),
    ]),
  ];
  const title = `## \`nimbus ${[command.name(), ...names].join(' ')}\``;
  const table = ['| | |', '|---|---|', ...rows.map((cells) => `| ${cells.join(' | ')} |`)];
  const note = NOTES[command.name()];
  const after = note === undefined ? '' : `\n${note}\n`;
  return `${title}\n\n${sentence(command.description())}\n\n${table.join('\n')}\n${after}`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
