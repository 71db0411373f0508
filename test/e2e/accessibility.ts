import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type Axe from 'axe-core';
import type { FrameLocator } from 'playwright-core';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds wrong in a webview's document: rule, elements and why; empty is good. */
export async function violations(frame: FrameLocator): Promise<string[]> {
  const body = frame.locator('body');
  // The editor paints the background behind the frame; axe sees only the document and would measure against white.
  const element = await body.elementHandle();
  const inside = (await element!.ownerFrame())!;
  await inside.evaluate(() => {
    document.body.style.backgroundColor = 'var(--vscode-editor-background)';
  });
  await inside.evaluate(source);
  const results = await inside.evaluate(() => (globalThis as unknown as { axe: typeof Axe }).axe.run());
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.target.flat().join(' ')}: ${node.failureSummary?.replaceAll(/\s+/g, ' ')}`),
  );
}
