import type { Command } from 'commander';
import type { Plan } from '../../core/targets/plan.ts';
import { imageSettings } from '../../core/image/settings.ts';
import { formatBytes } from '../../shared/bytes.ts';
import { keyText, type DeploymentKey } from '../../shared/spec.ts';
import type { EjectedFolder, Operation, PushedImage } from '../../shared/states.ts';
import path from 'node:path';
import { connect, openServed } from '../context.ts';
import { resolveImage } from '../names.ts';
import { createOperationFeed } from '../operation.ts';
import { packagesOf } from '../options.ts';
import { orExit, type Terminal } from '../terminal.ts';

export function register(program: Command, terminalOf: (command: Command) => Terminal): void {
  const name = ['<name>', 'a model that is deployed with --target docker, or MODEL/DEPLOYMENT'] as const;
  program
    .command('push')
    .description('send the image of a deployment to a registry, and say its digest')
    .argument(...name)
    .argument('<repository>', 'REGISTRY/REPOSITORY[:TAG]; without a tag the version of the deployment is the tag')
    .action((text: string, repository: string, _options: unknown, command: Command) =>
      push(terminalOf(command), text, repository),
    );
  program
    .command('eject')
    .description('write all that the image of a deployment is made from to a folder that builds without Nimbus')
    .argument(...name)
    .argument('<folder>', 'a folder that does not exist yet, or an empty one')
    .action((text: string, folder: string, _options: unknown, command: Command) =>
      eject(terminalOf(command), text, folder),
    );
}

async function push(terminal: Terminal, name: string, to: string): Promise<void> {
  const { key, operation } = await execute(terminal, name, (found, project) => ({
    ...found,
    kind: 'push',
    project,
    to,
  }));
  const pushed = operation.result as PushedImage;
  terminal.document({ ...key, ...pushed });
  const { layers, sentLayers, sentBytes, tag, reference } = pushed;
  const sent =
    sentLayers === 0 ? 'nothing to send' : `sent ${sentLayers} of ${layers} layers, ${formatBytes(sentBytes)}`;
  terminal.note(`${keyText(key)} is ${tag}: ${sent}`);
  terminal.say(reference);
}

async function eject(terminal: Terminal, name: string, given: string): Promise<void> {
  const folder = path.resolve(given);
  const { key, operation } = await execute(terminal, name, (found, project) => ({
    ...found,
    kind: 'eject',
    project,
    folder,
    settings: imageSettings(process.env),
    packages: packagesOf({}),
  }));
  const ejected = operation.result as EjectedFolder;
  terminal.document({ ...key, ...ejected });
  terminal.say(
    `${folder} has ${ejected.files.length} files, ${formatBytes(ejected.bytes)}; its README.md says how to build and run it`,
  );
  for (const remark of ejected.remarks) terminal.warn(remark);
}

interface Executed {
  key: DeploymentKey;
  operation: Operation;
}

async function execute(
  terminal: Terminal,
  name: string,
  planOf: (key: DeploymentKey, project: string) => Plan,
): Promise<Executed> {
  const project = await openServed(terminal);
  const key = orExit(terminal, resolveImage(project, name));
  const feed = createOperationFeed();
  const connection = await connect(terminal, project.folder, { operation: feed.onOperation });
  try {
    return { key, operation: orExit(terminal, await feed.run(terminal, connection, planOf(key, project.folder))) };
  } finally {
    connection.close();
  }
}
