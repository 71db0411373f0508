import assert from 'node:assert/strict';
import { Bench, type Playground } from './harness/browser.ts';

describe('the page around the playground', () => {
  let bench: Bench;
  let playground: Playground;

  before(async () => {
    bench = await Bench.start();
  });
  after(() => bench.stop());
  afterEach(() => playground.close());

  it('is in the language of its texts, while numbers are written as the editor’s language does', async () => {
    playground = await bench.open({ query: 'locale=de' });
    await playground.send('Ich bin zufrieden');
    await playground.rows().getByText('1,24 s').first().waitFor();
    assert.equal(await playground.page.locator('html').getAttribute('lang'), 'en');
  });

  it('may do nothing but run its own script and show its own files', async () => {
    playground = await bench.open();
    const refused = await playground.page.evaluate(async () => {
      const here = location.href;
      const found: string[] = [];
      const tries = 5;
      const all = new Promise<void>((resolve) => {
        document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
          // The toolkit's own style attributes are refused as well.
          if (effectiveDirective !== 'style-src-attr' && found.push(effectiveDirective) === tries) resolve();
        });
      });
      const add = <T extends HTMLElement>(element: T, change: Partial<T>): T =>
        document.body.appendChild(Object.assign(element, change));
      add(document.createElement('script'), { textContent: 'window.ran = true' });
      add(document.createElement('img'), { src: 'https://example.invalid/pixel.png' });
      add(document.createElement('iframe'), { src: here });
      add(document.createElement('base'), { href: 'https://example.invalid/' });
      await fetch(here).catch(() => undefined);
      await all;
      return { found: found.sort(), ran: 'ran' in window };
    });
    assert.deepEqual(refused, {
      found: ['base-uri', 'connect-src', 'frame-src', 'img-src', 'script-src-elem'],
      ran: false,
    });
  });
});
