import { findBrowser } from '../../../scripts/lib/browser.mjs';
import type { Sample } from '../../../src/shared/latency.ts';
import type { Wait } from '../../../src/shared/waits.ts';
import { axeSource, chromium, type AxeResults, type Browser, type Page } from '../../e2e/driver.ts';
import type { Fake } from './fake.ts';
import { startHarness, type Harness } from './server.ts';
import { KINDS, themeVariables, type Theme } from './themes.ts';

declare const fake: Fake;
declare const axe: { run(where?: string): Promise<AxeResults> };

/** The toolkit's templates have style attributes (badge, progress ring), which the page's policy refuses in vain. */
const KNOWN = /^Applying inline style violates the following Content Security Policy directive/;

/** The page in a browser, with a fake extension behind it. */
export class Playground {
  readonly page: Page;
  /** What the page complained about. */
  readonly complaints: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => {
      if (!KNOWN.test(message.text())) this.complaints.push(message.text());
    });
  }

  async type(text: string): Promise<void> {
    await this.page.getByRole('textbox', { name: 'Text', exact: true }).fill(text);
  }

  /** Types and sends a text, and waits for what comes back. */
  async send(text: string): Promise<void> {
    const before = await this.rows().count();
    await this.type(text);
    await this.page.keyboard.press('Control+Enter');
    await this.rows().nth(before).waitFor();
  }

  async press(name: string): Promise<void> {
    await this.page.getByRole('button', { name, exact: true }).click();
  }

  rows() {
    return this.page.locator('.history tbody tr');
  }

  answer() {
    return this.page.getByRole('region', { name: 'Answer' });
  }

  /** What the fake extension was asked for, by this method. */
  async calls(method: string): Promise<unknown[][]> {
    const calls = await this.page.evaluate(() => fake.calls);
    return calls.filter((call) => call.method === method).map((call) => call.args);
  }

  hold(): Promise<void> {
    return this.page.evaluate(() => fake.hold());
  }

  release(): Promise<void> {
    return this.page.evaluate(() => fake.release());
  }

  fail(problem: string): Promise<unknown> {
    return this.page.evaluate((code) => fake.fail(code), problem);
  }

  /** What the request under way waits for; nothing any more where it is left out. */
  wait(wait?: Wait): Promise<unknown> {
    return this.page.evaluate((one) => fake.wait(one), wait);
  }

  /** A sample event, as a repeat sends it. */
  add(sample: Partial<Sample>): Promise<unknown> {
    return this.page.evaluate((some) => fake.add(some), sample);
  }

  /** Predict Selection: answers whether it was sent. */
  predictText(text: string): Promise<boolean> {
    return this.page.evaluate((one) => fake.page.fill(one), text);
  }

  /** The extension chooses a model, and tells of the deployments of `models` before and after. */
  choose(model: string, before: string[], after: string[]): Promise<void> {
    return this.page.evaluate(
      async ({ model, before, after }) => {
        const some = (names: string[]) => fake.deployments.filter((one) => names.includes(one.model));
        await fake.page.deployments(some(before));
        await fake.page.select({ model, deployment: 'local' }, undefined);
        await fake.page.deployments(some(before));
        await fake.page.deployments(some(after));
      },
      { model, before, after },
    );
  }

  /** What has been announced and is still in the live region, oldest first. */
  announced(): Promise<string[]> {
    return this.page.getByRole('log').locator('p').allTextContents();
  }

  /** Accessible name, or else the id, of what has the focus. */
  focused(): Promise<string> {
    return this.page.evaluate(() => {
      const { activeElement: element } = document;
      return element?.getAttribute('aria-label') ?? element?.id ?? '';
    });
  }

  /** Changes the theme under the running page, as the editor does. */
  async setTheme(theme: Theme): Promise<void> {
    await this.page.evaluate(
      ({ variables, kind, classes }) => {
        document.querySelector('head style')!.textContent += `:root { ${variables} }`;
        document.body.dataset['vscodeThemeKind'] = kind;
        document.body.className = classes;
        // The toolkit hears of it by an observer, which is told after this task; so wait for the next frame.
        return new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
      },
      {
        // `initial` is how a variable comes to be unset again.
        variables: themeVariables(theme)
          .map(([name, value]) => `${name}: ${value || 'initial'};`)
          .join(' '),
        ...KINDS[theme],
      },
    );
  }

  /** What axe-core finds wrong, in the page or in a part of it; empty is good. */
  async violations(where = 'html'): Promise<string[]> {
    if (!(await this.page.evaluate(() => 'axe' in window))) await this.page.evaluate(axeSource);
    const results = await this.page.evaluate((selector) => axe.run(selector), where);
    return results.violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.target.flat().join(' ')}: ${node.failureSummary}`),
    );
  }

  close(): Promise<void> {
    return this.page.context().close();
  }

  /** CSS pixels by which the page is wider than its window, or the history than its box. */
  overflow(): Promise<number> {
    return this.page.evaluate(() => {
      const history = document.querySelector('.history');
      return Math.max(
        document.documentElement.scrollWidth - window.innerWidth,
        history ? history.scrollWidth - history.clientWidth : 0,
      );
    });
  }
}

export interface Options {
  theme?: Theme;
  /** What the fake extension has: `model=…`, `none`, `locale=…`. */
  query?: string;
  width?: number;
}

/** A browser and the server of the page, for the tests of one file. */
export class Bench {
  readonly #harness: Harness;
  readonly #browser: Browser;

  private constructor(harness: Harness, browser: Browser) {
    this.#harness = harness;
    this.#browser = browser;
  }

  static async start(): Promise<Bench> {
    const [harness, browser] = await Promise.all([
      startHarness(),
      chromium.launch({ executablePath: findBrowser()!, args: ['--no-sandbox', '--disable-gpu', '--disable-quic'] }),
    ]);
    return new Bench(harness, browser);
  }

  async open({ theme = 'dark', query = '', width = 1280 }: Options = {}): Promise<Playground> {
    const context = await this.#browser.newContext({ viewport: { width, height: 900 }, reducedMotion: 'reduce' });
    const playground = new Playground(await context.newPage());
    await playground.page.goto(this.#harness.url(theme, query));
    await playground.page.locator('main:not([aria-busy=true])').waitFor();
    return playground;
  }

  async stop(): Promise<void> {
    await this.#browser.close();
    await this.#harness.close();
  }
}
