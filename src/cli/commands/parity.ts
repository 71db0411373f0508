import path from 'node:path';
import type { Command } from 'commander';
import { fetchCard } from '../../core/invoke/card.ts';
import { openInputs, type BatchInput } from '../../core/invoke/inputs.ts';
import { environmentDifferences } from '../../core/compare/environments.ts';
import { inputsOf, runParity, type InputDifferences, type Parity } from '../../core/compare/parity.ts';
import { sidesOf } from '../../core/compare/sides.ts';
import { toleranceFor } from '../../core/compare/tolerance.ts';
import type { HostConnection } from '../../core/host/client.ts';
import { ConnectionClosed } from '../../core/host/rpc.ts';
import { modelPath } from '../../core/models/paths.ts';
import type { ModelCard } from '../../shared/contract.ts';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import {
  toleranceOf,
  type AnswerError,
  type Difference,
  type EnvironmentDifferences,
  type Tolerance,
} from '../../shared/parity.ts';
import { DEFAULTS } from '../../shared/spec.ts';
import type { DeploymentStatus } from '../../shared/states.ts';
import { table } from '../answer.ts';
import { accessTo, connect, lookedAtAgain, openServed, statusOrExit, type Project } from '../context.ts';
import { unknownModel } from '../names.ts';
import { paragraphs, relativeSize } from '../options.ts';
import { EXIT, Exit, orExit, sayError, type Terminal } from '../terminal.ts';

interface Options {
  deployments?: string;
  inputs?: string;
  column?: string;
  tolerance?: number;
}

/** What counts as equal, and the exit codes; in the command's help and in its page. */
export const PARITY_RULES = `Texts, labels, offsets and other whole numbers must be equal. Other numbers may be apart by 0.0001 of their size, those
of a quantised ONNX model by 0.01, or by what --tolerance says; the report names which and why. Scores of the same labels
may stand in another order only where they are that close. An input that fails on one side only is a difference; one
that fails on both with the same type of error is none. What a side that failed says is shown, with the command for the
log of its request, which has the stack of the first input that failed in it.

Exit codes: 0 the answers are the same, 1 they differ, 2 the comparison could not run to its end (or no input was
answered), 130 cancelled.`;

export function register(program: Command, terminalOf: (command: Command) => Terminal): void {
  program
    .command('parity')
    .description('send the same inputs to two deployments of a model and say where their answers differ')
    .argument('<name>', 'a model')
    .option('--deployments <a,b>', 'which two; without it local and docker, or the only two')
    .option('--inputs <file>', 'a file of inputs as batch reads them, instead of the examples in models.json')
    .option('--column <name>', 'the column of a table that is the input')
    .option('--tolerance <size>', 'how far numbers may be apart, as a part of their size', relativeSize)
    .addHelpText('after', paragraphs(PARITY_RULES))
    .action((name: string, options: Options, command: Command) => parity(terminalOf(command), name, options));
}

/** A comparison that could not run ends with 2, so that 1 always means that answers differ. */
async function parity(terminal: Terminal, name: string, options: Options): Promise<void> {
  let isSame: boolean;
  try {
    isSame = await compare(terminal, name, options);
  } catch (error) {
    if (error instanceof Exit && error.code === EXIT.failed) throw new Exit(EXIT.usage);
    if (!(error instanceof ConnectionClosed)) throw error;
    sayError(terminal, { code: 'host-ended', what: 'The host of this project ended.', next: 'Run it again.' });
    throw new Exit(EXIT.usage);
  }
  if (!isSame) throw new Exit(EXIT.failed);
}

type Pair<T> = readonly [T, T];

