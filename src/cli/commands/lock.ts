import { existsSync } from 'node:fs';
import path from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { trustsProject } from '../../core/consent.ts';
import { prepareDeploy, type PreparedDeploy } from '../../core/deploy.ts';
import { madeWith } from '../../core/environment/captured.ts';
import { keyOf, lockHash, refusedForImage, type LockSection } from '../../core/environment/lock-file.ts';
import { LOCK_PLATFORMS, type LockPlatform } from '../../core/environment/lock-platform.ts';
import { interpretersOf } from '../../core/interpreters.ts';
import { lockModel, remarksOn, staleSections, type LockedModel } from '../../core/lock-model.ts';
import { modelPath } from '../../core/models/paths.ts';
import { didYouMean } from '../../shared/nearest.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { TARGETS } from '../../shared/spec.ts';
import { connectIfRunning, openProject, type Project } from '../context.ts';
import { unknownModel } from '../names.ts';
import { packagesOf } from '../options.ts';
import { orExit, type Terminal } from '../terminal.ts';

interface Options {
  platform?: LockPlatform[];
  python?: string;
  indexUrl?: string;
  torchIndexUrl?: string;
  allowCuda?: boolean;
  check?: boolean;
  trust?: boolean;
}

export function register(program: Command, terminalOf: (command: Command) => Terminal): void {
  program
    .command('lock')
    .description('write the exact package versions of a model, with their hashes, into nimbus.lock beside it')
    .argument('<model>', "a model's name, or its path")
    .option(
      '--platform <platform>',
      `platform that it is for, can be given several times: ${LOCK_PLATFORMS.join(', ')} (default: this machine's)`,
      platforms,
    )
    .option('--python <version>', 'Python that it is for, such as 3.12 (default: the one that runs the model)', version)
    .option('--index-url <url>', 'package index, in the place of PyPI')
    .option('--torch-index-url <url>', "index that PyTorch comes from; '' for that of everything else")
    .option('--allow-cuda', 'lock CUDA packages too, for this machine only: no image can be made of it')
    .option('--check', 'write nothing; fail where the lock is not the one that the model needs')
    .option('--trust', "run this project's own Python to look at its packages")
    .action((text: string, options: Options, command: Command) => lock(terminalOf(command), text, options));
}

function platforms(text: string, before: LockPlatform[] | undefined): LockPlatform[] {
  const known = LOCK_PLATFORMS.find((one) => one === text);
  if (known === undefined)
    throw new InvalidArgumentError(`${didYouMean(text, LOCK_PLATFORMS)}There are: ${LOCK_PLATFORMS.join(', ')}.`);
  return [...new Set([...(before ?? []), known])];
}

function version(text: string): string {
  if (!/^3\.(?:9|[1-9]\d)$/.test(text))
    throw new InvalidArgumentError('It must be a version such as 3.12, from 3.9 on.');
  return text;
}

async function lock(terminal: Terminal, text: string, options: Options): Promise<void> {
  const project = await openProject(terminal);
  const packages = packagesOf(options);
  const host = await connectIfRunning(project.folder);
  host?.close();
  const prepared = orExit(
    terminal,
    await prepareDeploy({
      project: project.folder,
      ...orExit(terminal, subjectOf(project, text)),
      current: interpretersOf(host?.hello.deployments ?? []),
      trustedProject: options.trust ?? trustsProject(project.folder),
      packages,
      signal: terminal.signal,
    }),
  );
  terminal.say(prepared.detection.summary);
  const made = madeWith(prepared.captured);
  if (made !== '') terminal.say(`  made with ${made}`);
  if (options.check) return check(terminal, prepared);
  const locked = orExit(
    terminal,
    await lockModel(prepared, {
      packages,
      allowCuda: options.allowCuda ?? false,
      env: process.env,
      signal: terminal.signal,
      onSection: (section) => terminal.progress(`  … resolving for ${keyOf(section)}`),
      log: () => {},
      ...(options.platform === undefined ? {} : { platforms: options.platform }),
      ...(options.python === undefined ? {} : { python: options.python }),
    }),
  );
  terminal.document(documentOf(locked));
  for (const section of locked.sections) terminal.say(`  ✓ ${keyOf(section)}   ${section.pins.length} packages`);
  for (const remark of remarksOn(locked)) terminal.say(`  ! ${remark}`);
  terminal.say(`\nWrote ${path.relative(process.cwd(), locked.file)}: commit it with the model.`);
}

interface Subject {
  path: string;
  name?: string;
  deployment?: string;
}

/** A declared model with the deployment whose Python counts, else the text as a path. */
function subjectOf(project: Project, text: string): Outcome<Subject> {
  const { folder, models } = project;
  const spec = Object.hasOwn(models, text) ? models[text] : undefined;
  if (spec) {
    const deployments = Object.keys(spec.deployments ?? {});
    const deployment = deployments.find((one) => one === TARGETS[0]) ?? deployments[0];
    const subject = { path: modelPath(folder, spec), name: text };
    return ok(deployment === undefined ? subject : { ...subject, deployment });
  }
  if (text === '') return fail('usage', 'Name a model, or its path.');
  const file = path.resolve(text);
  // A name that is misspelt is no path that was deleted.
  if (!/[/\\.]/.test(text) && !existsSync(file)) return unknownModel(project, text);
  return ok({ path: file });
}

function check(terminal: Terminal, prepared: PreparedDeploy): void {
  const { lock } = prepared;
  if (lock.error) orExit(terminal, { ok: false, error: lock.error });
  if (lock.sections.length === 0) {
    orExit(
      terminal,
      fail('lock-missing', `There is no ${lock.file}.`, { next: `Make it: nimbus lock ${lock.argument}` }),
    );
  }
  const stale = staleSections(prepared);
  if (stale.length > 0) {
    orExit(
      terminal,
      fail('lock-stale', `${lock.file} is out of date for ${stale.map(({ section }) => section).join('; ')}.`, {
        why: 'It was made for other requirements than the model has now.',
        next: stale.map(({ renew }) => renew).join('\n'),
      }),
    );
  }
  terminal.document({ file: lock.file, sections: lock.sections.map(sectionDocument) });
  terminal.say(`  ✓ up to date for ${lock.sections.map((section) => keyOf(section)).join('; ')}`);
}

function documentOf({ file, sections, conda }: LockedModel): unknown {
  return { file, sections: sections.map(sectionDocument), ...(conda === undefined ? {} : { conda }) };
}

function sectionDocument(section: LockSection): unknown {
  const { platform, python, pins } = section;
  const refused = refusedForImage(section);
  return {
    platform,
    python,
    hash: lockHash(section),
    packages: Object.fromEntries(pins.map((pin) => [pin.name, pin.version])),
    ...(refused === undefined ? {} : { refusedForImage: refused }),
  };
}
