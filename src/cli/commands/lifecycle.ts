import type { Command } from 'commander';
import type { RemovePlan } from '../../core/targets/plan.ts';
import { accountFor } from '../../core/cloud/account.ts';
import { isInCloud, whatGoes } from '../../core/cloud/removal.ts';
import { CANCELLED, cancelled, fail, ok, type Outcome, type UserError } from '../../shared/outcome.ts';
import { heldByLater } from '../../core/models/later.ts';
import { lacksStack } from '../../core/models/stacks.ts';
import { keyText, TARGETS, type DeploymentKey, type ModelsSpec } from '../../shared/spec.ts';
import type { CloudRemoved, CloudStatus } from '../../shared/states.ts';
import { table } from '../answer.ts';
import { connect, openProject, statusOf, withDeployment, type Project } from '../context.ts';
import { ghostOf } from '../ghosts.ts';
import { resolveName, unknownModel } from '../names.ts';
import { createOperationFeed } from '../operation.ts';
import { indent, orExit, type Terminal } from '../terminal.ts';

const SAID = {
  start: 'is open: the next request starts it',
  stop: 'is stopped: requests get 503 until it is started',
  cold: 'has no worker left: the next request is cold',
} as const;

export function register(program: Command, terminalOf: (command: Command) => Terminal): void {
  const name = ['<name>', 'a model, or MODEL/DEPLOYMENT'] as const;
  const simple = {
    start: 'open a stopped endpoint again',
    stop: 'close an endpoint: requests get 503',
    cold: 'end the workers, so that the next request is cold',
  };
  for (const [verb, description] of Object.entries(simple) as [keyof typeof SAID, string][]) {
    program
      .command(verb)
      .description(description)
      .argument(...name)
      .action((text: string, _options: unknown, command: Command) => act(terminalOf(command), verb, text));
  }
  program
    .command('remove')
    .description('take a deployment away; the model stays in models.json')
    .argument('[name]', 'a model, or MODEL/DEPLOYMENT where it has several')
    .option(
      '--stack <name>',
      'instead of a name: a deployment on AWS that models.json does not have, see `nimbus adopt`',
    )
    .option('--region <region>', 'with --stack: region of AWS (default: that of AWS_REGION or of the profile)')
    .option('--profile <name>', 'profile of the AWS configuration, of a deployment on AWS')
    .option('--yes', 'do not ask')
    .action((text: string | undefined, options: RemoveOptions, command: Command) =>
      remove(terminalOf(command), text, options),
    );
  program
    .command('destroy')
    .description("take all of a model's deployments away, and its entry in models.json; its files stay")
    .argument('[model]', 'a model; every model of the project where left out')
    .option('--profile <name>', 'profile of the AWS configuration, of deployments on AWS')
    .option('--yes', 'do not ask')
    .action((model: string | undefined, options: RemoveOptions, command: Command) =>
      destroy(terminalOf(command), model, options),
    );
}

type InCloud = NonNullable<RemovePlan['cloud']>;

interface RemoveOptions {
  yes?: boolean;
  profile?: string;
  stack?: string;
  region?: string;
}

async function act(terminal: Terminal, verb: keyof typeof SAID, name: string): Promise<void> {
  await withDeployment(terminal, name, async (connection, key) => {
    const status = orExit(terminal, await connection.api[verb](key));
    terminal.document(status);
    terminal.say(`${keyText(key)} ${SAID[verb]}`);
  });
}

async function remove(terminal: Terminal, name: string | undefined, options: RemoveOptions): Promise<void> {
  if ((name === undefined) === (options.stack === undefined)) {
    const next = 'Name a deployment of models.json, or with --stack one on AWS that models.json does not have.';
    orExit(terminal, fail('usage', 'Either a deployment or a stack is removed.', { next }));
  }
  const project = await openProject(terminal);
  if (name === undefined) return removeGhost(terminal, project, options.stack!, options);
  const key = orExit(terminal, resolveName(project, name, { exact: true }));
  const cloud = orExit(terminal, await accountsOf(project, [key], options));
  const inCloud = goneLines(project, [key]);
  await sure(terminal, options, `${inCloud}Remove the endpoint ${keyText(key)}? Its model files stay.`);
  await removeAll(terminal, project.folder, [key], { dropModel: false, cloud });
  terminal.document({ removed: [key] });
  terminal.say(`${keyText(key)} is removed`);
}

/** What models.json does not have, with the same verification. */
async function removeGhost(
  terminal: Terminal,
  project: Project,
  stack: string,
  { yes, ...wanted }: RemoveOptions,
): Promise<void> {
  const account = orExit(terminal, await accountFor(wanted, undefined, process.env));
  const { model, deployment } = orExit(terminal, await ghostOf(project, stack, account));
  orExit(terminal, await lacksStack(project.folder, { ...account, stack }));
  const key = { model, deployment };
  const goes = whatGoes([{ target: 'lambda', account: account.account, region: account.region, stack }]).join('\n');
  const whose = `models.json does not have ${stack}: it may be a colleague's, or of another project, and serve there.`;
  await sure(terminal, yes ? { yes } : {}, `${goes}\n${whose}\nDelete the stack ${stack} (${keyText(key)})?`);
  const cloud = new Map([[keyText(key), { ...account, stack }]]);
  await removeAll(terminal, project.folder, [key], { dropModel: false, cloud, isUndeclared: true });
  terminal.document({ removed: [key], stack });
  terminal.say(`${stack} is deleted from account ${account.account}, ${account.region}`);
}

