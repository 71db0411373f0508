import { InvalidArgumentError, Option, type Command } from 'commander';
import { fetchCard } from '../../core/invoke/card.ts';
import { openInputs } from '../../core/invoke/inputs.ts';
import { heldByLater } from '../../core/models/later.ts';
import { modelPath } from '../../core/models/paths.ts';
import type { SweepInput, SweepPlan } from '../../core/targets/plan.ts';
import { formatBytes } from '../../shared/bytes.ts';
import { formatMs } from '../../shared/latency.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import {
  basisOf,
  cheapest,
  formatDollars,
  formatMemory,
  MEMORY_MB,
  OUTCOMES,
  parseSizes,
  processorsOf,
  SWEEP_INPUTS,
  SWEEP_INPUTS_BYTES,
  SWEEP_NOTE,
  SWEEP_REQUESTS,
  SWEEP_SIZES,
  SWEEP_SIZES_MB,
  verdictOf,
  type SweepReport,
  type SweepRow,
} from '../../shared/sweep.ts';
import { table } from '../answer.ts';
import { connect, openProject, statusOf } from '../context.ts';
import { unknownModel } from '../names.ts';
import { createOperationFeed } from '../operation.ts';
import { wholeNumber } from '../options.ts';
import { imageDeployment, prepareBuild, type BuildOptions } from '../prepare-build.ts';
import { EXIT, Exit, orExit, type Terminal } from '../terminal.ts';

interface Options extends BuildOptions {
  memory: number[];
  inputs?: string;
  requests: number;
  p95?: number;
}

export function register(program: Command, terminalOf: (command: Command) => Terminal): void {
  program
    .command('sweep')
    .description("run a model's image at several memory sizes: start, latency, memory and cost of each")
    .argument('<name>', 'a model, or MODEL/DEPLOYMENT')
    .addOption(
      new Option('--memory <MB>', `sizes, with commas between them, up to ${SWEEP_SIZES}`)
        .argParser(sizes)
        .default([...SWEEP_SIZES_MB], SWEEP_SIZES_MB.join(',')),
    )
    .option('--inputs <file>', 'what is sent, as for batch (default: the examples of models.json)')
    .option('--requests <count>', 'warm requests at each size', wholeNumber(1, 10_000), SWEEP_REQUESTS)
    .option(
      '--p95 <ms>',
      'choose the cheapest whose p95 is within it; exit code 1 where none is',
      wholeNumber(1, 900_000),
    )
    .option('--python <path>', 'interpreter that reads the model, where its image is not built yet')
    .option('--index-url <url>', 'package index, in the place of PyPI')
    .option('--trust', "run this project's code, and a pickle with globals outside its framework, without asking")
    .action((name: string, options: Options, command: Command) => sweep(terminalOf(command), name, options));
}

function sizes(text: string): number[] {
  const parsed = parseSizes(text);
  if (parsed) return parsed;
  throw new InvalidArgumentError(
    `It must be up to ${SWEEP_SIZES} whole numbers from ${MEMORY_MB.least} to ${MEMORY_MB.most}, with commas between them.`,
  );
}

