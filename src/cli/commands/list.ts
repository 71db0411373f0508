import type { Command } from 'commander';
import { FRAMEWORK_TITLES, type DeploymentKey, type ModelSpec } from '../../shared/spec.ts';
import type { UserError } from '../../shared/outcome.ts';
import type { DeploymentStatus } from '../../shared/states.ts';
import { formatMs } from '../../shared/latency.ts';
import { table } from '../answer.ts';
import { connect, openProject, statusOf, type Project } from '../context.ts';
import { resolveName, unknownModel } from '../names.ts';
import { indent, orExit, type Terminal } from '../terminal.ts';

export function register(program: Command, terminalOf: (command: Command) => Terminal): void {
  program
    .command('list')
    .description("the project's models and their deployments")
    .action((_options: unknown, command: Command) => list(terminalOf(command)));
  program
    .command('status')
    .description('the state of every deployment, or of one model')
    .argument('[name]', 'a model, or MODEL/DEPLOYMENT')
    .action((name: string | undefined, _options: unknown, command: Command) => status(terminalOf(command), name));
}

interface Row extends DeploymentKey {
  spec: ModelSpec;
  status: DeploymentStatus | undefined;
}

/** Every declared deployment as the host knows it, which is started for that; it runs nothing of the project. */
async function rows(terminal: Terminal, project: Project): Promise<Row[]> {
  const declared = Object.entries(project.models).flatMap(([model, spec]) =>
    Object.keys(spec.deployments ?? {}).map((deployment) => ({ model, deployment, spec })),
  );
  if (declared.length === 0) return [];
  const connection = await connect(terminal, project.folder);
  const rowsFound = declared.map((row) => ({ ...row, status: statusOf(connection, row) }));
  connection.close();
  return rowsFound;
}

async function list(terminal: Terminal): Promise<void> {
  const project = await openProject(terminal);
  const all = await rows(terminal, project);
  const models = Object.entries(project.models).map(([name, spec]) => {
    const deployments = all.filter((row) => row.model === name);
    return {
      name,
      framework: spec.framework,
      path: spec.path,
      version: deployments.find((row) => row.status)?.status?.version ?? null,
      deployments: deployments.map((row) => ({
        name: row.deployment,
        target: spec.deployments![row.deployment]!.target,
        state: row.status?.state ?? 'failed',
        url: row.status?.url ?? null,
      })),
    };
  });
  terminal.document({ models });
  if (models.length === 0) terminal.say('No models yet. Deploy one with: nimbus deploy PATH');
  else
    terminal.say(
      table(
        models.flatMap((model) =>
          model.deployments.length === 0
            ? [[model.name, FRAMEWORK_TITLES[model.framework], '-', 'not deployed', model.path]]
            : model.deployments.map((one) => [
                model.name,
                FRAMEWORK_TITLES[model.framework],
                one.name,
                one.state,
                one.url ?? model.path,
              ]),
        ),
        ['MODEL', 'FRAMEWORK', 'DEPLOYMENT', 'STATE', 'ENDPOINT'],
      ),
    );
}

async function status(terminal: Terminal, name: string | undefined): Promise<void> {
  const project = await openProject(terminal);
  if (name !== undefined && !project.models[name.split('/')[0]!]) orExit(terminal, unknownModel(project.models, name));
  const all = await rows(terminal, project);
  const key = name?.includes('/') ? orExit(terminal, resolveName(project.models, name)) : undefined;
  const wanted = all.filter(
    (row) => name === undefined || (row.model === name.split('/')[0] && (!key || row.deployment === key.deployment)),
  );
  terminal.document({
    deployments: wanted.map(
      (row) =>
        row.status ?? { model: row.model, deployment: row.deployment, target: 'local', state: 'failed', url: null },
    ),
  });
  if (wanted.length === 0)
    terminal.say(
      name === undefined ? 'Nothing is deployed. Deploy a model with: nimbus deploy PATH' : `${name} is not deployed.`,
    );
  for (const row of wanted) terminal.say(describe(row));
}

function describe({ model, deployment, spec, status: found }: Row): string {
  const head = `${model}/${deployment}   ${FRAMEWORK_TITLES[spec.framework]}   ${found?.state ?? 'declared a moment ago'}`;
  if (!found) return head;
  const lines = [
    `  endpoint     ${found.url}`,
    ...(found.version ? [`  version      ${found.version.slice(0, 7)}`] : []),
    ...(found.interpreter ? [`  interpreter  ${found.interpreter}`] : []),
    `  workers      ${found.workers}${found.memoryBytes ? `, ${Math.round(found.memoryBytes / 1e6)} MB` : ''}`,
    ...Object.entries(found.lastMs).map(([kind, ms]) => `  last ${kind.padEnd(7)} ${formatMs(ms)}`),
    ...(found.error ? explain(found.error) : []),
  ];
  return [head, ...lines].join('\n');
}

function explain({ what, why, next }: UserError): string[] {
  return [`  ${what}`, ...(why ? [indent(why, '    ')] : []), ...(next ? [`  ${next}`] : [])];
}
