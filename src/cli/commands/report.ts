import type { Command } from 'commander';
import { formatBytes } from '../../shared/bytes.ts';
import { AWS_UNITS, slimmedText } from '../../shared/report-page.ts';
import { fail } from '../../shared/outcome.ts';
import { keyText, type DeploymentKey } from '../../shared/spec.ts';
import type { HostConnection } from '../../core/host/client.ts';
import type { ImageReport } from '../../core/image/report.ts';
import { withDeployment } from '../context.ts';
import { resolveImage } from '../names.ts';
import { orExit, type Terminal } from '../terminal.ts';

export function register(program: Command, terminalOf: (command: Command) => Terminal): void {
  program
    .command('report')
    .description('show what the image of a deployment holds, and whether AWS Lambda could take it as a zip')
    .argument('<name>', 'a model that is deployed with --target docker, or MODEL/DEPLOYMENT')
    .action((name: string, _options: unknown, command: Command) => report(terminalOf(command), name));
}

async function report(terminal: Terminal, name: string): Promise<void> {
  await withDeployment(terminal, name, async (connection, key) => tellReport(terminal, connection, key), {
    resolve: resolveImage,
  });
}

async function tellReport(terminal: Terminal, connection: HostConnection, key: DeploymentKey): Promise<void> {
  const status = connection.hello.deployments.find((one) => keyText(one) === keyText(key));
  if (!status?.image) {
    orExit(
      terminal,
      fail('no-image', `${keyText(key)} runs no image.`, {
        next: 'Deploy the model with --target docker, and name that deployment.',
      }),
    );
    return;
  }
  const { openEngine } = await import('../../core/image/engine.ts');
  const { imageReport } = await import('../../core/image/report.ts');
  const engine = orExit(terminal, await openEngine());
  const found = orExit(terminal, await imageReport(engine.docker, status.image));
  terminal.document(found);
  for (const line of linesOf(found)) terminal.say(line);
}

/** Packages below this are told together. */
const SMALL_BYTES = 1e6;

function linesOf(found: ImageReport): string[] {
  const { layers, packages, slimming } = found;
  const small = packages.filter((one) => one.bytes < SMALL_BYTES && one.zip === undefined);
  const row = (bytes: number, what: string): string => `  ${formatBytes(bytes).padStart(9)}  ${what}`;
  return [
    `${found.reference}   ${formatBytes(found.bytes)}, ${formatBytes(found.leftBytes)} below AWS Lambda's limit`,
    'layers',
    ...layers.map(({ title, bytes }) => row(bytes, title)),
    'packages',
    ...packages
      .filter((one) => !small.includes(one))
      .map((one) =>
        row(one.bytes, `${one.name} ${one.version}${one.zip === undefined ? '' : `   no zip: ${one.zip}`}`),
      ),
    ...(small.length > 0
      ? [
          row(
            small.reduce((sum, one) => sum + one.bytes, 0),
            `${small.length} smaller ones`,
          ),
        ]
      : []),
    'left out',
    ...slimming.map(({ step, before, after, kept, why }) =>
      kept ? row(before - after, slimmedText(step)) : `             ${slimmedText(step)} stays: ${why}`,
    ),
    `${found.verdict}   ${found.why}`,
    AWS_UNITS,
  ];
}
