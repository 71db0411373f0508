import { setTimeout as delay } from 'node:timers/promises';
import type { FrameLocator, Locator, Page } from 'playwright-core';

/** Milliseconds after which something is tried again. */
const ATTEMPT_MS = 4000;

/** Runs a command by its title in the palette, where the title brings it up first. */
export async function runCommand(page: Page, title: string): Promise<void> {
  await searchCommands(page, title);
  // Enter runs the row in focus, which is another's for as long as the list is not that of the title.
  await page.locator('.quick-input-list .monaco-list-row.focused', { hasText: title }).waitFor();
  await page.keyboard.press('Enter');
}

/** Types a title into the palette, which VS Code does not open while another list is just closing. */
export async function searchCommands(page: Page, title: string): Promise<void> {
  const input = page.getByPlaceholder('Type the name of a command to run.');
  do await page.keyboard.press('F1');
  while (!(await appears(input, 2000)));
  await input.fill(`>${title}`);
}

/**
 * Shows a view container by its name in the activity bar. A click on the one that is shown hides it: that is where the
 * extension showed it in the moment before the click.
 */
export async function showContainer(page: Page, name: string | RegExp): Promise<void> {
  const tab = page.getByRole('tab', { name }).first();
  const shown = page.getByRole('tab', { name, selected: true }).first();
  await tab.waitFor({ timeout: 30_000 });
  while (!(await shown.isVisible())) {
    await tab.click();
    if (await appears(shown, 2000)) return;
  }
}

/** A row of whatever tree is shown, by how its label begins. */
export function row(page: Page, name: string | RegExp): Locator {
  return page.getByRole('treeitem', { name }).first();
}

/** A row of the Explorer, by how the file's name begins: `topics` is no `onnx-topics`, and no `model topics` either. */
export function fileRow(page: Page, name: string): Locator {
  const start = new RegExp(`^${name.replaceAll('.', '\\.')}`);
  return page.locator('.explorer-folders-view').getByRole('treeitem', { name: start }).first();
}

/** Whether it is visible within so many milliseconds. */
export async function appears(what: Locator, timeout: number): Promise<boolean> {
  return what.waitFor({ timeout }).then(
    () => true,
    () => false,
  );
}

/**
 * Opens the context menu of `target` and waits for `item`, without choosing it. A menu that is opened before VS Code has
 * read what its extensions contribute stays without it, and a tree's rows move while it is drawn again, so that the click
 * falls on another: the menu is opened again. `show` brings the target into view, before each attempt.
 */
export async function openContextMenu(
  page: Page,
  target: Locator,
  item: string,
  show = async (): Promise<void> => undefined,
): Promise<Locator> {
  const entry = page.getByRole('menuitem', { name: item, exact: true });
  let problem: unknown;
  for (let attempt = 0; attempt < 5; attempt += 1) {
    try {
      await show();
      await target.click({ button: 'right', timeout: ATTEMPT_MS });
      if ((await appears(entry, ATTEMPT_MS)) && (await isOf(target))) return entry;
      problem = undefined;
    } catch (error) {
      problem = error;
    }
    await page.keyboard.press('Escape');
  }
  throw new Error(`The menu has no ${item}.`, { cause: problem });
}

/**
 * Opens the context menu of what the Explorer shows, as `openContextMenu` does. The Explorer is shown before each attempt:
 * where the Models view was there when a deploy ended, the extension may reveal the deployment's row in it a moment later.
 * @param path names of rows from the workspace down: `['models', 'entities']`
 */
export async function openExplorerMenu(page: Page, path: string[], item: string): Promise<Locator> {
  return openContextMenu(page, fileRow(page, path.at(-1)!), item, async () => {
    await showContainer(page, /^Explorer/);
    for (const folder of path.slice(0, -1)) {
      const found = fileRow(page, folder);
      const expanded = await found.getAttribute('aria-expanded', { timeout: ATTEMPT_MS });
      if (expanded !== 'true') await found.click({ timeout: ATTEMPT_MS });
    }
  });
}

/** Whether the menu that is open is the target's: a tree focuses the row that it opens one for. */
async function isOf(target: Locator): Promise<boolean> {
  if ((await target.getAttribute('role')) !== 'treeitem') return true;
  return /\bfocused\b/.test((await target.getAttribute('class')) ?? '');
}

/** Chooses an item of an open menu. VS Code ignores a click that comes while the menu still opens, so until it closes. */
export async function chooseMenuItem(entry: Locator): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    await entry.click({ timeout: 2000 }).catch(() => undefined);
    const closed = await entry.waitFor({ state: 'detached', timeout: 1000 }).then(
      () => true,
      () => false,
    );
    if (closed) return;
  }
  throw new Error('The menu stayed open.');
}

/** The open quick pick or input box, whose title says `text`. */
export function quickInput(page: Page, text: string | RegExp): Locator {
  return page.locator('.quick-input-widget:visible', { hasText: text });
}

/** A notification by a part of its text. */
export function notification(page: Page, text: string | RegExp): Locator {
  return page.locator('.notification-toast', { hasText: text }).first();
}

/** The document of the webview in front. */
export function webview(page: Page): FrameLocator {
  return page.frameLocator('iframe.webview.ready:visible').frameLocator('iframe#active-frame');
}

/** The text on the clipboard, once it begins so; nobody tells when it changes. */
export async function clipboard(page: Page, start: string): Promise<string> {
  for (;;) {
    const text = await page.evaluate(() => navigator.clipboard.readText());
    if (text.startsWith(start)) return text;
    await delay(50);
  }
}
