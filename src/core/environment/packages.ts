/** Where packages come from: the user's index, proxy and certificates, as uv and pip understand them. */
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { rootCertificates } from 'node:tls';
import writeFileAtomic from 'write-file-atomic';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { defined } from '../defined.ts';
import { places } from '../places.ts';

/** What is left out stays as uv and pip have it of their own settings and variables. Addresses may hold passwords. */
export interface PackageSettings {
  /** The index that takes the place of PyPI. */
  indexUrl?: string;
  /** Indexes beside it. */
  extraIndexUrls?: string[];
  /** For HTTP and HTTPS: `http://proxy.example:3128`. */
  proxy?: string;
  /** A PEM file with certificates that are trusted beside the usual ones. */
  caCertificates?: string;
  /** Where PyTorch without CUDA comes from; empty: from the index of everything else. */
  torchCpuIndexUrl?: string;
}

/** PyTorch's own index of builds without CUDA. */
export const TORCH_CPU_INDEX = 'https://download.pytorch.org/whl/cpu';

/** The variables of the command line; the editor has settings of the same names. */
export function packageSettings(env: NodeJS.ProcessEnv): PackageSettings {
  const text = (variable: string): string | undefined => env[variable]?.trim() || undefined;
  const extra = text('NIMBUS_EXTRA_INDEX_URLS')?.split(/\s+/);
  const torch = env['NIMBUS_TORCH_CPU_INDEX_URL']?.trim();
  return defined({
    indexUrl: text('NIMBUS_INDEX_URL'),
    extraIndexUrls: extra,
    proxy: text('NIMBUS_PROXY'),
    caCertificates: text('NIMBUS_CA_CERTIFICATES'),
    torchCpuIndexUrl: torch,
  });
}

export function torchIndexOf({ torchCpuIndexUrl }: PackageSettings): string {
  return torchCpuIndexUrl ?? TORCH_CPU_INDEX;
}

/** What would lead to another index than the settings name. */
const INDEXES = /^(?:UV_INDEX|UV_INDEX_URL|UV_DEFAULT_INDEX|UV_EXTRA_INDEX_URL|PIP_INDEX_URL|PIP_EXTRA_INDEX_URL)$/i;

/**
 * Variables for uv and pip, beside those of `env` that they replace. Passwords go this way only: a command line is
 * shown by every process viewer and stands in the log. Errors: the file of certificates cannot be read or has none.
 */
export async function packageVariables(
  settings: PackageSettings,
  env: NodeJS.ProcessEnv,
): Promise<Outcome<NodeJS.ProcessEnv>> {
  const { indexUrl, extraIndexUrls = [], proxy, caCertificates } = settings;
  const replaces = indexUrl !== undefined || extraIndexUrls.length > 0;
  const kept = Object.fromEntries(Object.entries(env).filter(([name]) => !(replaces && INDEXES.test(name))));
  const bundle = caCertificates === undefined ? undefined : await certificates(caCertificates, env);
  if (bundle && !bundle.ok) return bundle;
  return ok({
    ...kept,
    ...(indexUrl === undefined ? {} : { UV_DEFAULT_INDEX: indexUrl, PIP_INDEX_URL: indexUrl }),
    ...(extraIndexUrls.length === 0
      ? {}
      : { UV_INDEX: extraIndexUrls.join(' '), PIP_EXTRA_INDEX_URL: extraIndexUrls.join(' ') }),
    ...(proxy === undefined ? {} : proxyVariables(proxy)),
    ...(bundle === undefined
      ? {}
      : { SSL_CERT_FILE: bundle.value, PIP_CERT: bundle.value, REQUESTS_CA_BUNDLE: bundle.value }),
  });
}

function proxyVariables(proxy: string): NodeJS.ProcessEnv {
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'];
  return Object.fromEntries([...names, ...names.map((name) => name.toLowerCase())].map((name) => [name, proxy]));
}

/** uv and pip take one file in the place of what they trust: these beside the usual ones are one file of their own. */
async function certificates(file: string, env: NodeJS.ProcessEnv): Promise<Outcome<string>> {
  const extra = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => error);
  if (typeof extra !== 'string' || !extra.includes('-----BEGIN CERTIFICATE-----')) {
    return fail('certificates-unreadable', `The certificates in ${file} cannot be used.`, {
      why: typeof extra === 'string' ? 'It holds no certificate in PEM form.' : extra.message,
      next: 'Name a PEM file, which begins with -----BEGIN CERTIFICATE-----.',
    });
  }
  const usualFile = env['SSL_CERT_FILE'];
  const usual =
    (usualFile === undefined ? undefined : await readFile(usualFile, 'utf8').catch(() => undefined)) ??
    rootCertificates.join('\n');
  const text = `${usual.trimEnd()}\n${extra.trimEnd()}\n`;
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const bundle = path.join(places().cache, 'certificates', `${hash}.pem`);
  await mkdir(path.dirname(bundle), { recursive: true });
  await writeFileAtomic(bundle, text, { mode: 0o600 });
  return ok(bundle);
}

/** An index's address without its password, and what uv reads the password from. `name`: as uv knows the index. */
export function splitCredentials(url: string, name: string): { url: string; variables: Record<string, string> } {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return { url, variables: {} };
  }
  const { username, password } = parsed;
  if (username === '' && password === '') return { url, variables: {} };
  parsed.username = '';
  parsed.password = '';
  const prefix = `UV_INDEX_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;
  return {
    url: parsed.href,
    variables: {
      [`${prefix}_USERNAME`]: decodeURIComponent(username),
      [`${prefix}_PASSWORD`]: decodeURIComponent(password),
    },
  };
}

/** Index addresses may carry a user and a password; an `@` in a password counts as a part of it. */
export function withoutPassword(text: string): string {
  return text.replaceAll(/(\b[a-z][a-z0-9+.-]*:\/\/)[^/\s"'<>`]*@/gi, '$1***@');
}
