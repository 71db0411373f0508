import type { UserError } from '../../shared/outcome.ts';
import { lastLines } from '../process.ts';
import { ONLY_WHEELS } from './commands.ts';

interface Cause {
  /** Its first group that matched is the package's name. */
  pattern: RegExp;
  code: string;
  what: string | ((name: string) => string);
  next: string;
}

/** In this order: a package that the network kept away is reported as missing further down in the same output. */
const CAUSES: Cause[] = [
  {
    pattern: /No space left on device|ENOSPC|Errno 28|Disk quota exceeded|not enough space on the disk/i,
    code: 'environment-disk-full',
    what: 'The disk is full.',
    next: 'Free some space (spaCy needs about 400 MB, scikit-learn 250 MB) and try again.',
  },
  {
    pattern:
      /CERTIFICATE_VERIFY_FAILED|SSLCertVerificationError|SSLError|certificate verify failed|invalid peer certificate|UnknownIssuer/i,
    code: 'environment-certificate',
    what: 'The package index could not be trusted: its certificate does not verify.',
    next: 'Behind a company proxy, give pip the company certificate (pip config set global.cert FILE; for uv SSL_CERT_FILE) and try again.',
  },
  {
    pattern:
      /NewConnectionError|ConnectTimeout|ReadTimeout|Max retries exceeded|ProxyError|name resolution|Name or service not known|getaddrinfo failed|Network is unreachable|Connection refused|error sending request|dns error|Tunnel connection failed/i,
    code: 'environment-network',
    what: 'The package index could not be reached.',
    next: 'Check the network and the proxy settings (HTTPS_PROXY, pip config), and try again.',
  },
  {
    pattern: /ensurepip is not available|No module named '?"?(?:venv|ensurepip)/i,
    code: 'environment-no-venv',
    what: 'This Python cannot make virtual environments.',
    next: 'On Debian and Ubuntu install python3-venv; or install uv, which Nimbus then uses.',
  },
  {
    // pip says the same of a package without a wheel where only wheels will do, and of one for another Python.
    pattern: new RegExp(
      String.raw`([\w.-]+) was not found in the (?:package registry|cache|provided package locations)|^(?![^]*(?:Ignored the following|Requires-Python))[^]*satisfies the requirement (?!(?:${ONLY_WHEELS.join('|')})\b)([\w.-]+)[^\n]*\(from versions: none\)`,
    ),
    code: 'environment-package-unknown',
    what: (name) => `The package index has no package ${name}.`,
    next: 'Correct its name in requirements.txt; packages are often called other than the module that is imported (scikit-learn, not sklearn). Of a private index, set PIP_INDEX_URL or UV_INDEX_URL.',
  },
  {
    pattern:
      /ResolutionImpossible|conflicting dependencies|No solution found when resolving[^]*conflict|are incompatible/i,
    code: 'environment-conflict',
    what: 'The requirements contradict each other.',
    next: 'Correct the versions in the requirements of the model.',
  },
  {
    pattern:
      /No matching distribution found|Could not find a version that satisfies|No solution found|has no wheels with a matching|no wheels? (?:with|for)|Requires-Python/i,
    code: 'environment-no-package',
    what: 'There is no ready-made package (wheel) of what the model needs for this Python.',
    next: 'Select another Python, near the version that the model was made with; or save the model again with current versions.',
  },
  {
    pattern:
      /Failed building wheel|subprocess-exited-with-error|Failed to build|Microsoft Visual C\+\+|command 'gcc' failed/i,
    code: 'environment-build-failed',
    what: 'A package had to be compiled, and that failed.',
    next: 'Select another Python for which it has a ready-made package, or install what the last lines name.',
  },
];

/** Makes an error for people out of what a failed step printed. */
export function explainFailure(title: string, output: string): UserError {
  const cause = CAUSES.find(({ pattern }) => pattern.test(output));
  const name = cause?.pattern.exec(output)?.slice(1).find(Boolean) ?? '';
  const said = typeof cause?.what === 'function' ? cause.what(name) : cause?.what;
  return {
    code: cause?.code ?? 'environment-failed',
    what: `The environment could not be made. ${said ?? `"${title}" failed.`}`,
    why: lastLines(withoutPassword(output)) || 'It printed nothing.',
    next: cause?.next ?? 'The log has all lines. Correct what they name and try again; nothing half-made is used.',
  };
}

/** Index addresses may carry a user and a password. */
export function withoutPassword(text: string): string {
  return text.replaceAll(/(\b[a-z][a-z0-9+.-]*:\/\/)[^/\s@]+@/gi, '$1***@');
}