async function compare(terminal: Terminal, name: string, options: Options): Promise<boolean> {
  const project = await openServed(terminal);
  const spec = Object.hasOwn(project.models, name) ? project.models[name] : undefined;
  if (!spec) return orExit(terminal, unknownModel(project, name));
  const deployed = Object.entries(spec.deployments ?? {}).map(([deployment, { target }]) => ({ deployment, target }));
  // Of the last good state only the names are known.
  const place = spec.path === '' ? undefined : path.relative(process.cwd(), modelPath(project.folder, spec));
  const names = orExit(terminal, sidesOf(name, deployed, options.deployments, place));
  const connection = await connect(terminal, project.folder);
  try {
    const [one, other] = names;
    const sides = [
      await statusOf(terminal, connection, name, one),
      await statusOf(terminal, connection, name, other),
    ] as const;
    const tolerance =
      options.tolerance === undefined
        ? await toleranceFor(project.folder, spec)
        : toleranceOf(options.tolerance, 'as --tolerance says');
    const access = [orExit(terminal, await accessTo(sides[0])), orExit(terminal, await accessTo(sides[1]))] as const;
    const card = await fetchCard(sides[0].url, access[0]);
    const { items, source } = orExit(terminal, await inputsFor(project, name, card, options));
    const found = await runParity({
      urls: [sides[0].url, sides[1].url],
      access,
      inputs: items,
      tolerance,
      concurrency: spec.concurrency ?? DEFAULTS.concurrency,
      timeoutMs: (spec.timeoutSeconds ?? DEFAULTS.timeoutSeconds) * 1000,
      signal: terminal.signal,
      onProgress: ({ inputs, different }) => {
        if (process.stderr.isTTY) terminal.progress(`${inputs} inputs compared · ${different} differ`);
      },
    });
    if (terminal.signal.aborted) orExit(terminal, cancelled());
    if (found.error) {
      const side = found.side === undefined ? '' : `${name}/${names[found.side]}: `;
      orExit(terminal, { ok: false, error: { ...found.error, what: `${side}${found.error.what}` } });
    }
    orExit(terminal, comparable(found, source));
    const environments = await environmentDifferences(...sides, terminal.signal);
    tell(terminal, { name, names, sides, source, tolerance, found, environments });
    return found.different === 0;
  } finally {
    connection.close();
  }
}

async function statusOf(
  terminal: Terminal,
  connection: HostConnection,
  model: string,
  deployment: string,
): Promise<DeploymentStatus> {
  const status = orExit(
    terminal,
    await lookedAtAgain(connection, statusOrExit(terminal, connection, { model, deployment })),
  );
  if (status.state === 'changed')
    terminal.warn(`${model}/${deployment} answers with an older version: the model has changed since it was deployed.`);
  return status;
}

interface Source {
  items: AsyncIterable<readonly BatchInput[]>;
  /** For people. */
  source: string;
}

async function inputsFor(
  project: Project,
  name: string,
  card: ModelCard | undefined,
  { inputs, column }: Options,
): Promise<Outcome<Source>> {
  if (inputs !== undefined) {
    const opened = await openInputs(inputs, { card, ...(column === undefined ? {} : { column }) });
    return opened.ok ? ok({ items: opened.value.items, source: inputs }) : opened;
  }
  if (column !== undefined) return fail('usage', '--column needs --inputs.');
  const examples = project.models[name]?.examples ?? card?.examples ?? [];
  if (examples.length > 0)
    return ok({ items: inputsOf(examples.map(({ input }) => input)), source: 'the examples in models.json' });
  return fail('no-examples', `${name} has no examples in models.json.`, {
    next: 'Add some, or name a file of inputs with --inputs.',
  });
}

/** Answers that nobody gave say nothing about whether they are the same. */
function comparable({ inputs, failedAlike }: Parity, source: string): Outcome<undefined> {
  if (inputs === 0) return fail('no-inputs', `There is no input in ${source}.`, { next: 'Name a file with --inputs.' });
  if (failedAlike < inputs) return ok(undefined);
  return fail('all-failed', `Every input failed on both sides, in the same way.`, {
    why: `Of ${inputs} inputs (${source}) none was answered.`,
    next: 'Try one of them with nimbus predict, and correct the inputs.',
  });
}

interface Told {
  name: string;
  names: Pair<string>;
  sides: Pair<DeploymentStatus>;
  source: string;
  tolerance: Tolerance;
  found: Parity;
  environments: Outcome<EnvironmentDifferences>;
}

function tell(terminal: Terminal, { name, names, sides, source, tolerance, found, environments }: Told): void {
  const { inputs, different, failedAlike, largest, differences } = found;
  terminal.document({
    model: name,
    deployments: sides.map(({ deployment, target, version }) => ({ deployment, target, version })),
    source,
    tolerance,
    inputs,
    same: inputs - different,
    different,
    failedAlike,
    largest,
    differences,
    environments: environments.ok ? environments.value : null,
    ...(environments.ok ? {} : { environmentsUnknown: environments.error.what }),
  });
  terminal.say(`${name}: ${names.join(' and ')}, ${source}`);
  terminal.say(`Numbers may be apart by ${tolerance.relative} of their size: ${tolerance.why}.`);
  for (const one of differences.slice(0, INPUTS_SHOWN)) terminal.say(`\n${linesOf(one, { name, names }).join('\n')}`);
  if (different > INPUTS_SHOWN) terminal.say(`\n… and ${different - INPUTS_SHOWN} more inputs; --json has them.`);
  terminal.say(`\n${verdict(found)}`);
  if (failedAlike > 0) terminal.say(`${counted(failedAlike)} failed on both sides in the same way.`);
  if (largest > 0) terminal.say(`Numbers that count as equal are apart by ${largest.toPrecision(2)} at most.`);
  terminal.say(environments.ok ? packages(environments.value, names) : unknownPackages(environments.error.what));
}

