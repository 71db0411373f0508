/** The part of docs/benchmarks.md about images and containers. */
import { atMost, median, MODELS, ratio, side, TITLES, type Goal, type Model, type Round } from './medians.ts';

export interface ImageResults {
  date: string;
  engine: string;
  /** The image that both sides build on. */
  base: string;
  rounds: number;
  rows: Record<'11' | '12' | '13' | 'transport', Record<Model, Round[]>> & {
    /** Of one model whose weights have 250 MB. */
    '17'?: { date: string; weights: Round[] };
  };
}

export function imageGoals({ rows }: ImageResults): Goal[] {
  return [
    ...MODELS.flatMap((model): Goal[] => {
      const title = TITLES[model];
      const against = (what: string): number => ratio(rows['11'][model], side(`nimbus ${what}`), side(`plain ${what}`));
      const resume = median(rows['13'][model], 'resume');
      return [
        atMost(`11 · ${title}: bytes that the image adds to its base, against a plain image`, against('added'), 0.5),
        atMost(`11 · ${title}: start to first answer on one processor`, against('seconds'), 0.8),
        atMost(`11 · ${title}: bytes read from the disk until then`, against('read'), 0.7),
        atMost(
          `12 · ${title}: retrained file to its first answer, against rebuild and restart`,
          ratio(rows['12'][model], side('nimbus'), side('plain')),
          0.1,
        ),
        {
          what: `13 · ${title}: what resuming a paused container adds to a request`,
          measured: `${resume.toFixed(0)} ms`,
          goal: '≤ 60 ms',
          met: resume <= 60,
        },
        atMost(
          `13 · ${title}: the same, against a fresh container`,
          ratio(rows['13'][model], side('resume'), side('fresh')),
          0.05,
        ),
      ];
    }),
    ...(rows['17']
      ? [
          atMost(
            '17 · 250 MB of weights, edit to pushed digest, against docker build and push',
            ratio(rows['17'].weights, side('nimbus'), side('plain')),
            0.3,
          ),
        ]
      : []),
  ];
}

export function imageSections({ date, engine, base, rounds, rows }: ImageResults): string {
  const cells = (
    model: Model,
    row: keyof ImageResults['rows'] & ('11' | '12' | '13' | 'transport'),
    sides: string[],
    digits: number,
  ): string => sides.map((name) => median(rows[row][model], name).toFixed(digits)).join(' | ');
  const table = (row: '11' | '12' | '13' | 'transport', sides: string[], digits: number): string =>
    MODELS.map((model) => `| ${TITLES[model]} | ${cells(model, row, sides, digits)} |`).join('\n');
  const failed = MODELS.flatMap((model) => rows['12'][model]).reduce((sum, round) => sum + round['nimbus failed']!, 0);
  return `
## Images and containers
The rows of images were made on ${date} with ${rounds} ${rounds === 1 ? 'round' : 'rounds'} on Docker ${engine}, on \`${base}\`. The plain image is
\`bench/peers/Dockerfile\`: one stage, the same locked packages by pip, a handler of 20 lines.

### 11 · The image
| model | plain: MB over the base | Nimbus | plain: start to first answer, s | Nimbus | plain: MB read | Nimbus |
|---|---|---|---|---|---|---|
${table('11', ['plain added', 'nimbus added', 'plain seconds', 'nimbus seconds', 'plain read', 'nimbus read'], 2)}

Both are started by \`docker run\` under one processor, with the page cache dropped, behind the emulator that is in the base.

### 12 · A retrained file to its first answer, s
| model | rebuild and restart, layers cached | Nimbus |
|---|---|---|
${table('12', ['plain', 'nimbus'], 2)}

Requests that failed while Nimbus went over to the new version, in all rounds: ${failed}.

### 13 · Resuming a paused container, ms over a warm request
| model | a fresh container | a paused one |
|---|---|---|
${table('13', ['fresh', 'resume'], 0)}

### A warm request to a container, p50, ms
| model | the whole request | the handler in it |
|---|---|---|
${table('transport', ['total', 'handler'], 2)}
${rows['17'] ? pushSection(rows['17']) : ''}`;
}

function pushSection({ date, weights }: NonNullable<ImageResults['rows']['17']>): string {
  const cells = (name: string, parts: string[]): string =>
    [name, ...parts.map((part) => `${name} ${part}`)].map((one) => median(weights, one).toFixed(2)).join(' | ');
  return `
### 17 · 250 MB of weights: edit to pushed digest, s
| | all | build, or deploy with its first answer | push |
|---|---|---|---|
| docker build and docker push | ${cells('plain', ['build', 'push'])} |
| \`nimbus deploy\` and \`nimbus push\` | ${cells('nimbus', ['deploy', 'push'])} |

Made on ${date} with ${weights.length} ${weights.length === 1 ? 'round' : 'rounds'}. The weights are random bytes, which no compression makes smaller; the registry is on the
same machine and has every other layer.
`;
}
