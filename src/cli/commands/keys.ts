import type { Command } from 'commander';
import { accountFor } from '../../core/cloud/account.ts';
import type { HostConnection } from '../../core/host/client.ts';
import type { RotatePlan } from '../../core/targets/plan.ts';
import { cancelled, fail } from '../../shared/outcome.ts';
import { keyText, type DeploymentKey } from '../../shared/spec.ts';
import type { CloudStatus, DeploymentStatus, KeyRotated } from '../../shared/states.ts';
import { keyHeaders, lookedAt, statusOrExit, withDeployment, type Project } from '../context.ts';
import { resolveOnAws } from '../names.ts';
import { createOperationFeed, type OperationFeed } from '../operation.ts';
import { paragraphs } from '../options.ts';
import { orExit, type Terminal } from '../terminal.ts';

interface Options {
  show?: boolean;
  rotate?: boolean;
  yes?: boolean;
}

const AFTER = `The key is made by API Gateway. It is in no file of the project: nimbus predict asks AWS for it once, and keeps it in a file that only you can read. It meters its callers and does not identify them. Whoever has it may call at your cost: to end one that got lost, --rotate replaces it. Callers with the key before get 403 from then on; nimbus predict on another machine then asks AWS for the new one.`;

export function register(program: Command, terminalOf: (command: Command) => Terminal): void {
  program
    .command('keys')
    .description('say where the API key of a deployment on AWS is kept, or replace it')
    .argument('<name>', 'a model, or MODEL/DEPLOYMENT')
    .option('--show', 'print the key too')
    .option('--rotate', 'replace the key by a new one; the one before is refused from then on')
    .option('--yes', 'do not ask')
    .addHelpText('after', paragraphs(AFTER))
    .action((name: string, options: Options, command: Command) => keys(terminalOf(command), name, options));
}

async function keys(terminal: Terminal, name: string, options: Options): Promise<void> {
  const feed = createOperationFeed();
  await withDeployment(
    terminal,
    name,
    async (connection, key, project) => {
      // It may have been rotated on another machine.
      const now = options.show === true || options.rotate === true;
      const status = orExit(terminal, await lookedAt(connection, statusOrExit(terminal, connection, key), now));
      const { cloud } = status;
      if (cloud?.keyId === undefined) {
        const what =
          cloud === undefined ? `${name} does not run on AWS.` : `${name} asks for no key: its auth is ${cloud.auth}.`;
        return orExit(terminal, fail('no-key', what, { next: 'Call it without one.' }));
      }
      if (options.rotate) return rotate(terminal, { feed, connection, key, project, cloud }, options);
      await showKey(terminal, name, { status, cloud }, options);
    },
    { resolve: resolveOnAws, events: { operation: feed.onOperation } },
  );
}

async function showKey(
  terminal: Terminal,
  name: string,
  { status, cloud }: { status: DeploymentStatus; cloud: CloudStatus },
  { show }: Options,
): Promise<void> {
  const { keyFile } = await import('../../core/cloud/keys.ts');
  const { model, deployment } = status;
  const { account, region, keyId } = cloud;
  const value = show ? orExit(terminal, await keyHeaders(status))['x-api-key'] : undefined;
  const file = keyFile();
  terminal.document({
    model,
    deployment,
    keyId,
    account,
    region,
    file,
    ...(value === undefined ? {} : { key: value }),
  });
  terminal.note(`API key ${keyId} of account ${account}, ${region}, goes to ${file} when it is first used.`);
  if (value === undefined) terminal.note(`nimbus keys ${name} --show prints it.`);
  else terminal.say(value);
}

interface Rotated {
  feed: OperationFeed;
  connection: HostConnection;
  key: DeploymentKey;
  project: Project;
  /** As it was before. */
  cloud: CloudStatus;
}

async function rotate(
  terminal: Terminal,
  { feed, connection, key, project, cloud: before }: Rotated,
  { show, yes }: Options,
): Promise<void> {
  const declared = project.models[key.model]?.deployments?.[key.deployment];
  const account = orExit(terminal, await accountFor({}, declared, process.env));
  if (!yes) {
    const question = `Replace the API key ${before.keyId} of ${before.stack}? Every caller that has it gets 403 until it has the new one.`;
    if (!orExit(terminal, await terminal.confirm(question, '--yes'))) orExit(terminal, cancelled());
  }
  const plan: RotatePlan = { ...key, kind: 'rotate', project: project.folder, cloud: account };
  const done = await feed.run(terminal, connection, plan);
  const { fileKeyStore, forgetKey, keepNewKey, keyFile } = await import('../../core/cloud/keys.ts');
  const store = fileKeyStore();
  if (!done.ok) {
    // It may have failed once the new key was there.
    const now = done.error.code === 'host-ended' ? undefined : await connection.api.look(key, account.variables);
    if (now?.ok && now.value.cloud && now.value.cloud.keyId !== before.keyId) await forgetKey(before, store);
    return orExit(terminal, done);
  }
  const { cloud: now, before: old, isRefused } = done.value.result as KeyRotated;
  const headers = orExit(terminal, await keepNewKey({ before, now }, store, account.variables));
  const value = show ? headers['x-api-key'] : undefined;
  const refused = isRefused === undefined ? {} : { isRefused };
  terminal.document({
    ...key,
    keyId: now.keyId,
    before: old,
    ...refused,
    file: keyFile(),
    ...(value === undefined ? {} : { key: value }),
  });
  if (isRefused === false)
    terminal.warn(`API Gateway still took the key ${old} a minute later: try it again yourself.`);
  terminal.note(`${keyText(key)} has the API key ${now.keyId} in the place of ${old}; it is kept in ${keyFile()}.`);
  if (value === undefined) terminal.note(`nimbus keys ${keyText(key)} --show prints it for its callers.`);
  else terminal.say(value);
}
