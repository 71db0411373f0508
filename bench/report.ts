/** Writes docs/benchmarks.md from the raw results: `node bench/report.ts RESULTS ACTIVATION PAGE [IMAGE [CLOUD]]`. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Activation } from './activation.ts';
import { atMost, median, MODELS, ratio, side, times, TITLES, type Goal, type Model, type Round } from './medians.ts';
import { cloudGoals, cloudSections, type CloudResults } from './report-cloud.ts';
import { imageGoals, imageSections, type ImageResults } from './report-image.ts';

type Row = '2' | '5' | '6' | '7' | '8';
/** Missing in results from before it was measured. */
type LaterRow = '10';

export interface Results {
  date: string;
  machine: { cpus: number; system: string; python: string };
  versions: Record<string, string>;
  rounds: number;
  /** When each measured row was made, and of how many rounds; missing in results from before rows were kept apart. */
  made?: Partial<Record<Row | LaterRow, { date: string; rounds: number }>>;
  /** What a reader must know of this run. */
  note?: string;
  rows: Record<Row, Record<Model, Round[]>> &
    Partial<Record<LaterRow, Record<Model, Round[]>>> & {
      '1': Record<Model, Record<'fastapi' | 'nimbus', { lines: number; files: number }>>;
    };
}

/** As in bench.py. */
const BATCH_TEXTS: Record<Model, number> = { entities: 20_000, sentiment: 100_000 };

/** FastAPI's factor that the launch of each model is to stay below. */
const LAUNCH_GOAL: Record<Model, number> = { entities: 0.75, sentiment: 0.85 };

/** Where the time or memory of a missed goal goes, by row; profiled with the same models. */
const WHY: Record<string, string> = {
  '2': 'Importing spaCy and loading the pipeline are most of it, on every side; the host itself answers about 0.1 s after it was started.',
  '5': 'A request passes two processes. The host reads and writes HTTP and the event (about 0.15 ms, of it half in Node itself), each of the two hand-overs wakes a process, and the runtime checks and encodes (0.05 ms, twice that after a model that has filled the caches of the processor).',
  '7': "Where nothing else runs Node, all pages of Node's own program that the host touches count for it: 56 MB when that was looked at by itself. The rest is what the host holds.",
  '8': 'The command reads, sends and writes each text once more than a loop in one process does.',
  '11': 'NumPy, SciPy and scikit-learn are nearly all of it: what slimming may take from them without changing an answer is little. What is read and done until the first answer was not looked into.',
  '12': 'A change counts once it has been at rest for 2 s, so that a half-written model is never served; with every layer cached, people rebuild and restart by hand in less. No request fails meanwhile here; there, every one does until the new container answers.',
  '14': 'Node with the code of the command takes 90 ms of it, asking the interpreter for its packages about 60; the rest is loading the clients of AWS and asking the host.',
  '15': 'The emulated AWS is busy with every update for 500 ms, which all sides wait for: the bare calls alone are more than the goal against the hotswap.',
  '17': 'The engine compresses the layer while it sends it, at about 40 MB a second on one processor, whoever asks; and BuildKit receives, unpacks, hashes, copies and exports the weights before a container of them can answer.',
  '9': 'The first windows of a machine compile what later ones take from a cache.',
};

