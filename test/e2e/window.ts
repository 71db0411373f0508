import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { chromium, type Browser, type ConsoleMessage, type Page } from 'playwright-core';
import { findBrowser } from '../../scripts/lib/browser.mjs';
import { installExtension, serveEditor, writeSettings } from '../../scripts/lib/editor.mjs';
import { artifacts } from '../../scripts/lib/paths.mjs';
import { vsix } from '../../scripts/lib/stages.mjs';
import { findHost } from '../../src/core/host/client.ts';
import { showContainer } from './workbench.ts';

/** VS Code's own themes, one of each kind, with the class that its page then carries. */
export const THEMES = {
  dark: { name: 'Dark Modern', pageClass: 'vs-dark' },
  light: { name: 'Light Modern', pageClass: 'vs' },
  'high-contrast-dark': { name: 'Default High Contrast', pageClass: 'hc-black' },
  'high-contrast-light': { name: 'Default High Contrast Light', pageClass: 'hc-light' },
} as const;
export type Theme = keyof typeof THEMES;

/** A VS Code server with the packaged extension in a throwaway profile, and the browser that shows it. */
export interface EditorServer {
  /** Below it everything of this run is: workspaces too. Removed at the end. */
  folder: string;
  /** What tells the processes of this run from others'. */
  profile: string;
  /** The command line of the extension as installed. */
  cli: string;
  /** Opens a folder or a .code-workspace file in a new window, or a window without one. `settings` go over the usual ones. */
  open(workspace: string | undefined, theme: Theme, settings?: Record<string, unknown>): Promise<EditorWindow>;
  stop(): Promise<void>;
}

export interface EditorWindow {
  page: Page;
  theme: Theme;
  /** Errors that the extension's own pages wrote to the console, and every breach of their content security policy. */
  problems: string[];
  /** Keeps a picture of the window as artifacts/screenshots/`theme`/`step`.png. */
  picture(step: string): Promise<void>;
  /** After a failed test: a picture, and in the output what the window says, since CI keeps no pictures. */
  explainFailure(test: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param extension the .vsix file to install
 * @param restricted whether folders are not trusted until the user says so
 */
export async function startEditor(extension = vsix, restricted = false): Promise<EditorServer> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'nimbus-e2e-'));
  const profile = path.join(folder, 'profile');
  // Of this process too: it ends the hosts that the windows started.
  process.env['NIMBUS_HOME'] ??= path.join(folder, 'home');
  const { env } = process;
  const workspaces = new Set<string>();
  await installExtension(profile, extension, env);
  const server = await serveEditor({ profile, env, restricted });
  const browser = await chromium.launch({
    executablePath: findBrowser()!,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
  });
  return {
    folder,
    profile,
    cli: path.join(installed(path.join(profile, 'extensions-dir')), 'dist', 'cli.js'),
    open: async (workspace, theme, settings = {}) => {
      // Before the window opens: a running one notices only the first change of this file.
      writeSettings(profile, {
        'workbench.colorTheme': THEMES[theme].name,
        'window.commandCenter': false,
        ...settings,
      });
      const address = new URL(server.url);
      if (workspace === undefined) address.searchParams.set('ew', 'true');
      else if (workspace.endsWith('.code-workspace')) {
        address.searchParams.set('workspace', workspace);
        for (const folder of foldersOf(workspace)) workspaces.add(folder);
      } else {
        address.searchParams.set('folder', workspace);
        workspaces.add(workspace);
      }
      const window = await openWindow(browser, address, theme);
      if (workspace?.endsWith('.code-workspace')) await showFolders(window.page);
      return window;
    },
    stop: async () => {
      await browser.close();
      await server.stop();
      for (const workspace of workspaces) await endHost(workspace);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function foldersOf(workspace: string): string[] {
  const { folders } = JSON.parse(readFileSync(workspace, 'utf8')) as { folders: { path: string }[] };
  return folders.map((folder) => path.resolve(path.dirname(workspace), folder.path));
}

/** The folder that the extension was installed into, whose name has its version. */
function installed(extensions: string): string {
  return path.join(
    extensions,
    readdirSync(extensions).find((name) => name.startsWith('nimbus.'))!,
  );
}

/** A host outlives the window that started it. */
async function endHost(project: string): Promise<void> {
  const host = await findHost({ project, kind: 'cli' });
  const asked = await host?.api.shutdown();
  // It is at work, for a test that left it so.
  if (asked?.ok === false) process.kill(host!.hello.pid, 'SIGTERM');
  await host?.closed;
}

async function openWindow(browser: Browser, address: URL, theme: Theme): Promise<EditorWindow> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 860 },
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const problems: string[] = [];
  page.on('console', (message) => {
    if (isOurs(message)) problems.push(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => problems.push(error.stack ?? error.message));
  await page.goto(address.href, { waitUntil: 'domcontentloaded' });
  await page.locator(`.monaco-workbench.${THEMES[theme].pageClass}[class*=vscode-theme-]`).waitFor({ timeout: 45_000 });
  const pictures = path.join(artifacts, 'screenshots', theme);
  mkdirSync(pictures, { recursive: true });
  const picture = async (step: string): Promise<void> => {
    await page.screenshot({ path: path.join(pictures, `${step}.png`), animations: 'disabled' });
  };
  return {
    page,
    theme,
    problems,
    picture,
    explainFailure: async (test) => {
      await picture(`failed-${test}`);
      process.stdout.write(await whatItSays(page));
    },
    close: () => context.close(),
  };
}

/**
 * VS Code now and then opens a .code-workspace file without the folders in it, until the window is loaded again:
 * https://github.com/microsoft/vscode/issues/189138
 */
async function showFolders(page: Page): Promise<void> {
  for (;;) {
    await showContainer(page, /^Explorer/);
    const folder = page.locator('.explorer-folders-view [role=treeitem]').first();
    const none = page.getByText('You have not yet added a folder to the workspace.');
    await folder.or(none).first().waitFor();
    if (await folder.isVisible()) return;
    await page.reload({ waitUntil: 'domcontentloaded' });
  }
}

/** Where a window asks, tells or lists something. */
const PARTS = ['.monaco-dialog-box', '.quick-input-widget', '.notifications-toasts', '.context-view', '.part.sidebar'];

/** The visible parts of the window as a screen reader gets them. */
async function whatItSays(page: Page): Promise<string> {
  const said: string[] = [];
  for (const part of PARTS) {
    for (const one of await page.locator(`${part}:visible`).all()) {
      const text = await one.ariaSnapshot({ timeout: 2000 }).catch(String);
      said.push(
        `${part}:`,
        ...text
          .split('\n')
          .slice(0, 60)
          .map((line) => `  ${line}`),
      );
    }
  }
  const focused = await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 200));
  return ['      What the window shows:', ...said, `focus: ${focused}`].join('\n        ') + '\n';
}

/** VS Code writes errors of its own; ours come from a webview's document. */
function isOurs(message: ConsoleMessage): boolean {
  if (/content security policy/i.test(message.text())) return true;
  return message.type() === 'error' && /\/webview\//.test(message.location().url);
}
