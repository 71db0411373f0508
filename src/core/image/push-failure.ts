/** What a failed push means, and what to do about it. */
import { fail, type Outcome } from '../../shared/outcome.ts';
import { DOCKER_HUB, type PushTarget } from './push-target.ts';

interface Cause {
  pattern: RegExp;
  code: string;
  what(target: PushTarget): string;
  next(target: PushTarget): string;
}

/** Amazon's registries are where images for AWS Lambda go. */
function howToLogIn({ registry }: PushTarget): string {
  const amazon = /^\d{12}\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/.exec(registry);
  if (amazon) {
    return `aws ecr get-login-password --region ${amazon[1]} | docker login --username AWS --password-stdin ${registry}`;
  }
  return `docker login${registry === DOCKER_HUB ? '' : ` ${registry}`}`;
}

/** The first that fits counts: what one registry calls denied is a quota where it says so. */
const CAUSES: Cause[] = [
  {
    pattern: /no such image|image does not exist|reference does not exist/i,
    code: 'image-gone',
    what: () => 'The image is gone.',
    next: () => 'Redeploy the model, which builds it again.',
  },
  {
    pattern: /quota|toomanyrequests|too many requests|limit ?exceeded|rate limit|storage limit/i,
    code: 'push-quota',
    what: ({ registry }) => `${registry} takes no more for now.`,
    next: () => "See the registry's quota: free some of it, raise it, or wait where it is a rate.",
  },
  {
    pattern: /no space left|insufficient storage|\b507\b|disk (?:is )?full|ENOSPC/i,
    code: 'push-registry-full',
    what: ({ registry }) => `The disk of ${registry} is full.`,
    next: () => 'Free some there (old tags, then its garbage collection), and push again.',
  },
  {
    pattern: /immutable|tag invalid/i,
    code: 'push-tag-exists',
    what: ({ repository, tag }) => `${repository} has the tag ${tag} already and does not let it be replaced.`,
    next: () => 'Push under another tag.',
  },
  {
    pattern: /name unknown|NAME_UNKNOWN|repository with name .* does not exist|repository .* not found/i,
    code: 'push-name-unknown',
    what: ({ registry, repository }) => `${registry} has no repository ${nameIn(repository, registry)}.`,
    next: ({ registry, repository }) =>
      registry.includes('.dkr.ecr.')
        ? `Create it: aws ecr create-repository --repository-name ${nameIn(repository, registry)}`
        : 'Create it there first, or correct its name.',
  },
  {
    pattern: /name invalid|NAME_INVALID|invalid repository name|invalid reference format/i,
    code: 'push-name-invalid',
    what: ({ registry, repository }) => `${registry} does not take the name ${nameIn(repository, registry)}.`,
    next: () => 'Use lowercase letters, digits, and - _ . between them, and as many parts as the registry wants.',
  },
  {
    pattern: /server gave HTTP response to HTTPS client/i,
    code: 'push-http-only',
    what: ({ registry }) => `${registry} speaks HTTP, and the Docker engine wants HTTPS.`,
    next: ({ registry }) =>
      `Give it a certificate; or, in a network that you trust, name it in the engine's daemon.json ("insecure-registries": ["${registry}"]) and restart Docker.`,
  },
  {
    pattern: /x509:|tls:|certificate|remote error: handshake/i,
    code: 'push-certificate',
    what: ({ registry }) => `The Docker engine does not trust the certificate of ${registry}.`,
    next: ({ registry }) =>
      `Put its authority's certificate in /etc/docker/certs.d/${registry}/ca.crt on the engine's machine (Docker Desktop: in the system's own store), and push again.`,
  },
  {
    pattern:
      /unauthori[sz]ed|denied|forbidden|no basic auth|authentication required|insufficient_scope|incorrect username|not authorized|authorization token|\b40[13]\b/i,
    code: 'push-denied',
    what: ({ registry, repository }) => `${registry} does not let you push to ${nameIn(repository, registry)}.`,
    next: (target) => `Log in with credentials that may push there: ${howToLogIn(target)}`,
  },
  {
    pattern: /\b413\b|request entity too large/i,
    code: 'push-too-large',
    what: ({ registry }) => `${registry} does not take a layer of this size.`,
    next: () => 'Raise the limit of the proxy before the registry (nginx: client_max_body_size).',
  },
  {
    pattern: /ECONNREFUSED|ENOENT|EPIPE|socket hang up|ECONNRESET/,
    code: 'engine-missing',
    what: () => 'The Docker engine ended while it pushed.',
    next: () => 'Start Docker, and try again.',
  },
  {
    pattern: /500 Internal Server Error/i,
    code: 'push-registry-failed',
    what: ({ registry }) => `${registry} failed, and does not say why.`,
    next: () => 'See its own log; most often its disk is full. Push again after that: what arrived is not sent twice.',
  },
  {
    pattern:
      /dial tcp|no such host|i\/o timeout|connection refused|connection reset|broken pipe|EOF|network is unreachable|no route to host|context deadline|Client\.Timeout|lookup |proxyconnect|bad gateway|service unavailable|\b50[234]\b/i,
    code: 'push-unreachable',
    what: ({ registry }) => `${registry} cannot be reached, or went away.`,
    next: () =>
      "See whether its name and port are right and the engine's machine reaches it (behind a proxy, by the engine's own proxy settings), and push again: what arrived is not sent twice.",
  },
];

/** `from`: where the credentials that were used come from. */
export function pushFailure(message: string, target: PushTarget, from: string | undefined): Outcome<never> {
  const cause = CAUSES.find(({ pattern }) => pattern.test(message));
  if (!cause) {
    return fail('push-failed', `The image cannot be pushed to ${target.registry}.`, {
      why: message,
      next: 'The registry’s own log may say more. Push again: what arrived is not sent twice.',
    });
  }
  const used = from === undefined ? 'Nobody is logged in there.' : `The credentials are those of ${from}.`;
  return fail(cause.code, cause.what(target), {
    why: cause.code === 'push-denied' ? `${message}\n${used}` : message,
    next: cause.next(target),
  });
}

/** `team/sentiment` of `registry.example/team/sentiment`. */
function nameIn(repository: string, registry: string): string {
  return repository.startsWith(`${registry}/`) ? repository.slice(registry.length + 1) : repository;
}
