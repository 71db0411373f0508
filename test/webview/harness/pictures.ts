import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { artifacts } from '../../../scripts/lib/paths.mjs';
import type { Playground } from './browser.ts';
import { THEMES } from './themes.ts';

const folder = path.join(artifacts, 'webview');

/** Keeps a picture of the panes in every theme for people to look at, and answers with what axe-core finds wrong. */
export async function inEveryTheme(playground: Playground, name: string): Promise<string[]> {
  const found: string[] = [];
  for (const theme of THEMES) {
    await playground.setTheme(theme);
    found.push(...(await playground.violations('.panes')).map((violation) => `${theme}: ${violation}`));
    await keep(playground, `${name} ${theme}`);
  }
  return found;
}

/** Widths of a window at 1280 px: at 200 % zoom, and of panels that are narrower than 600 px. */
const WIDTHS = [640, 560, 360, 320];

/** Widths in which the page is wider than its window. */
export async function tooWide(playground: Playground, name: string): Promise<number[]> {
  const found: number[] = [];
  for (const width of WIDTHS) {
    await playground.page.setViewportSize({ width, height: 900 });
    if ((await playground.overflow()) > 0) found.push(width);
    if (width === 360) await keep(playground, `${name} narrow`);
  }
  return found;
}

async function keep(playground: Playground, name: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${name.replaceAll(/[^\p{L}\d]+/gu, '-')}.png`);
  await playground.page.locator('.panes').screenshot({ path: file });
}
