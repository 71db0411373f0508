// The browser's driver and the accessibility checker, for tests outside this package.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

export { chromium, type Browser, type Page } from 'playwright-core';
export type { AxeResults } from 'axe-core';

/** axe-core as a script: run in a page, it defines `axe`. */
export const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