function goals({ rows }: Results, activation: Activation): Goal[] {
  const best = Math.min(...activation.activationMs);
  const megabytes = activation.vsixBytes / 1e6;
  const perModel = MODELS.flatMap((model): Goal[] => {
    const title = TITLES[model];
    const [launch, warm, load, memory] = [rows['2'][model], rows['5'][model], rows['6'][model], rows['7'][model]];
    const batch = ratio(rows['8'][model], side('script'), side('nimbus'));
    const idle = median(memory, 'idle');
    const throughput = ratio(load, side('nimbus'), side('fastapi'));
    return [
      atMost(
        `2 · ${title}: launch to first answer, against the bare script`,
        ratio(launch, side('nimbus'), side('bare')),
        1.05,
      ),
      atMost(
        `2 · ${title}: the same, against FastAPI`,
        ratio(launch, side('nimbus'), side('fastapi')),
        LAUNCH_GOAL[model],
      ),
      atMost(
        `5 · ${title}: what a warm request adds to the bare call, against what FastAPI adds`,
        ratio(
          warm,
          (round) => round['nimbus']! - round['bare']!,
          (round) => round['fastapi']! - round['bare']!,
        ),
        0.4,
      ),
      {
        what: `6 · ${title}: requests per second, 8 at once, 2 workers, against FastAPI`,
        measured: times(throughput),
        goal: '≥ 1.30×',
        met: throughput >= 1.3,
      },
      atMost(
        `7 · ${title}: memory of host and one worker, against FastAPI`,
        ratio(memory, side('nimbus'), side('fastapi')),
        1.4,
      ),
      {
        what: `7 · ${title}: memory scaled to zero`,
        measured: `${idle.toFixed(0)} MB`,
        goal: '≤ 60 MB',
        met: idle <= 60,
      },
      {
        what: `8 · ${title}: texts per second of a batch, 2 workers, against its own loop in 2 processes`,
        measured: times(batch),
        goal: '≥ 0.90×',
        met: batch >= 0.9,
      },
    ];
  });
  const probe = rows['10'] && Math.max(...MODELS.map((model) => median(rows['10']![model], 'probe')));
  return [
    { what: '1 · lines and files to write', measured: '0 and 0', goal: '0 and 0', met: true },
    ...perModel,
    { what: '9 · activation of the extension, best of 10', measured: `${best} ms`, goal: '≤ 15 ms', met: best <= 15 },
    { what: '9 · size of the VSIX', measured: `${megabytes.toFixed(2)} MB`, goal: '≤ 8 MB', met: megabytes <= 8 },
    ...(probe === undefined
      ? []
      : [
          {
            what: '10 · asking an interpreter what it has, the whole call',
            measured: `${probe.toFixed(0)} ms`,
            goal: '≤ 100 ms',
            met: probe <= 100,
          },
        ]),
  ];
}

/** `on 2026-11-25, 7 rounds`, or each row's own where they differ. */
function whenMade({ date, rounds, made }: Results): string {
  const rows = Object.entries(made ?? {});
  const texts = new Map<string, string[]>();
  for (const [row, { date: day, rounds: count }] of rows) {
    const text = `on ${day} with ${count} ${count === 1 ? 'round' : 'rounds'}`;
    texts.set(text, [...(texts.get(text) ?? []), row]);
  }
  if (texts.size <= 1) return [...texts.keys()][0] ?? `on ${date} with ${rounds} rounds`;
  return [...texts].map(([text, of]) => `${text} (${of.length === 1 ? 'row' : 'rows'} ${of.join(', ')})`).join(', ');
}

function reasons(missed: readonly Goal[]): string {
  const rows = new Set(missed.map(({ what }) => what.slice(0, what.indexOf(' '))));
  return [...rows].map((row) => `- **${row}**: ${WHY[row] ?? 'not looked into yet.'}`).join('\n');
}

