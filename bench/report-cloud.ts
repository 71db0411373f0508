/** The part of docs/benchmarks.md about deployments on AWS. */
import { atMost, median, ratio, side, type Goal, type Round } from './medians.ts';

export type CloudRow = '14' | '15' | '16';

/** Milliseconds, but for what is counted. */
export type CloudResults = Record<CloudRow, { date: string; rounds: Round[] }>;

export function cloudGoals(rows: CloudResults): Goal[] {
  const [redeploy, update, synthesis] = [rows['14'].rounds, rows['15'].rounds, rows['16'].rounds];
  const most = (name: string): number => Math.max(...redeploy.map((round) => round[name]!));
  return [
    {
      what: '14 · a deploy to the emulated AWS where nothing has changed: builds and pushes',
      measured: `${most('builds')} and ${most('pushes')}`,
      goal: '0 and 0',
      met: most('builds') === 0 && most('pushes') === 0,
    },
    milliseconds('14 · the same: our own time, without what AWS is waited for', median(redeploy, 'own'), 300),
    atMost(
      '15 · other code on the emulated AWS, without the push, against the bare calls',
      ratio(update, side('nimbus'), side('bare')),
      1.5,
    ),
    atMost("15 · the same, against the hotswap of CDK's toolkit", ratio(update, side('nimbus'), side('hotswap')), 0.15),
    milliseconds('16 · writing the template of a stack, in the warm deployer', median(synthesis, 'warm'), 100),
  ];
}

export function cloudSections(rows: CloudResults): string {
  const cells = (row: CloudRow, names: string[]): string =>
    names.map((name) => median(rows[row].rounds, name).toFixed(0)).join(' | ');
  const made = (row: CloudRow): string =>
    `Made on ${rows[row].date} with ${rows[row].rounds.length} ${rows[row].rounds.length === 1 ? 'round' : 'rounds'}`;
  return `
## On AWS

### 14 · A deploy where nothing has changed, ms
| \`nimbus deploy\`, the whole command | of it our own | CDK's toolkit in a process of its own |
|---|---|---|
| ${cells('14', ['nimbus', 'own', 'toolkit'])} |

${made('14')}, on the emulated AWS, with a function host that runs. Our own is what is left without the time in which a request to
AWS is under way. The toolkit is what \`cdk deploy\` is made of; its stack has a function and an API, and an image that is pushed.

### 15 · Other code for a deployed function, without the push, ms
| the bare calls | Nimbus | hotswap of CDK's toolkit |
|---|---|---|
| ${cells('15', ['bare', 'nimbus', 'hotswap'])} |

${made('15')}, on the emulated AWS, which says for 500 ms that the function is being updated; AWS itself takes
seconds. The bare calls are UpdateFunctionCode, PublishVersion and UpdateAlias, and GetFunction every 10 ms until the
update is done. Nimbus looks at what serves before, guards each call against others who deploy, and has card and health
say the new version. The toolkit runs in a process that has used it before.

### 16 · Writing the template of a stack, ms
| in a fresh process | in the warm deployer | start of the deployer until it is warm |
|---|---|---|
| ${cells('16', ['cold', 'warm', 'warmAfter'])} |

${made('16')}. The deployer is started when a rehearsal finds something to deploy, while the image is built and started.
`;
}

function milliseconds(what: string, measured: number, limit: number): Goal {
  return { what, measured: `${measured.toFixed(0)} ms`, goal: `≤ ${limit} ms`, met: measured <= limit };
}