async function destroy(terminal: Terminal, model: string | undefined, options: RemoveOptions): Promise<void> {
  const project = await openProject(terminal);
  const held = project.later.find((entry) => model === undefined || entry.model === model);
  if (held) orExit(terminal, heldByLater(project.later, held)!);
  if (model !== undefined && !project.models[model]) {
    return void orExit(terminal, unknownModel(project, model));
  }
  const models = model === undefined ? Object.keys(project.models) : [model];
  const keys = models.map((one) => deploymentsOf(project.models, one));
  const cloud = orExit(terminal, await accountsOf(project, keys.flat(), options));
  const inCloud = goneLines(project, keys.flat());
  if (models.length === 1) {
    const [endpoints, entry] = [
      keys[0]!.map(keyText).join(', '),
      `${models[0]!} (${project.models[models[0]!]!.path})`,
    ];
    const all = endpoints === '' ? entry : `${entry}, its endpoints ${endpoints},`;
    await sure(terminal, options, `${inCloud}Destroy ${all} and its entry in models.json? The model files stay.`);
  } else if (models.length > 1) {
    const listed = models.map((one, at) => [one, project.models[one]!.path, keys[at]!.map(keyText).join(', ')]);
    const question = `${inCloud}Destroy all ${models.length} models of ${project.folder}, their endpoints and their entries in models.json? The model files stay.`;
    if (!options.yes) terminal.note(indent(table(listed, ['MODEL', 'PATH', 'ENDPOINTS'])));
    await sure(terminal, options, question);
  }
  const removed = keys.flatMap((all, at) => (all.length > 0 ? all : [{ model: models[at]!, deployment: TARGETS[0] }]));
  if (removed.length > 0) await removeAll(terminal, project.folder, removed, { dropModel: true, cloud });
  terminal.document({ removed: keys.flat(), ...(model === undefined ? { models } : { model }) });
  if (models.length === 0) terminal.say('There is nothing to destroy: models.json declares no model.');
  for (const one of models) terminal.say(`${one} is gone from this project; its files are untouched`);
}

function deploymentsOf(models: ModelsSpec['models'], model: string): DeploymentKey[] {
  return Object.keys(models[model]?.deployments ?? {}).map((deployment) => ({ model, deployment }));
}

/** How those that are on AWS are reached, by name. Errors: as of `accountFor`. */
async function accountsOf(
  { models }: Project,
  keys: readonly DeploymentKey[],
  { profile }: RemoveOptions,
): Promise<Outcome<Map<string, InCloud>>> {
  const found = new Map<string, InCloud>();
  for (const key of keys) {
    const spec = models[key.model]?.deployments?.[key.deployment];
    if (!isInCloud(spec)) continue;
    const named = await accountFor(profile === undefined ? {} : { profile }, spec, process.env);
    // Of several deployments one may be in another account than the others.
    const isAnother = !named.ok && named.error.code === 'wrong-account' && keys.length > 1;
    const account = isAnother ? await accountFor({}, spec, process.env) : named;
    if (!account.ok) return account;
    found.set(keyText(key), { ...account.value, stack: spec.stack });
  }
  return ok(found);
}

/** Lines that say what of it is in AWS; none where nothing is. */
function goneLines({ models }: Project, keys: readonly DeploymentKey[]): string {
  return whatGoes(keys.map(({ model, deployment }) => models[model]?.deployments?.[deployment]))
    .map((line) => `${line}\n`)
    .join('');
}

/** Of what was deleted elsewhere AWS does not know the key any more, and `known` says what the host saw last. */
async function forgetKey({ apiKey }: CloudRemoved, known: CloudStatus | undefined): Promise<void> {
  const gone = apiKey ?? known;
  if (gone === undefined) return;
  const keys = await import('../../core/cloud/keys.ts');
  await keys.forgetKey(gone, keys.fileKeyStore());
}

async function sure(terminal: Terminal, options: { yes?: boolean }, question: string): Promise<void> {
  if (options.yes) return;
  if (!orExit(terminal, await terminal.confirm(question, '--yes'))) orExit(terminal, cancelled());
}

/** One that fails keeps none of the others; what is left is told of all. */
async function removeAll(
  terminal: Terminal,
  project: string,
  keys: DeploymentKey[],
  { dropModel, cloud, ...undeclared }: { dropModel: boolean; cloud: ReadonlyMap<string, InCloud>; isUndeclared?: true },
): Promise<void> {
  const feed = createOperationFeed();
  const connection = await connect(terminal, project, { operation: feed.onOperation });
  const failures = new Map<string, UserError>();
  try {
    for (const key of keys) {
      const access = cloud.get(keyText(key));
      const inCloud = access ? { cloud: access, ...undeclared } : {};
      const plan: RemovePlan = { ...key, kind: 'remove', project, dropModel, ...inCloud };
      const known = statusOf(connection, key)?.cloud;
      const removed = await feed.run(terminal, connection, plan);
      if (removed.ok) await forgetKey((removed.value.result ?? {}) as CloudRemoved, known);
      else if (removed.error.code === CANCELLED) orExit(terminal, removed);
      else failures.set(keyText(key), removed.error);
    }
  } finally {
    connection.close();
  }
  if (failures.size > 0) orExit(terminal, { ok: false, error: togetherOf(failures, keys.length) });
}

function togetherOf(failures: ReadonlyMap<string, UserError>, all: number): UserError {
  const [[, only] = []] = failures;
  if (only && all === 1) return only;
  const lines = [...failures].map(([name, { what, why, next }]) =>
    [`${name}: ${what}`, ...[why, next].flatMap((one) => (one === undefined ? [] : [indent(one)]))].join('\n'),
  );
  return {
    code: 'not-all-removed',
    what: `Of ${all} endpoints ${failures.size} could not be removed: ${[...failures.keys()].join(', ')}.`,
    why: lines.join('\n'),
    next: 'They are still in models.json. Do what is said of each, then do this again.',
  };
}
