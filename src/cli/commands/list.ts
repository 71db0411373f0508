import type { Command } from 'commander';
import { FRAMEWORK_TITLES, keyText, type DeploymentKey, type ModelSpec } from '../../shared/spec.ts';
import type { UserError } from '../../shared/outcome.ts';
import type { LaterEntry } from '../../core/models/document.ts';
import { heldByLater } from '../../core/models/later.ts';
import type { CloudSeen, CloudStatus, DeploymentStatus, State } from '../../shared/states.ts';
import { formatBytes } from '../../shared/bytes.ts';
import { formatMs } from '../../shared/latency.ts';
import { table } from '../answer.ts';
import { connect, lookedAt, openServed, warnOfMisspelt, type Project } from '../context.ts';
import { resolveName, unknownModel } from '../names.ts';
import { indent, orExit, type Terminal } from '../terminal.ts';

export function register(program: Command, terminalOf: (command: Command) => Terminal): void {
  program
    .command('list')
    .description("show the project's models and their deployments")
    .action((_options: unknown, command: Command) => list(terminalOf(command)));
  program
    .command('status')
    .description('show the state of every deployment, or of one model')
    .argument('[name]', 'a model, or MODEL/DEPLOYMENT')
    .action((name: string | undefined, _options: unknown, command: Command) => status(terminalOf(command), name));
}

interface Row extends DeploymentKey {
  spec: ModelSpec;
  status: DeploymentStatus | undefined;
}

/** Every declared deployment as the host knows it, which is started for that; it runs nothing of the project. */
async function rows(terminal: Terminal, project: Project, isWanted?: (row: DeploymentKey) => boolean): Promise<Row[]> {
  const declared = Object.entries(project.models).flatMap(([model, spec]) =>
    Object.keys(spec.deployments ?? {}).map((deployment) => ({ model, deployment, spec })),
  );
  if (declared.length === 0) return [];
  const connection = await connect(terminal, project.folder);
  // By name: there may be 10,000.
  const statuses = new Map(connection.hello.deployments.map((one) => [keyText(one), one]));
  const find = async (row: (typeof declared)[number]): Promise<Row> => {
    const status = statuses.get(keyText(row));
    const isOnAws = row.spec.deployments![row.deployment]!.stack !== undefined;
    if (!status || !isOnAws || !isWanted?.(row)) return { ...row, status };
    const looked = await lookedAt(connection, status, true);
    // Where AWS was not heard, what is known of before counts, and why.
    return { ...row, status: looked.ok ? looked.value : { ...status, error: looked.error } };
  };
  try {
    return await Promise.all(declared.map(find));
  } finally {
    connection.close();
  }
}

async function list(terminal: Terminal): Promise<void> {
  const project = await openServed(terminal);
  if (project.newer !== undefined) terminal.warn(newerText(project.newer));
  warnOfMisspelt(terminal, project);
  const all = await rows(terminal, project);
  const byModel = new Map<string, Row[]>();
  for (const row of all) byModel.set(row.model, [...(byModel.get(row.model) ?? []), row]);
  const known = Object.entries(project.models).map(([name, spec]) => {
    const deployments = byModel.get(name) ?? [];
    return {
      name,
      framework: spec.framework,
      path: spec.path,
      version: deployments.find((row) => row.status)?.status?.version ?? null,
      deployments: deployments.map((row) => ({
        name: row.deployment,
        target: spec.deployments![row.deployment]!.target,
        state: row.status?.state ?? 'not-deployed',
        url: row.status?.url ?? null,
      })),
    };
  });
  const models: Listed[] = withLater(known, project.later);
  terminal.document({ models });
  if (models.length > 0)
    terminal.say(table(models.flatMap(lines), ['MODEL', 'FRAMEWORK', 'DEPLOYMENT', 'STATE', 'ENDPOINT']));
  else if (project.absent)
    terminal.say(
      `There is no models.json at or above ${project.folder}. Change to a project's folder, or deploy a model here with: nimbus deploy PATH`,
    );
  else if (project.newer === undefined) terminal.say('No models yet. Deploy one with: nimbus deploy PATH');
}

/** A model as `list --json` writes it. */
interface Listed {
  name: string;
  /** A framework, or what models.json names that this Nimbus does not know. */
  framework: string;
  /** Null where this Nimbus does not know the entry. */
  path: string | null;
  version: string | null;
  deployments: { name: string; target: string; state: State | typeof LATER; url: string | null }[];
}

/** State of an entry that this Nimbus does not know. */
const LATER = 'needs-newer-nimbus';

/** The models, and the entries that need a newer Nimbus: whole models after them, deployments in their model. */
function withLater(known: Listed[], later: readonly LaterEntry[]): Listed[] {
  const unknown = later.filter(({ deployment }) => deployment === undefined);
  return [
    ...known.map((model) => ({
      ...model,
      deployments: [
        ...model.deployments,
        ...later.flatMap(({ model: name, deployment, value }) =>
          name === model.name && deployment !== undefined
            ? [{ name: deployment, target: value, state: LATER, url: null } as const]
            : [],
        ),
      ],
    })),
    ...unknown.map(({ model, value }) => ({
      name: model,
      framework: value,
      path: null,
      version: null,
      deployments: [],
    })),
  ];
}

