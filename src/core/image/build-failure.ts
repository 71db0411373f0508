/** What a failed build means, and what to do about it. */
import { fail, type Outcome } from '../../shared/outcome.ts';
import type { FailedStep } from './builder.ts';

interface Cause {
  pattern: RegExp;
  code: string;
  what: string;
  next: string;
}

/** Nimbus asks the engine itself, and never the `docker` command, which may have a builder elsewhere. */
const BUILDS = 'Images are built by the BuildKit of the engine that runs them';

const CAUSES: Cause[] = [
  {
    pattern: /BuildKit is not (?:supported|enabled)|requires BuildKit|buildkit not supported/i,
    code: 'image-no-buildkit',
    what: 'The engine does not build by BuildKit.',
    next: `${BUILDS}, as Docker's own do: choose one with DOCKER_HOST or docker context use.`,
  },
  {
    pattern: /\(HTTP code (?:403|405|501)\)/,
    code: 'image-build-refused',
    what: 'The engine refuses to build.',
    next: `${BUILDS}. Let what stands before it (a proxy of its socket, a plugin) pass POST /build; or choose another engine with DOCKER_HOST or docker context use.`,
  },
  {
    pattern: /exec format error/i,
    code: 'image-emulation',
    what: 'The engine cannot run programs of the architecture that the image is for.',
    next: 'Build for its own (nimbus.image.architecture, NIMBUS_ARCHITECTURE), or install the emulator: docker run --privileged --rm tonistiigi/binfmt --install all.',
  },
  {
    pattern: /no space left on device|disk quota exceeded/i,
    code: 'image-disk-full',
    what: 'The disk of the Docker engine is full.',
    next: 'Free some: docker system prune removes what is unused.',
  },
  {
    pattern: /certificate verify failed|x509: certificate|SSLError|CERTIFICATE_VERIFY_FAILED/i,
    code: 'image-certificates',
    what: 'The build does not trust the certificate of a server.',
    next: 'Where your network looks into TLS, name its certificates: the setting nimbus.packages.caCertificates, or NIMBUS_CA_CERTIFICATES.',
  },
  {
    pattern:
      /failed to resolve source metadata|pull access denied|manifest unknown|not found: manifest|failed to do request|repository does not exist|failed to create LLB definition/i,
    code: 'image-base-missing',
    what: 'The base image cannot be pulled.',
    next: 'See whether the registry can be reached and docker pull of it works; another one is a setting (nimbus.image.baseImages or NIMBUS_BASE_IMAGES, nimbus.image.registryMirror or NIMBUS_REGISTRY_MIRROR).',
  },
  // Before what pip concludes from it: that there is no such package.
  {
    pattern:
      /NewConnectionError|ConnectTimeout|Temporary failure in name resolution|ProxyError|Could not fetch URL|Connection refused|network is unreachable/i,
    code: 'image-network',
    what: 'The build cannot reach a server.',
    next: 'Behind a proxy, set nimbus.packages.proxy or NIMBUS_PROXY; with an index of your own, nimbus.packages.indexUrl or NIMBUS_INDEX_URL.',
  },
  {
    pattern: /Could not find a version that satisfies|No matching distribution found/i,
    code: 'image-no-wheel',
    what: 'A package has no wheel for this Python and platform.',
    next: 'Set another pythonVersion in models.json, ask for a version that has one, or allow compiling (nimbus.image.allowCompiler, NIMBUS_ALLOW_COMPILER=1).',
  },
  {
    pattern: /error: command '?(?:gcc|cc|c\+\+|g\+\+)'? failed|unable to execute '?(?:gcc|cc)|Failed building wheel/i,
    code: 'image-compiler',
    what: 'A package must be compiled, and the build has no compiler for it.',
    next: 'Take a version with a wheel, or a base image with a compiler (nimbus.image.baseImages, NIMBUS_BASE_IMAGES).',
  },
  {
    pattern: /THESE PACKAGES DO NOT MATCH THE HASHES/i,
    code: 'image-hashes',
    what: 'A package is not the one that was locked.',
    next: 'Make the lock again with nimbus lock, and look at why the index has another file.',
  },
  {
    pattern: /exit code: 137|signal: killed|out of memory|Cannot allocate memory/i,
    code: 'image-memory',
    what: 'The build ran out of memory.',
    next: 'Give the Docker engine more memory (Docker Desktop: Settings, Resources), and try again.',
  },
  {
    pattern: /ECONNREFUSED|ENOENT.*docker|socket hang up|ECONNRESET|EPIPE|^aborted$/i,
    code: 'engine-missing',
    what: 'The Docker engine ended while it built.',
    next: 'Start Docker, and try again.',
  },
];

export function buildFailure(message: string, step: FailedStep | undefined): Outcome<never> {
  const lines = step?.lines ?? [];
  const all = [message, ...lines].join('\n');
  const cause = CAUSES.find(({ pattern }) => pattern.test(all));
  const why = [...(step ? [step.name] : []), ...(lines.length > 0 ? lines : [message])].join('\n');
  return fail(cause?.code ?? 'image-build-failed', cause?.what ?? 'The image cannot be built.', {
    why,
    next: cause?.next ?? 'The log of the operation has all that the build said.',
  });
}
