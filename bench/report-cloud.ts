/** The part of docs/benchmarks.md about deployments on AWS. */
import { atMost, median, ratio, side, type Goal, type Round } from './medians.ts';

/** Milliseconds. */
export interface CloudResults {
  date: string;
  rounds: number;
  rows: Record<'15', Round[]>;
}

export function cloudGoals({ rows }: CloudResults): Goal[] {
  return [
    atMost(
      '15 · other code on the emulated AWS, without the push, against the bare calls',
      ratio(rows['15'], side('nimbus'), side('bare')),
      1.5,
    ),
  ];
}

export function cloudSections({ date, rounds, rows }: CloudResults): string {
  const cells = ['bare', 'nimbus'].map((name) => median(rows['15'], name).toFixed(0)).join(' | ');
  return `
### 15 · Other code for a deployed function, without the push, ms
| the bare calls | Nimbus |
|---|---|
| ${cells} |

Made on ${date} with ${rounds} ${rounds === 1 ? 'round' : 'rounds'}, on the emulated AWS, which says for 500 ms that the function is being updated; AWS itself takes
seconds. The bare calls are UpdateFunctionCode, PublishVersion and UpdateAlias, and GetFunction every 10 ms until the
update is done. Nimbus looks at what serves before, guards each call against others who deploy, and has card and health
say the new version.
`;
}