function lines({ name, framework, path, deployments }: Listed): string[][] {
  const title = (FRAMEWORK_TITLES as Record<string, string>)[framework] ?? framework;
  if (path === null) return [[name, title, '-', 'needs a newer Nimbus', '']];
  if (deployments.length === 0) return [[name, title, '-', 'not deployed', path]];
  return deployments.map((one) => {
    const place = one.state === LATER ? `target ${one.target}` : (one.url ?? path);
    return [name, title, one.name, stateText(one.state), place];
  });
}

function stateText(state: State | typeof LATER): string {
  if (state === LATER) return 'needs a newer Nimbus';
  if (state === 'not-deployed') return 'not deployed';
  return state === 'refused' ? 'new version refused' : state;
}

function newerText(version: number): string {
  return `models.json was written by a newer version of Nimbus (format ${version}): only what this one understands is shown, and nothing of it can be changed. Update Nimbus.`;
}

async function status(terminal: Terminal, name: string | undefined): Promise<void> {
  const project = await openServed(terminal);
  if (project.newer !== undefined) terminal.warn(newerText(project.newer));
  const held = name === undefined ? undefined : heldByLater(project.later, modelKey(name));
  if (held) orExit(terminal, held);
  if (name !== undefined && !project.models[name.split('/')[0]!]) orExit(terminal, unknownModel(project, name));
  const key = name?.includes('/') ? orExit(terminal, resolveName(project, name)) : undefined;
  const isWanted = (row: DeploymentKey): boolean =>
    name === undefined || (row.model === name.split('/')[0] && (!key || row.deployment === key.deployment));
  const wanted = (await rows(terminal, project, isWanted)).filter(isWanted);
  terminal.document({
    deployments: wanted.map(
      (row) =>
        row.status ?? {
          model: row.model,
          deployment: row.deployment,
          target: row.spec.deployments![row.deployment]!.target,
          state: 'not-deployed',
          url: null,
        },
    ),
  });
  if (wanted.length === 0)
    terminal.say(
      name === undefined ? 'Nothing is deployed. Deploy a model with: nimbus deploy PATH' : `${name} is not deployed.`,
    );
  for (const row of wanted) terminal.say(describe(row));
}

/** `NAME` or `NAME/DEPLOYMENT` as it is written. */
function modelKey(name: string): { model: string; deployment?: string } {
  const [model = '', deployment] = name.split('/');
  return deployment === undefined ? { model } : { model, deployment };
}

const NETWORK = {
  none: 'none, since loading it needed your consent',
  kept: 'kept, although loading it needed your consent: this system does not let it run without',
};

function inCloud({ account, region, stack, auth, digest }: CloudStatus, seen: CloudSeen | undefined): string[] {
  const version = seen?.liveVersion === undefined ? '' : `, version ${seen.liveVersion} of the function`;
  return [
    `  on AWS       ${account}, ${region}${version}`,
    `  stack        ${stack}${seen?.isAhead ? ', which what serves is ahead of' : ''}`,
    ...(seen?.drifted ? [`  by hand      ${seen.drifted.parts.join(', ')} (nimbus diff shows what)`] : []),
    `  digest       ${digest}`,
    `  callers      ${CALLERS[auth]}`,
  ];
}

const CALLERS = { key: 'with the API key', iam: 'who sign with AWS credentials', none: 'anybody' } as const;

function describe({ model, deployment, spec, status: found }: Row): string {
  const isUnheard = found?.state === 'not-deployed' && spec.deployments?.[deployment]?.stack !== undefined;
  const state = found ? stateText(found.state) : 'declared a moment ago';
  const head = `${model}/${deployment}   ${FRAMEWORK_TITLES[spec.framework]}   ${isUnheard ? 'not known' : state}`;
  if (!found) return head;
  const lines = [
    `  endpoint     ${found.url}`,
    ...(found.version ? [`  version      ${found.version.slice(0, 7)}`] : []),
    ...(found.cloud ? inCloud(found.cloud, found.seen) : []),
    ...(found.interpreter ? [`  interpreter  ${found.interpreter}`] : []),
    ...(found.image
      ? [
          `  image        ${found.image.id.slice(0, 19)}, ${formatBytes(found.image.bytes)}, Python ${found.image.python}, ${found.image.platform}${found.image.isEmulated ? ' (emulated: slower than on AWS by far)' : ''}`,
          `               ${found.image.reference}`,
        ]
      : []),
    ...(found.pushed
      ? [
          `  pushed       ${found.pushed.tag}${found.pushed.image === found.image?.id ? '' : ', an older version'}`,
          `               ${found.pushed.reference}`,
        ]
      : []),
    ...(found.network ? [`  network      ${NETWORK[found.network]}`] : []),
    ...(found.target === 'lambda'
      ? []
      : [
          `  workers      ${found.workers}${found.memoryBytes ? `, about ${Math.round(found.memoryBytes / 1e6)} MB` : ''}`,
        ]),
    ...Object.entries(found.lastMs).map(([kind, ms]) => `  last ${kind.padEnd(7)} ${formatMs(ms)}`),
    ...(found.error ? explain(found.error) : []),
  ];
  return [head, ...lines].join('\n');
}

function explain({ what, why, next }: UserError): string[] {
  return [`  ${what}`, ...(why ? [indent(why, '    ')] : []), ...(next ? [`  ${next}`] : [])];
}
