import { HUES } from '../../../webview/answer/colours.ts';
import { KIND_ORDER } from '../../../webview/latency/kinds.ts';
import { PHASES } from '../../../webview/latency/phases.ts';

/** What is told apart by colour: each phase of a request, kind of start, and colour of labels, by its class. */
const MARKS: readonly Mark[] = [
  ...PHASES.map(({ name }) => ({ name: `phase-${name}`, inner: true, property: 'fill' })),
  ...KIND_ORDER.map((kind) => ({ name: `kind-${kind}`, inner: false, property: 'fill' })),
  ...Array.from({ length: HUES }, (_, hue) => ({ name: `hue-${hue}`, inner: false, property: '--hue' })),
];

interface Mark {
  name: string;
  /** A shape within the drawing has the class, not the drawing itself. */
  inner: boolean;
  property: string;
}

/** A page, or the frame of one, with the playground's styles. */
interface Page {
  evaluate<Argument, Result>(run: (argument: Argument) => Result, argument: Argument): Promise<Result>;
}

/**
 * Marks whose contrast to the editor's background is less than what WCAG 2.2, 1.4.11 asks of graphics: `name: ratio`.
 * They are painted, since colours come half transparent and as `color-mix`; a colour that is not set shows nothing.
 */
export async function tooFaint(page: Page): Promise<string[]> {
  const ratios = await page.evaluate(contrasts, MARKS);
  return Object.entries(ratios)
    .filter(([, ratio]) => !(ratio >= 3))
    .map(([name, ratio]) => `${name}: ${ratio.toFixed(2)}`);
}

/** Runs in the page, so that it can use nothing from outside. */
function contrasts(marks: readonly Mark[]): Record<string, number> {
  const background = getComputedStyle(document.body).getPropertyValue('--vscode-editor-background');
  const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
  const luminance = (colour: string): number => {
    for (const paint of [background, colour || 'transparent']) {
      context.fillStyle = paint;
      context.fillRect(0, 0, 1, 1);
    }
    const [red = 0, green = 0, blue = 0] = [...context.getImageData(0, 0, 1, 1).data].map((byte) => {
      const part = byte / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = document.body.appendChild(document.createElement('div'));
  // What is not set is inherited, and would be black: here it is what nobody sees.
  ground.style.fill = background;
  const ratios = marks.map(({ name, inner, property }) => {
    const drawing = ground.appendChild(document.createElementNS('http://www.w3.org/2000/svg', 'svg'));
    drawing.classList.add(...(inner ? [] : ['mark', name]));
    const shape = drawing.appendChild(document.createElementNS('http://www.w3.org/2000/svg', 'rect'));
    if (inner) shape.classList.add(name);
    const [one, other] = [luminance(getComputedStyle(shape).getPropertyValue(property)), luminance(background)];
    return [name, (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)] as const;
  });
  ground.remove();
  return Object.fromEntries(ratios);
}