async function sweep(terminal: Terminal, name: string, options: Options): Promise<void> {
  const project = await openProject(terminal);
  const [model = '', deployment, ...rest] = name.split('/');
  const held = heldByLater(project.later, deployment === undefined ? { model } : { model, deployment });
  if (held) orExit(terminal, held);
  const spec = Object.hasOwn(project.models, model) ? project.models[model] : undefined;
  if (!spec || rest.length > 0) return void orExit(terminal, unknownModel(project, name));
  const key = orExit(terminal, imageDeployment(model, spec, deployment));
  const feed = createOperationFeed();
  const connection = await connect(terminal, project.folder, { operation: feed.onOperation });
  try {
    const status = statusOf(connection, key);
    const inputs = options.inputs === undefined ? undefined : orExit(terminal, await read(options.inputs, status?.url));
    const built = status?.image
      ? undefined
      : await prepareBuild(
          terminal,
          { folder: project.folder, path: modelPath(project.folder, spec), ...key },
          options,
        );
    const plan: SweepPlan = {
      kind: 'sweep',
      ...key,
      project: project.folder,
      sizesMb: options.memory,
      requests: options.requests,
      env: valuesOf(spec.env ?? []),
      ...(inputs === undefined ? {} : { inputs }),
      ...(options.p95 === undefined ? {} : { p95Ms: options.p95 }),
      ...(built ? { build: built.plan } : {}),
    };
    const { result } = orExit(terminal, await feed.run(terminal, connection, plan));
    if (!result || !('rows' in result)) throw new Error('a sweep has no report');
    const report = result;
    const best = cheapest(report.rows, report.p95Ms);
    terminal.document({ ...report, cheapestMb: best?.memoryMb ?? null });
    for (const line of linesOf(report)) terminal.say(line);
    if (!best) throw new Exit(EXIT.failed);
  } finally {
    connection.close();
  }
}

/** All inputs of a file; a sweep sends each of them at each size. */
async function read(file: string, url: string | undefined): Promise<Outcome<SweepInput[]>> {
  const card = url === undefined ? undefined : await fetchCard(url);
  const opened = await openInputs(file, { card });
  if (!opened.ok) return opened;
  const inputs: SweepInput[] = [];
  let bytes = 0;
  for await (const part of opened.value.items) {
    for (const one of part) {
      if ('error' in one) return fail('file-unreadable', `${file} cannot be read.`, { why: one.error });
      bytes += one.bytes;
      if (inputs.length === SWEEP_INPUTS || bytes > SWEEP_INPUTS_BYTES) {
        return fail('too-many-inputs', `${file} has more than a sweep sends.`, {
          why: `It sends up to ${SWEEP_INPUTS} inputs of ${formatBytes(SWEEP_INPUTS_BYTES)} together, at each size.`,
          next: 'Take a part of them that is like the rest.',
        });
      }
      inputs.push({ input: one.input, ...(one.parameters ? { parameters: one.parameters } : {}) });
    }
  }
  return inputs.length > 0 ? ok(inputs) : fail('no-inputs', `${file} is empty.`);
}

function valuesOf(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

function linesOf(report: SweepReport): string[] {
  const { rows } = report;
  const header = ['MEMORY', 'CPUS', 'START', 'P50', 'P95', 'PEAK', 'BILLED', 'COLD', 'PER MILLION'];
  const best = cheapest(rows, report.p95Ms);
  const processors = processorsOf(report);
  return [
    '',
    table(
      rows.map((row) => [...cells(row), row === best ? '← cheapest' : '']),
      [...header, ''],
    ),
    ...rows.filter(({ detail }) => detail).map((row) => `  ! ${formatMemory(row.memoryMb)}: ${row.detail}`),
    '',
    verdictOf(report),
    basisOf(report),
    ...(processors === undefined ? [] : [processors]),
    SWEEP_NOTE,
  ];
}

function cells(row: SweepRow): string[] {
  const { memoryMb, cpus, start, p50Ms, p95Ms, peakBytes, billedMs, coldBilledMs, costPerMillion } = row;
  const ms = (value: number | undefined): string => (value === undefined ? '–' : formatMs(value));
  return [
    formatMemory(memoryMb),
    cpus.toFixed(2),
    ms(start?.initMs),
    ...(row.outcome === 'answered' ? [ms(p50Ms), ms(p95Ms)] : [OUTCOMES[row.outcome], '']),
    peakBytes === undefined || row.outcome !== 'answered' ? '–' : formatBytes(peakBytes),
    ms(billedMs),
    ms(coldBilledMs),
    costPerMillion === undefined ? '–' : formatDollars(costPerMillion),
  ];
}
