import type { Page } from 'playwright-core';
import { THEMES, type Theme } from './window.ts';
import { searchCommands } from './workbench.ts';

/** How the picker of themes names them. */
const PICKED_AS: Record<Theme, string> = {
  dark: 'Dark Modern',
  light: 'Light Modern',
  'high-contrast-dark': 'Dark High Contrast',
  'high-contrast-light': 'Light High Contrast',
};

/** Every theme, the one that most tests begin with last: who goes through them ends where they were. */
export const EVERY_THEME: readonly Theme[] = ['light', 'high-contrast-dark', 'high-contrast-light', 'dark'];

/** Changes the theme of a running window, as a user does. */
export async function chooseTheme(page: Page, theme: Theme): Promise<void> {
  await searchCommands(page, 'Preferences: Color Theme');
  await page.getByRole('option', { name: /^Preferences: Color Theme/ }).click();
  // The list has only the rows that are in sight.
  await page.getByPlaceholder(/^Select Color Theme/).fill(PICKED_AS[theme]);
  await page.getByRole('option', { name: new RegExp(`^${PICKED_AS[theme]}`) }).click();
  await page.locator(`.monaco-workbench.${THEMES[theme].pageClass}`).waitFor();
}
