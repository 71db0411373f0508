import type { Command } from 'commander';
import type { RemovePlan } from '../../core/targets/plan.ts';
import { accountFor } from '../../core/cloud/account.ts';
import { isInCloud, whatGoes } from '../../core/cloud/removal.ts';
import { cancelled, ok, type Outcome } from '../../shared/outcome.ts';
import { heldByLater } from '../../core/models/later.ts';
import { keyText, sameKey, TARGETS, type DeploymentKey, type ModelsSpec } from '../../shared/spec.ts';
import type { CloudStatus } from '../../shared/states.ts';
import { table } from '../answer.ts';
import { connect, openProject, withDeployment, type Project } from '../context.ts';
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
    .argument('<name>', 'a model, or MODEL/DEPLOYMENT where it has several')
    .option('--profile <name>', 'profile of the AWS configuration, of a deployment on AWS')
    .option('--yes', 'do not ask')
    .action((text: string, options: RemoveOptions, command: Command) => remove(terminalOf(command), text, options));
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
}

async function act(terminal: Terminal, verb: keyof typeof SAID, name: string): Promise<void> {
  await withDeployment(terminal, name, async (connection, key) => {
    const status = orExit(terminal, await connection.api[verb](key));
    terminal.document(status);
    terminal.say(`${keyText(key)} ${SAID[verb]}`);
  });
}

async function remove(terminal: Terminal, name: string, options: RemoveOptions): Promise<void> {
  const project = await openProject(terminal);
  const key = orExit(terminal, resolveName(project, name, { exact: true }));
  const cloud = orExit(terminal, await accountsOf(project, [key], options));
  const inCloud = goneLines(project, [key]);
  await sure(terminal, options, `${inCloud}Remove the endpoint ${keyText(key)}? Its model files stay.`);
  await removeAll(terminal, project.folder, [key], { dropModel: false, cloud });
  terminal.document({ removed: [key] });
  terminal.say(`${keyText(key)} is removed`);
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

async function forgetKey(cloud: CloudStatus): Promise<void> {
  const keys = await import('../../core/cloud/keys.ts');
  await keys.forgetKey(cloud, keys.fileKeyStore());
}

async function sure(terminal: Terminal, options: { yes?: boolean }, question: string): Promise<void> {
  if (options.yes) return;
  if (!orExit(terminal, await terminal.confirm(question, '--yes'))) orExit(terminal, cancelled());
}

async function removeAll(
  terminal: Terminal,
  project: string,
  keys: DeploymentKey[],
  { dropModel, cloud }: { dropModel: boolean; cloud: ReadonlyMap<string, InCloud> },
): Promise<void> {
  const feed = createOperationFeed();
  const connection = await connect(terminal, project, { operation: feed.onOperation });
  try {
    for (const key of keys) {
      const access = cloud.get(keyText(key));
      const plan: RemovePlan = { ...key, kind: 'remove', project, dropModel, ...(access ? { cloud: access } : {}) };
      const known = connection.hello.deployments.find((one) => sameKey(one, key))?.cloud;
      orExit(terminal, await feed.run(terminal, connection, plan));
      if (known) await forgetKey(known);
    }
  } finally {
    connection.close();
  }
}
