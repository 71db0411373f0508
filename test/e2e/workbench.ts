import { setTimeout as delay } from 'node:timers/promises';
import type { FrameLocator, Locator, Page } from 'playwright-core';

/** Runs a command by its title in the palette. */
export async function runCommand(page: Page, title: string): Promise<void> {
  await page.keyboard.press('F1');
  const input = page.locator('.quick-input-widget input');
  await input.waitFor();
  await input.fill(`>${title}`);
  await page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first().waitFor();
  await page.keyboard.press('Enter');
}

/** Shows a view container by its name in the activity bar. */
export async function showContainer(page: Page, name: string | RegExp): Promise<void> {
  const tab = page.getByRole('tab', { name }).first();
  await tab.waitFor({ timeout: 30_000 });
  if ((await tab.getAttribute('aria-selected')) !== 'true') await tab.click();
}

/** A row of whatever tree is shown, by how its label begins. */
export function row(page: Page, name: string | RegExp): Locator {
  return page.getByRole('treeitem', { name }).first();
}

/**
 * Opens the context menu of `target` and waits for `item`, without choosing it. A menu that is opened before VS Code has
 * read what its extensions contribute stays without it, and a tree's rows move while it is drawn again, so that the click
 * falls on another: the menu is opened again.
 */
export async function openContextMenu(page: Page, target: Locator, item: string): Promise<Locator> {
  const entry = page.getByRole('menuitem', { name: item, exact: true });
  for (let attempt = 0; attempt < 5; attempt += 1) {
    await target.click({ button: 'right' });
    const there = await entry.waitFor({ timeout: 4000 }).then(
      () => true,
      () => false,
    );
    if (there && (await isOf(target))) return entry;
    await page.keyboard.press('Escape');
  }
  throw new Error(`The menu has no ${item}.`);
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
