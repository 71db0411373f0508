import assert from 'node:assert/strict';
import type { FrameLocator, Locator, Page } from 'playwright-core';
import { webview } from './workbench.ts';

/** The playground as its user sees it. */
export class Playground {
  readonly frame: FrameLocator;

  constructor(page: Page) {
    this.frame = webview(page);
  }

  /** Waits until it shows `model`, and the deployment where one is named. */
  async opened(model: string, deployment?: string): Promise<void> {
    await this.chosen('Model', model).waitFor({ state: 'attached', timeout: 30_000 });
    if (deployment !== undefined) await this.chosen('Deployment', deployment).waitFor({ state: 'attached' });
  }

  /** Opens it by a row of the Models view. A click that falls into a redraw of the tree is lost, and is repeated. */
  async openBy(row: Locator, model: string): Promise<void> {
    const shown = this.chosen('Model', model);
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

  /** Chooses a model in the header and waits until its last answer is shown. */
  async choose(model: string): Promise<void> {
    await this.frame.getByLabel('Model', { exact: true }).selectOption({ value: model });
    await this.opened(model);
    await this.answer()
      .getByText(/^#\d+$/)
      .waitFor();
  }

  /** Sends a first input to a model, in the way that its page has for it, and answers with the history's only row. */
  async ask(input: Input): Promise<Request> {
    assert.equal(await this.rows().count(), 0);
    if ('text' in input) await this.frame.getByRole('textbox', { name: 'Text', exact: true }).fill(input.text);
    else if ('json' in input) {
      const tab = this.frame.getByRole('tab', { name: 'JSON', exact: true }).first();
      if (await tab.isVisible()) await tab.click();
      await this.frame.getByRole('textbox', { name: 'Input as JSON', exact: true }).fill(JSON.stringify(input.json));
    } else {
      for (const [field, value] of Object.entries(input.form))
        await this.frame.getByRole('textbox', { name: field, exact: true }).fill(value);
    }
    await this.press('Send');
    return read(this.rows());
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
    return read(row);
  }

  /** The answer of the request shown, or what stands in its place. */
  answer(): Locator {
    return this.frame.getByRole('region', { name: 'Answer', exact: true });
  }

  async press(button: string): Promise<void> {
    await this.frame.getByRole('button', { name: button, exact: true }).first().click();
  }

  /** Waits until the header says that the deployment is in this state. */
  async state(word: string): Promise<void> {
    await this.frame.locator('header .state', { hasText: word }).waitFor({ timeout: 30_000 });
  }

  private chosen(label: string, value: string): Locator {
    return this.frame.getByLabel(label, { exact: true }).locator(`option:checked[value="${value}"]`);
  }

  private rows(): Locator {
    return this.frame.locator('.history tbody tr');
  }
}

/** A row of the history, once it is there. */
async function read(row: Locator): Promise<Request> {
  await row.waitFor({ timeout: 60_000 });
  const cell = async (name: string): Promise<string> => (await row.locator(name).first().innerText()).trim();
  return { start: await cell('td.start'), status: Number(await cell('td.number:nth-child(5)')) };
}

/** A text, the fields of a form, or any input as JSON. */
export type Input = { text: string } | { form: Record<string, string> } | { json: unknown };

export interface Request {
  /** `cold`, `warm`, … or `error`. */
  start: string;
  /** HTTP status. */
  status: number;
}
