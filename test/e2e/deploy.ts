import type { Page } from 'playwright-core';
import { Playground } from './playground.ts';
import { chooseMenuItem, openContextMenu, quickInput, row } from './workbench.ts';

/**
 * Deploys what the Explorer shows at `path`, all questions answered with Enter, and waits for its playground.
 * @param path names of rows from the workspace down: `['models', 'entities']`
 */
export async function deployFromExplorer(page: Page, path: string[], model: string): Promise<Playground> {
  for (const folder of path.slice(0, -1)) await expand(page, folder);
  await chooseMenuItem(await openContextMenu(page, row(page, startsWith(path.at(-1)!)), 'Deploy Model'));
  const go = quickInput(page, `Deploy ${path.at(-1)} (`).getByRole('option', { name: `Deploy as ${model}` });
  await go.waitFor({ timeout: 30_000 });
  await page.keyboard.press('Enter');
  const playground = new Playground(page);
  await playground.opened(model);
  return playground;
}

async function expand(page: Page, folder: string): Promise<void> {
  const found = row(page, startsWith(folder));
  if ((await found.getAttribute('aria-expanded')) !== 'true') await found.click();
}

/** `topics` is no `onnx-topics`. */
function startsWith(name: string): RegExp {
  return new RegExp(`^${name.replaceAll('.', '\\.')}`);
}