const INPUTS_SHOWN = 10;
const DIFFERENCES_SHOWN = 10;
const VALUE_LENGTH = 60;

const counted = (count: number, what = 'input'): string => `${count} ${count === 1 ? what : `${what}s`}`;

function verdict({ inputs, different }: Parity): string {
  return different === 0
    ? `The answers are the same: ${counted(inputs)}.`
    : `The answers differ: ${different} of ${counted(inputs)}.`;
}

function linesOf(
  { index, line, differences, count }: InputDifferences,
  { name, names }: Pick<Told, 'name' | 'names'>,
): string[] {
  const shown = differences.slice(0, DIFFERENCES_SHOWN);
  const rows = shown.map((one) => [`  ${one.path}`, valueOf(one, 'first'), valueOf(one, 'second')]);
  const more = count - shown.length;
  return [
    `input ${index + 1}${line === index + 1 ? '' : ` (line ${line})`}`,
    table(rows, ['  ', ...names]),
    ...(more > 0 ? [`  … and ${more} more places`] : []),
    ...shown.flatMap((one) => [
      ...failureLines(failureOf(one, 'first'), `${name}/${names[0]}`),
      ...failureLines(failureOf(one, 'second'), `${name}/${names[1]}`),
    ]),
  ];
}

const DETAIL_LENGTH = 1000;

/** What a side that failed says of it, and where its log says more. */
function failureLines(failure: AnswerError | undefined, deployment: string): string[] {
  if (!failure) return [];
  const { detail, requestId } = failure;
  const text = detail.length > DETAIL_LENGTH ? `${detail.slice(0, DETAIL_LENGTH - 1)}…` : detail;
  return [
    ...(text === '' ? [] : [`  ${deployment}: ${text.replaceAll('\n', '\n    ')}`]),
    ...(requestId === undefined ? [] : [`  Where: nimbus logs ${deployment} --request ${requestId}`]),
  ];
}

function valueOf(difference: Difference, side: 'first' | 'second'): string {
  if (!(side in difference)) return 'nothing';
  const value = difference[side];
  if (difference.kind === 'length') return `${String(value)} items`;
  const failure = failureOf(difference, side);
  const text = failure ? `fails: ${failure.type}` : JSON.stringify(value);
  return text.length > VALUE_LENGTH ? `${text.slice(0, VALUE_LENGTH - 1)}…` : text;
}

/** Undefined where this side answered. */
function failureOf(difference: Difference, side: 'first' | 'second'): AnswerError | undefined {
  const { kind, [side]: value } = difference;
  const isFailure = kind === 'error' && typeof value === 'object' && value !== null && 'detail' in value;
  return isFailure ? (value as AnswerError) : undefined;
}

function packages(found: EnvironmentDifferences, names: Pair<string>): string {
  const { packages: all } = found;
  const differing = all.filter(({ first, second }) => first !== undefined && second !== undefined);
  const onlyFirst = all.filter(({ second }) => second === undefined);
  const onlySecond = all.filter(({ first }) => first === undefined);
  const alone = [onlyFirst, onlySecond].flatMap((some, side) => {
    const listed = some
      .slice(0, ALONE_SHOWN)
      .map(({ name }) => name)
      .join(', ');
    const more = some.length > ALONE_SHOWN ? ` and ${some.length - ALONE_SHOWN} more` : '';
    return some.length > 0 ? [`Only in ${names[side]}: ${listed}${more}.`] : [];
  });
  const same = counted(found.same, 'package');
  if (differing.length === 0)
    return [
      found.same === 0 ? 'They have no package in common.' : `No version differs: ${same} in common.`,
      ...alone,
    ].join('\n');
  const rows = differing.map(({ name, first, second }) => [`  ${name}`, first!, second!]);
  return [`\nVersions that differ (${same} the same):`, table(rows, ['  ', ...names]), ...alone].join('\n');
}

const ALONE_SHOWN = 8;

function unknownPackages(why: string): string {
  return `Which packages differ is not known: ${why}`;
}
