/** What somebody meant who wrote a name that is none. */

const SHORTEST = 3;

/** The known name that is most like the written one: `sentimnet` is `sentiment`; undefined where none is near. */
export function nearest(written: string, known: readonly string[]): string | undefined {
  const [first] = known
    .filter((one) => isNear(written, one))
    .map((name) => ({ name, distance: editDistance(written.toLowerCase(), name.toLowerCase()) }))
    .toSorted((one, other) => one.distance - other.distance);
  return first?.name;
}

/** `Did you mean sentiment? ` before what is said otherwise; empty where nothing is near. */
export function didYouMean(written: string, known: readonly string[]): string {
  const meant = nearest(written, known);
  return meant === undefined ? '' : `Did you mean ${meant}? `;
}

/** Up to two letters differ, or the end of the name is missing. */
function isNear(written: string, known: string): boolean {
  const one = written.toLowerCase();
  const other = known.toLowerCase();
  if (one.length < SHORTEST || Math.abs(one.length - other.length) > 2)
    return one.length > SHORTEST && other.startsWith(one);
  return editDistance(one, other) <= (other.length > 4 ? 2 : 1);
}

/** Letters to insert, remove or replace (Levenshtein), row by row. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let at = 1; at <= one.length; at++) {
    const next = [at];
    for (let to = 1; to <= other.length; to++) {
      const replaced = row[to - 1]! + (one[at - 1] === other[to - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[to]! + 1, next[to - 1]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
}
