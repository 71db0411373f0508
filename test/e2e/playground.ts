import type { FrameLocator, Locator, Page } from 'playwright-core';
import { webview } from './workbench.ts';

/** The playground as its user sees it. */
export class Playground {
  readonly frame: FrameLocator;

  constructor(page: Page) {
    this.frame = webview(page);
  }

  /** Waits until it shows `model`. */
  async opened(model: string): Promise<void> {
    await this.frame.getByLabel('Model', { exact: true }).locator(`option:checked[value="${model}"]`).waitFor({
      state: 'attached',
      timeout: 30_000,
    });
  }

  /** Opens it by a row of the Models view. A click that falls into a redraw of the tree is lost, and is repeated. */
  async openBy(row: Locator, model: string): Promise<void> {
    const shown = this.frame.getByLabel('Model', { exact: true }).locator(`option:checked[value="${model}"]`);
    for (let tries = 0; ; tries++) {
      await row.click();
      const isShown = await shown.waitFor({ state: 'attached', timeout: 10_000 }).then(
        () => true,
        () => false,
      );
      if (isShown) return;
      if (tries === 3) throw new Error(`the playground of ${model} did not open`);
    }
  }

  /** Types a text, sends it with the keyboard and answers with the history's new row. */
  async send(text: string): Promise<Request> {
    const before = await this.rows().count();
    const box = this.frame.getByRole('textbox', { name: 'Text', exact: true });
    await box.fill(text);
    await box.press('Control+Enter');
    return this.request(before + 1);
  }

  /** The request of this number, once its answer is there. */
  async request(number: number): Promise<Request> {
    const row = this.rows().filter({
      has: this.frame.getByRole('button', { name: `Show request ${number}`, exact: true }),
    });
    await row.waitFor({ timeout: 60_000 });
    const cell = async (name: string): Promise<string> => (await row.locator(name).first().innerText()).trim();
    return { start: await cell('td.start'), status: Number(await cell('td.number:nth-child(5)')) };
  }

  /** The answer of the request shown, or what stands in its place. */
  answer(): Locator {
    return this.frame.getByRole('region', { name: 'Answer' });
  }

  async press(button: string): Promise<void> {
    await this.frame.getByRole('button', { name: button, exact: true }).first().click();
  }

  /** Waits until the header says that the deployment is in this state. */
  async state(word: string): Promise<void> {
    await this.frame.locator('header .state', { hasText: word }).waitFor({ timeout: 30_000 });
  }

  private rows(): Locator {
    return this.frame.locator('.history tbody tr');
  }
}

export interface Request {
  /** `cold`, `warm`, … or `error`. */
  start: string;
  /** HTTP status. */
  status: number;
}
