// Serves the page as the extension's panel would, with a fake extension in place of the real one.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import esbuild from 'esbuild';
import { pageDocument } from '../../../src/editor/playground/page.ts';
import { EDITOR_CSS, KINDS, themeVariables, type Theme } from './themes.ts';

const root = path.join(import.meta.dirname, '../../..');

export interface Harness {
  /** Address of the page in a theme; `query` chooses what the fake extension has. */
  url(theme: Theme, query?: string): string;
  close(): Promise<void>;
}

export async function startHarness(): Promise<Harness> {
  const built = await esbuild.build({
    absWorkingDir: root,
    entryPoints: { playground: 'webview/main.ts', fake: 'test/webview/harness/fake.ts' },
    outdir: path.join(root, 'dist/webview'),
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    loader: { '.ttf': 'file' },
    logLevel: 'warning',
  });
  const files = new Map(built.outputFiles.map((file) => [`/${path.basename(file.path)}`, file.contents]));
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://localhost');
    const file = files.get(pathname);
    if (file) {
      response
        .writeHead(200, { 'content-type': TYPES[path.extname(pathname)] ?? 'application/octet-stream' })
        .end(file);
    } else if (pathname === '/') {
      const nonce = randomBytes(16).toString('base64url');
      response
        .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
        .end(document(searchParams.get('theme') as Theme, nonce));
    } else response.writeHead(pathname === '/favicon.ico' ? 204 : 404).end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return {
    url: (theme, query = '') => `http://127.0.0.1:${port}/?theme=${theme}&${query}`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

const TYPES: Record<string, string> = { '.js': 'text/javascript', '.css': 'text/css', '.ttf': 'font/ttf' };

/** The extension's own page, with what the editor adds to it, and the fake extension before its script. */
function document(theme: Theme, nonce: string): string {
  const { kind, classes } = KINDS[theme];
  const variables = themeVariables(theme)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value};`)
    .join(' ');
  const page = pageDocument({
    script: 'playground.js',
    style: 'playground.css',
    source: "'self'",
    nonce,
    title: 'Playground',
  });
  return page
    .replace('<link', `<style nonce="${nonce}">:root { ${variables} } ${EDITOR_CSS}</style>\n$&`)
    .replace('<body>', `<body class="${classes}" data-vscode-theme-kind="${kind}">`)
    .replace('<script', `<script nonce="${nonce}" type="module" src="fake.js"></script>\n$&`);
}
