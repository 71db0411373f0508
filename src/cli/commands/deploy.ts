import { existsSync } from 'node:fs';
import path from 'node:path';
import { Option, type Command } from 'commander';
import { accountFor } from '../../core/cloud/account.ts';
import { prepareDeploy, type EnvironmentChoice, type PreparedDeploy } from '../../core/deploy.ts';
import { interpretersOf, type CurrentPython } from '../../core/interpreters.ts';
import { rememberConsents } from '../../core/consent.ts';
import type { Consent } from '../../core/detect/detection.ts';
import { madeWith } from '../../core/environment/captured.ts';
import { withoutPassword } from '../../core/environment/packages.ts';
import { MODELS_FILE } from '../../core/models/document.ts';
import { invalidName } from '../../core/models/names.ts';
import { findProject, isHome, projectToDeployIn } from '../../core/models/paths.ts';
import { newerFile } from '../../core/models/read.ts';
import type { DeployPlan } from '../../core/targets/plan.ts';
import type { ModelCard } from '../../shared/contract.ts';
import { didYouMean } from '../../shared/nearest.ts';
import { CANCELLED, cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import {
  AUTHS,
  DEFAULTS,
  FRAMEWORK_TITLES,
  keyText,
  TARGETS,
  type Auth,
  type DeploymentSpec,
  type TargetKind,
} from '../../shared/spec.ts';
import type { OperationStage } from '../../shared/states.ts';
import { fetchCard } from '../../core/invoke/card.ts';
import { shellQuote } from '../../core/invoke/snippets.ts';
import { askConsent, askTrust } from '../consent.ts';
import { connect, connectIfRunning, openProject, warnOfMisspelt } from '../context.ts';
import { deployToLambda, loadAhead } from '../deploy-lambda.ts';
import { exampleCall } from '../example.ts';
import { isMissing, missingPath, shortName } from '../names.ts';
import { createOperationFeed } from '../operation.ts';
import { packagesOf, wholeNumber } from '../options.ts';
import { orExit, type Terminal } from '../terminal.ts';

interface Options {
  name?: string;
  target: string;
  as?: string;
  python?: string;
  memory?: number;
  timeout?: number;
  concurrency?: number;
  description?: string;
  indexUrl?: string;
  allowMismatch?: boolean;
  trust?: boolean;
  yes?: boolean;
  region?: string;
  profile?: string;
  auth?: string;
}

export function register(program: Command, terminalOf: (command: Command) => Terminal): void {
  program
    .command('deploy')
    .description('give a model an endpoint, on this machine or on AWS')
    .argument(
      '<path>',
      'a spaCy, scikit-learn, Hugging Face, ONNX, PyTorch, XGBoost or LightGBM model, or a folder with handler.py',
    )
    .option('--name <name>', 'name of the model (default: made from the path)')
    .addOption(
      new Option(
        '--target <target>',
        'where it runs: local (a process of your Python), docker (the image that AWS Lambda would run; needs a Docker engine, and uv) or lambda (that image in your AWS account)',
      ).default(TARGETS[0], TARGETS[0]),
    )
    .option('--as <deployment>', "name of the deployment (default: the target's)")
    .option('--python <path>', 'interpreter that runs the model, or for docker reads it (default: one that fits)')
    .option(
      '--memory <MB>',
      `memory limit of one worker, in MB (default: that of models.json, else this machine's; with docker ${DEFAULTS.memoryMb})`,
      wholeNumber(128, 10_240),
    )
    .option(
      '--timeout <seconds>',
      `time limit of one request, in seconds (default: that of models.json, else ${DEFAULTS.timeoutSeconds})`,
      wholeNumber(1, 900),
    )
    .option(
      '--concurrency <count>',
      `workers at most (default: that of models.json, else ${DEFAULTS.concurrency})`,
      wholeNumber(1, 64),
    )
    .option('--description <text>', 'one line about the model')
    .option(
      '--region <region>',
      'region of AWS (with lambda; default: that of models.json, of AWS_REGION or of the profile)',
    )
    .option(
      '--profile <name>',
      'profile of the AWS configuration (with lambda; default: AWS_PROFILE, else what AWS finds)',
    )
    .addOption(
      new Option(
        '--auth <who>',
        'who may call (with lambda): callers with an API key, who sign by IAM, or anybody',
      ).choices(AUTHS),
    )
    .option('--index-url <url>', 'package index, in the place of PyPI')
    .option(
      '--allow-mismatch',
      'run the model with a Python that is there though versions differ, rather than make an environment',
    )
    .option('--trust', "run this project's code, and a pickle with globals outside its framework, without asking")
    .option('--yes', 'answer yes to every question but those of --trust')
    .action((target: string, options: Options, command: Command) => deploy(terminalOf(command), target, options));
}

async function deploy(terminal: Terminal, target: string, options: Options): Promise<void> {
  if (!TARGETS.some((known) => known === options.target)) {
    orExit(
      terminal,
      fail('usage', `There is no target named ${options.target}.`, {
        next: `${didYouMean(options.target, TARGETS)}Targets: ${TARGETS.join(', ')}.`,
      }),
    );
  }
  const ofLambda = (['region', 'profile', 'auth'] as const).find((name) => options[name] !== undefined);
  if (ofLambda !== undefined && options.target !== 'lambda') {
    orExit(
      terminal,
      fail('usage', `--${ofLambda} is for a deploy to AWS.`, { next: 'Add --target lambda, or leave it out.' }),
    );
  }
  for (const name of [options.name, options.as]) {
    const invalid = name === undefined ? undefined : invalidName(name);
    if (invalid) orExit(terminal, invalid);
  }
  const project = await openProject(terminal, projectToDeployIn(process.cwd(), target));
  const { folder, newer } = project;
  const file = path.join(folder, MODELS_FILE);
  if (newer !== undefined) orExit(terminal, newerFile(file, newer));
  warnOfMisspelt(terminal, project);
  if (isMissing(path.resolve(target))) orExit(terminal, missingPath(project, target));
  const isNew = !existsSync(file);
  orExit(terminal, await confirmHome(terminal, folder, isNew, options));
  const trusted = orExit(terminal, await askTrust(terminal, folder, options));
  // Loaded while the interpreter is asked.
  if (options.target === 'lambda') void loadAhead();
  const prepared = orExit(
    terminal,
    await prepareDeploy({
      project: folder,
      path: path.resolve(target),
      target: options.target as TargetKind,
      trustedProject: trusted,
      packages: packagesOf(options),
      signal: terminal.signal,
      ...(options.name === undefined ? {} : { name: options.name }),
      ...(options.as === undefined ? {} : { deployment: options.as }),
      ...(options.python === undefined ? {} : { interpreter: path.resolve(options.python) }),
      current: await currentInterpreters(folder),
    }),
  );
  const cloud =
    prepared.target === 'lambda'
      ? orExit(terminal, await accountFor(options, declaredOf(prepared), process.env))
      : undefined;
  const asItIs = prepared.environments.find(({ plan }) => plan.kind === 'use');
  const environment = (options.allowMismatch ? asItIs : undefined) ?? prepared.environments[0]!;
  terminal.say(`${prepared.detection.summary}`);
  terminal.say(`  project ${folder}`);
  const runs = prepared.image
    ? `Python ${prepared.image.python} ${cloud ? 'on AWS Lambda' : 'in Docker'}`
    : environment.label;
  terminal.say(`  model ${prepared.name} · ${FRAMEWORK_TITLES[prepared.detection.framework]} · ${runs}`);
  if (cloud) terminal.say(`  account ${cloud.account} · ${cloud.region} · ${cloud.arn}`);
  const { takenName } = prepared;
  if (takenName) {
    const whose = takenName.path === undefined ? 'another model' : takenName.path;
    terminal.say(
      `  ! ${takenName.name} is the name of ${whose}: this one is ${prepared.name} (--name chooses another)`,
    );
  }
  const made = madeWith(prepared.captured);
  if (made !== '') terminal.say(`  made with ${made}`);
  for (const problem of environment.problems) terminal.say(`  ! ${problem}`);
  if (!prepared.portable)
    terminal.say(
      '  ! The model lies outside the project: models.json will hold its absolute path, which works on this machine only.',
    );
  orExit(terminal, await confirmReplacing(terminal, prepared, options));
  const consent = orExit(terminal, await askConsent(terminal, prepared, options));
  if (environment.plan.kind === 'create' && !prepared.image) {
    if (asItIs) terminal.say(`  ${asItIs.label} has other versions; --allow-mismatch runs it with that all the same.`);
    orExit(
      terminal,
      await agreed(
        terminal,
        options,
        `${environment.reason === undefined ? '' : `${environment.reason}\n`}Make a managed environment with ${withoutPassword(environment.plan.requirements.join(', '))}?`,
      ),
    );
  }
  const given: Consent[] = [...(trusted ? [{ kind: 'code' } as const] : []), ...consent];
  // What was only answered counts once the deploy came to an end of its own.
  if (options.trust) await rememberConsents(folder, given);

  const isLockNew = !existsSync(prepared.lock.file);
  const feed = createOperationFeed();
  const connection = await connect(terminal, folder, { operation: feed.onOperation });
  try {
    const plan = prepared.plan({
      environment: environment.plan,
      consent,
      ...(cloud
        ? {
            deploymentSpec: {
              region: cloud.region,
              ...(options.auth === undefined ? {} : { auth: options.auth as Auth }),
            },
          }
        : {}),
      spec: {
        ...(options.description === undefined ? {} : { description: options.description }),
        ...(options.memory === undefined ? {} : { memoryMb: options.memory }),
        ...(options.timeout === undefined ? {} : { timeoutSeconds: options.timeout }),
        ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
      },
    });
    const called = shortName(plan, Object.keys(prepared.declared?.deployments ?? {}));
    if (cloud) {
      const done = await deployToLambda(terminal, { feed, connection, plan, cloud, called, yes: options.yes === true });
      if (done.ok || done.error.code !== CANCELLED) await rememberConsents(folder, given);
      orExit(terminal, done);
      if (isNew) terminal.say(`\nmodels.json is new: ${file}`);
      return;
    }
    const ended = await feed.run(terminal, connection, plan);
    if (ended.ok || ended.error.code !== CANCELLED) await rememberConsents(folder, given);
    const { stages } = orExit(terminal, ended);
    // Also why no lock was written.
    const detail = stages.find(({ name }) => name === 'environment')?.detail;
    const url = `${connection.hello.url}/${plan.model}/${plan.deployment}`;
    const stopped = connection.hello.deployments.some(
      (one) => keyText(one) === keyText(plan) && one.state === 'stopped',
    );
    const card = stopped ? undefined : await fetchCard(url, { signal: terminal.signal });
    terminal.document({
      model: plan.model,
      ...(takenName ? { takenName } : {}),
      deployment: plan.deployment,
      target: plan.deploymentSpec.target,
      framework: plan.spec.framework,
      ...(card ? { version: card.version } : {}),
      url,
      environment: { ...environmentDocument(prepared, environment), ...(detail === undefined ? {} : { detail }) },
      ...(stopped ? { stopped } : {}),
    });
    if (isNew) terminal.say(`\nmodels.json is new: ${file}`);
    if (isLockNew && existsSync(prepared.lock.file))
      terminal.say(`\nnimbus.lock is new; commit it: ${prepared.lock.file}`);
    if (stopped) {
      terminal.say(
        `\n${plan.model} is deployed and stays stopped, as it was. Open it with: nimbus start ${keyText(plan)}`,
      );
      return;
    }
    terminal.say(`\n${called} answers at ${url}/predict${card ? ` · version ${card.version.slice(0, 7)}` : ''}`);
    if (findProject(process.cwd()) !== folder) terminal.say(`  cd ${shellQuote(folder)}`);
    terminal.say(`  ${nextCall(called, { plan, stages, url }, card)}`);
  } finally {
    connection.close();
  }
}

/** What models.json says of the deployment that is meant. */
function declaredOf({ declared, deployment }: PreparedDeploy): DeploymentSpec | undefined {
  return declared?.deployments?.[deployment];
}

/** A call to go on with. What the deploy has tried itself, and the model did not take, is no example. */
function nextCall(
  called: string,
  { plan, stages, url }: { plan: DeployPlan; stages: readonly OperationStage[]; url: string },
  card: ModelCard | undefined,
): string {
  const tried = plan.spec.framework !== 'custom' && !plan.spec.examples?.length;
  const refused = tried && stages.some(({ name, state }) => name === 'first answer' && state === 'skipped');
  if (!refused) return exampleCall(called, card);
  return `nimbus predict ${called} --input JSON   (what it takes, as far as it says: ${url}/)`;
}

/** What the model was made with against the Python that runs it, for machines. */
function environmentDocument({ captured, lock }: PreparedDeploy, environment: EnvironmentChoice): object {
  const { plan, label, problems, diagnosis } = environment;
  const python = plan.kind === 'use' ? plan.python : undefined;
  return {
    label,
    ...(python === undefined ? {} : { python }),
    captured,
    ...(diagnosis === undefined ? {} : { diagnosis }),
    problems,
    lock: {
      file: lock.file,
      sections: lock.sections.map(({ platform, python: version }) => ({ platform, python: version })),
    },
  };
}

/** The Python that each deployment runs on now, as the project's host says; empty where no host runs. */
async function currentInterpreters(folder: string): Promise<Record<string, CurrentPython>> {
  const host = await connectIfRunning(folder);
  host?.close();
  return interpretersOf(host?.hello.deployments ?? []);
}

/** The home folder holds everything else: it becomes a project only where that is meant. */
async function confirmHome(
  terminal: Terminal,
  folder: string,
  isNew: boolean,
  options: Options,
): Promise<Outcome<void>> {
  if (!isNew || !isHome(folder)) return ok(undefined);
  return agreed(
    terminal,
    options,
    `This makes your home folder, ${folder}, a project of Nimbus with a models.json. Go on? (No: change to the project's folder first)`,
  );
}

async function agreed(terminal: Terminal, options: Options, question: string): Promise<Outcome<void>> {
  if (options.yes) return ok(undefined);
  const answer = await terminal.confirm(question, '--yes');
  if (!answer.ok) return answer;
  return answer.value ? ok(undefined) : cancelled();
}

async function confirmReplacing(
  terminal: Terminal,
  prepared: PreparedDeploy,
  options: Options,
): Promise<Outcome<void>> {
  if (!prepared.nameTaken) return ok(undefined);
  return agreed(
    terminal,
    options,
    `The name ${prepared.name} belongs to ${prepared.declared?.path}. Replace it? (--name chooses another)`,
  );
}