function page(results: Results, activation: Activation, image?: ImageResults, cloud?: CloudResults): string {
  const { rows, versions, machine } = results;
  const all = [...goals(results, activation), ...(image ? imageGoals(image) : []), ...(cloud ? cloudGoals(cloud) : [])];
  const missed = all.filter((goal) => !goal.met);
  const cells = (row: Row, sides: string[], digits: number): string =>
    MODELS.map(
      (model) =>
        `| ${TITLES[model]} | ${sides.map((name) => median(rows[row][model], name).toFixed(digits)).join(' | ')} |`,
    ).join('\n');
  return `# Benchmarks

Made by \`npm run bench\` ${whenMade(results)}; the raw figures are in \`bench/results/\`. One
more round comes first and is dropped, the sides taking turns within each; medians, and ratios taken round by round. ${machine.cpus} CPUs, ${machine.system}, Python
${machine.python}, ${Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')}. Same models, packages, client and byte-compiled packages on every side.

The peer is FastAPI with uvicorn as people write it (\`bench/peers/\`); the floor is a bare script that imports, loads and
predicts once. Nimbus is \`nimbus serve\`.

${results.note === undefined ? '' : `${results.note}\n\n`}## Goals

| what | measured | goal | |
|---|---|---|---|
${all.map((goal) => `| ${goal.what} | ${goal.measured} | ${goal.goal} | ${goal.met ? 'met' : '**missed**'} |`).join('\n')}

${missed.length === 0 ? 'Every goal is met in this run.' : `${missed.length} of ${all.length} goals are missed in this run. Why:\n\n${reasons(missed)}`}

## 1 · What one writes
| model | FastAPI | Nimbus |
|---|---|---|
${MODELS.map((model) => `| ${TITLES[model]} | ${rows['1'][model].fastapi.lines} lines, ${rows['1'][model].fastapi.files} file | 0 lines, 0 files |`).join('\n')}

## 2 · Launch to first correct answer, s
| model | bare script | FastAPI | Nimbus |
|---|---|---|---|
${cells('2', ['bare', 'fastapi', 'nimbus'], 2)}

Nimbus can be quicker than the bare script because its worker postpones parts of spaCy and scikit-learn that a
prediction does not touch until something asks for them.

## 5 · Warm request at concurrency 1, p50, ms
| model | bare call | FastAPI | Nimbus |
|---|---|---|---|
${cells('5', ['bare', 'fastapi', 'nimbus'], 2)}

## 6 · Requests per second, 8 at once, 2 workers
| model | FastAPI | Nimbus |
|---|---|---|
${cells('6', ['fastapi', 'nimbus'], 0)}

## 7 · Memory (proportional set size), MB
| model | FastAPI | Nimbus, host and one worker | Nimbus, scaled to zero |
|---|---|---|---|
${cells('7', ['fastapi', 'nimbus', 'idle'], 0)}

## 8 · A batch of short texts, s
| model | texts | own loop, answers dropped | own loop, answers as JSON lines | \`nimbus batch\` |
|---|---|---|---|---|
${MODELS.map((model) => `| ${TITLES[model]} | ${BATCH_TEXTS[model].toLocaleString('en')} | ${['loop', 'script', 'nimbus'].map((name) => median(rows['8'][model], name).toFixed(2)).join(' | ')} |`).join('\n')}

From the command to the finished file: each side starts its two processes, reads the texts and loads the model. The loop
is \`predict_proba\` over chunks of 1,000 in a pool of two processes, and \`nlp.pipe(batch_size=1000, n_process=2)\`.
Nimbus is held against the loop that writes its answers, which is the same work.

## 9 · The extension
Activation as VS Code measures it, ten windows: ${activation.activationMs.join(', ')} ms. VSIX: ${(activation.vsixBytes / 1e6).toFixed(2)} MB.
${rows['10'] === undefined ? '' : probeSection(rows['10'])}${image ? imageSections(image) : ''}${cloud ? cloudSections(cloud) : ''}`;
}

function probeSection(row: Record<Model, Round[]>): string {
  const cells = (model: Model): string =>
    ['nothing', 'probe'].map((name) => median(row[model], name).toFixed(0)).join(' | ');
  return `
## 10 · Asking an interpreter, ms
| packages of | an interpreter that does nothing | the probe |
|---|---|---|
${MODELS.map((model) => `| ${TITLES[model]} | ${cells(model)} |`).join('\n')}

A deploy asks each interpreter that it considers for its version and packages; none is imported.
`;
}

const [resultsFile, activationFile, pageFile, imageFile, cloudFile] = process.argv.slice(2);
const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
writeFileSync(
  pageFile!,
  page(
    read(resultsFile!) as Results,
    read(activationFile!) as Activation,
    imageFile === undefined ? undefined : (read(imageFile) as ImageResults),
    cloudFile === undefined ? undefined : (read(cloudFile) as CloudResults),
  ),
);
