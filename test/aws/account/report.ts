import type { Left } from './clean.ts';

/** Says what is left of a run, with where it is; the code that a process ends with. */
export function report(run: string, left: readonly Left[]): number {
  if (left.length === 0) {
    console.log(`clean-up: nothing is left of the run ${run}.`);
    return 0;
  }
  console.error(`clean-up: could not remove of the run ${run}:`);
  for (const { what, why } of left) console.error(`  the ${what.kind} ${what.name}: ${why}\n    ${what.link}`);
  console.error(`clean-up: once that is solved: npm run test:aws -- --clean ${run}`);
  return 1;
}
