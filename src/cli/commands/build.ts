import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { modelPath, projectToDeployIn } from '../../core/models/paths.ts';
import { formatBytes } from '../../shared/bytes.ts';
import { fail } from '../../shared/outcome.ts';
import { connect, openProject, type Project } from '../context.ts';
import { isMissing, missingPath, unknownModel } from '../names.ts';
import { createOperationFeed } from '../operation.ts';
import { imageDeployment, prepareBuild, type BuildOptions, type BuildWish } from '../prepare-build.ts';
import { orExit, type Terminal } from '../terminal.ts';

export function register(program: Command, terminalOf: (command: Command) => Terminal): void {
  program
    .command('build')
    .description('build the image of a model without giving it an endpoint')
    .argument('<model>', "a model's name, MODEL/DEPLOYMENT, or a path")
    .option('--python <path>', 'interpreter that reads the model')
    .option('--index-url <url>', 'package index, in the place of PyPI')
    .option('--trust', "run this project's code, and a pickle with globals outside its framework, without asking")
    .action((text: string, options: BuildOptions, command: Command) => build(terminalOf(command), text, options));
}

async function build(terminal: Terminal, text: string, options: BuildOptions): Promise<void> {
  if (text === '') orExit(terminal, fail('usage', 'Name a model, or its path.'));
  const wish = await wishOf(terminal, text);
  const { plan, lockFile } = await prepareBuild(terminal, wish, options);
  const isLockNew = !existsSync(lockFile);
  const feed = createOperationFeed();
  const connection = await connect(terminal, wish.folder, { operation: feed.onOperation });
  try {
    const { result } = orExit(terminal, await feed.run(terminal, connection, plan));
    if (!result || !('isCached' in result)) throw new Error('a build made no image');
    const { image, isCached } = result;
    const { openEngine } = await import('../../core/image/engine.ts');
    const { imageReport } = await import('../../core/image/report.ts');
    const engine = orExit(terminal, await openEngine());
    const { layers, leftBytes } = orExit(terminal, await imageReport(engine.docker, image));
    const { model, deployment } = plan;
    terminal.document({ model, deployment, ...image, isCached, layers, leftBytes });
    terminal.say(`\n${image.reference}   ${isCached ? 'unchanged' : 'built'}`);
    terminal.say(`  ${image.id}`);
    terminal.say(`  ${formatBytes(image.bytes)}, ${formatBytes(leftBytes)} below AWS Lambda's limit`);
    for (const { title, bytes } of layers) terminal.say(`  ${formatBytes(bytes).padStart(9)}  ${title}`);
    if (isLockNew && existsSync(lockFile)) terminal.say(`\nnimbus.lock is new; commit it: ${lockFile}`);
  } finally {
    connection.close();
  }
}

/** A declared model by its name, else the text as a path. */
async function wishOf(terminal: Terminal, text: string): Promise<BuildWish> {
  const declared = await openProject(terminal);
  const [model = '', deployment, ...rest] = text.split('/');
  if (rest.length === 0 && Object.hasOwn(declared.models, model) && !isOtherPath(declared, text)) {
    const spec = declared.models[model]!;
    const key = orExit(terminal, imageDeployment(model, spec, deployment));
    return { folder: declared.folder, path: modelPath(declared.folder, spec), ...key };
  }
  const { folder, models } = await openProject(terminal, projectToDeployIn(process.cwd(), text));
  const file = path.resolve(text);
  if (isMissing(file)) {
    const isName = !declared.absent && !/[/\\.]/.test(text);
    orExit(terminal, isName ? unknownModel(declared, text) : missingPath(declared, text));
  }
  const known = Object.entries(models).find(([, spec]) => path.normalize(modelPath(folder, spec)) === file);
  return { folder, path: file, ...(known ? orExit(terminal, imageDeployment(known[0], known[1], undefined)) : {}) };
}

/** `sentiment/docker` names a deployment, and where there is such a file and no such deployment that file. */
function isOtherPath({ models }: Project, text: string): boolean {
  const [model = '', deployment] = text.split('/');
  if (deployment === undefined || models[model]?.deployments?.[deployment]) return false;
  return existsSync(path.resolve(text));
}
