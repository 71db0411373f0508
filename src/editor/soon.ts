/** The least time between two runs, in milliseconds. */
const PAUSE_MS = 50;
/** How much longer than it took it is left alone: what looks at 10,000 deployments is not to be all that is done. */
const REST = 10;

/** A function that runs `work` once for all calls of a moment, never at once, and after the last one. */
export function soon(work: () => void): { (): void; dispose(): void } {
  let timer: NodeJS.Timeout | undefined;
  let rested = 0;
  const run = (): void => {
    timer = undefined;
    const started = performance.now();
    work();
    const now = performance.now();
    rested = now + (now - started) * REST;
  };
  const ask = (): void => {
    timer ??= setTimeout(run, Math.max(PAUSE_MS, rested - performance.now()));
  };
  return Object.assign(ask, { dispose: () => clearTimeout(timer) });
}
