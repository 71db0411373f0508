/** As many as there are hues among the theme's chart colours: classes `hue-0` … in answer.css. */
export const HUES = 6;
/** After the hues are used up the line below a span changes instead, so that seven labels still look apart. */
export const STROKES = 4;

/** A class per label: its place in `known`, else after those in order of appearance. */
export function labelClasses(labels: Iterable<string>, known: readonly string[]): (label: string) => string {
  const order = [...new Set([...known, ...labels])];
  return (label) => {
    const at = Math.max(0, order.indexOf(label));
    return `hue-${at % HUES} stroke-${Math.floor(at / HUES) % STROKES}`;
  };
}
