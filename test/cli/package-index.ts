/** A package index of its own over HTTP or HTTPS, with wheels made for the test; and a proxy that tells what asked it. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import path from 'node:path';
import { python } from './nimbus.ts';

export interface Wheel {
  name: string;
  version: string;
  requires?: string[];
  /** `py3-none-any` where left out. */
  tag?: string;
  /** Source of its module. */
  source?: string;
}

/** Writes wheels as a simple index: a folder for each package, with a page that links its files by hash. */
export function writeIndex(folder: string, wheels: readonly Wheel[]): void {
  execFileSync(python, ['-c', MAKE, folder, JSON.stringify(wheels)]);
  for (const name of readdirSync(folder)) writePage(path.join(folder, name));
}

function writePage(folder: string): void {
  const links = readdirSync(folder)
    .filter((file) => file.endsWith('.whl'))
    .map((file) => {
      const hash = createHash('sha256')
        .update(readFileSync(path.join(folder, file)))
        .digest('hex');
      return `<a href="${encodeURIComponent(file)}#sha256=${hash}">${file}</a>`;
    });
  writeFileSync(path.join(folder, 'index.html'), `<!DOCTYPE html><html><body>${links.join('\n')}</body></html>`);
}

const MAKE = `
import json, os, re, sys, zipfile
folder, wheels = sys.argv[1], json.loads(sys.argv[2])
for one in wheels:
    name, version, tag = one["name"], one["version"], one.get("tag", "py3-none-any")
    module = re.sub(r"[-.]+", "_", name)
    info = "%s-%s.dist-info/" % (module, version)
    lines = ["Metadata-Version: 2.1", "Name: " + name, "Version: " + version]
    lines += ["Requires-Dist: " + text for text in one.get("requires", [])]
    files = {
        module + ".py": one.get("source", "VERSION = %r\\n" % version),
        info + "METADATA": "\\n".join(lines) + "\\n",
        info + "WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: %s\\n" % tag,
    }
    files[info + "RECORD"] = "".join("%s,,\\n" % file for file in [*files, info + "RECORD"])
    place = os.path.join(folder, re.sub(r"[-_.]+", "-", name).lower())
    os.makedirs(place, exist_ok=True)
    with zipfile.ZipFile(os.path.join(place, "%s-%s-%s.whl" % (module, version, tag)), "w") as wheel:
        for file, text in files.items():
            wheel.writestr(file, text)
`;

export interface PackageIndex {
  /** `http://127.0.0.1:1234/simple/`. */
  url: string;
  port: number;
  /** Paths that were asked for. */
  asked: string[];
  close(): Promise<void>;
}

export interface IndexOptions {
  /** `user:password` that it wants. */
  login?: string;
  tls?: { key: string; cert: string };
  /** What it answers in the place of a file; undefined for the file. */
  instead?(file: string): Buffer | 'hang' | undefined;
}

export async function serveIndex(folder: string, options: IndexOptions = {}): Promise<PackageIndex> {
  const asked: string[] = [];
  const answer: RequestListener = (request, response) => {
    const { pathname } = new URL(request.url!, 'http://x');
    asked.push(pathname);
    const wanted = options.login && `Basic ${Buffer.from(options.login).toString('base64')}`;
    if (wanted && request.headers.authorization !== wanted) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="packages"' }).end('who are you?');
      return;
    }
    const relative = decodeURIComponent(pathname.replace(/^\/simple\//, ''));
    const file = path.join(folder, relative.endsWith('/') ? `${relative}index.html` : relative);
    const other = options.instead?.(path.basename(file));
    if (other === 'hang') return;
    if (!existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader('content-type', file.endsWith('.html') ? 'text/html' : 'application/octet-stream');
    response.end(other ?? readFileSync(file));
  };
  const server = options.tls ? createSecureServer(options.tls, answer) : createServer(answer);
  const port = await listen(server);
  return {
    url: `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}/simple/`,
    port,
    asked,
    close: () => close(server),
  };
}

/** Passes everything on; `asked` are the hosts of CONNECT and the addresses of plain requests. */
export async function serveProxy(): Promise<{ url: string; asked: string[]; close(): Promise<void> }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url!);
    response.writeHead(502).end();
  });
  server.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url}`);
    const [host = '', port = ''] = request.url!.split(':');
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    for (const one of [onward, socket]) one.on('error', () => one.destroy());
  });
  const port = await listen(server);
  return { url: `http://127.0.0.1:${port}`, asked, close: () => close(server) };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.closeAllConnections();
  server.close();
  await closed;
}

/** A certificate authority of its own, and a certificate of 127.0.0.1 that it signed. */
export function makeCertificates(folder: string): { ca: string; tls: { key: string; cert: string } } {
  mkdirSync(folder, { recursive: true });
  const openssl = (...argv: string[]): void => void execFileSync('openssl', argv, { cwd: folder, stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=Test CA');
  openssl('req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=127.0.0.1');
  writeFileSync(path.join(folder, 'server.ext'), 'subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n');
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'server.ext'];
  openssl('x509', '-req', '-in', 'server.csr', '-out', 'server.pem', ...signed);
  const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8');
  return { ca: path.join(folder, 'ca.pem'), tls: { key: read('server.key'), cert: read('server.pem') } };
}
