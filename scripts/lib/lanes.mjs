// Several pieces of work at once, their output as if they had run one after the other.
import process from 'node:process';

/**
 * Runs `work` for each item, at most `lanes` at once and in their order. What each prints comes out whole and in that
 * order: at once for the first that has not ended, kept back for the others.
 * @template Item, Result
 * @param {Item[]} items
 * @param {number} lanes
 * @param {(item: Item, print: (text: string) => void) => Promise<Result>} work
 * @param {(text: string) => void} [out]
 * @returns {Promise<Result[]>} in the order of the items
 */
export async function inLanes(items, lanes, work, out = (text) => process.stdout.write(text)) {
  const kept = items.map(() => '');
  const ended = items.map(() => false);
  const results = items.map(() => undefined);
  let front = 0;
  let next = 0;
  const print = (index, text) => {
    if (index === front) out(text);
    else kept[index] += text;
  };
  const end = (index) => {
    ended[index] = true;
    while (ended[front]) {
      front += 1;
      if (front < items.length) out(kept[front]);
    }
  };
  const lane = async () => {
    while (next < items.length) {
      const index = next++;
      try {
        results[index] = await work(items[index], (text) => print(index, text));
      } finally {
        end(index);
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}
