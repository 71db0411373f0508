import type { Page } from 'playwright-core';
import { Playground } from './playground.ts';
import { chooseMenuItem, openExplorerMenu, quickInput } from './workbench.ts';

/**
 * Deploys what the Explorer shows at `path`, all questions answered with Enter, and waits for its playground.
 * @param path names of rows from the workspace down: `['models', 'entities']`
 */
export async function deployFromExplorer(page: Page, path: string[], model: string): Promise<Playground> {
  await chooseMenuItem(await openExplorerMenu(page, path, 'Deploy Model'));
  const go = quickInput(page, `Deploy ${path.at(-1)} (`).getByRole('option', { name: `Deploy as ${model}` });
  await go.waitFor({ timeout: 30_000 });
  await page.keyboard.press('Enter');
  const playground = new Playground(page);
  await playground.opened(model);
  return playground;
}
